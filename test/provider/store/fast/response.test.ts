import { expect } from "chai";
import { type Response, ResponseError, ResponseReader } from "../../../../provider/store/fast/response.ts";

const lines = (...all: string[]): string => all.map((line) => `${line}\r\n`).join("");

interface Case {
  readonly it: string;
  readonly method?: string;
  readonly wire: string;
  readonly ended?: boolean;
  readonly expected: Partial<Response>;
}

const CASES: readonly Case[] = [
  {
    it: "a body of a given length",
    wire: `${lines("HTTP/1.1 200 OK", 'ETag: "e"', "content-length:5", "")}bytes`,
    expected: {
      status: 200,
      body: "bytes",
      keepAlive: true,
      headers: { etag: '"e"', "content-length": "5" },
    },
  },
  {
    it: "no body after HEAD, whatever its length is said to be",
    method: "HEAD",
    wire: lines("HTTP/1.1 200 OK", "Content-Length: 5", ""),
    expected: { status: 200, body: "" },
  },
  {
    it: "no body with 204",
    wire: lines("HTTP/1.1 204 No Content", ""),
    expected: { status: 204, body: "", keepAlive: true },
  },
  { it: "a status without its reason", wire: lines("HTTP/1.1 304", ""), expected: { status: 304, body: "" } },
  {
    it: "chunks, with what is said of them",
    wire: lines(
      "HTTP/1.1 200 OK",
      "Transfer-Encoding: chunked",
      "",
      "3;a=b",
      "abc",
      "A",
      "0123456789",
      "0",
      "",
    ),
    expected: { body: "abc0123456789", keepAlive: true },
  },
  {
    it: "chunks with trailers",
    wire: lines("HTTP/1.1 200 OK", "transfer-encoding: Chunked", "", "1", "a", "0", "x-later: b", "y: c", ""),
    expected: { body: "a" },
  },
  {
    it: "no chunk but the last one",
    wire: lines("HTTP/1.1 200 OK", "transfer-encoding: chunked", "", "0", ""),
    expected: { body: "" },
  },
  {
    it: "what a server says before its answer",
    wire: lines("HTTP/1.1 100 Continue", "", "HTTP/1.1 200 OK", "content-length: 0", ""),
    expected: { status: 200, body: "" },
  },
  {
    it: "letters that are not ASCII",
    wire: `${lines("HTTP/1.1 200 OK", "content-length: 3", "")}ü!`,
    expected: { body: "ü!" },
  },
  {
    it: "headers that come twice, or are empty",
    wire: lines("HTTP/1.1 200 OK", "a: 1", "A:  2 ", "b:", "content-length: 0", ""),
    expected: { headers: { a: "1, 2", b: "", "content-length": "0" } },
  },
  {
    it: "a connection that the server closes",
    wire: lines("HTTP/1.1 500 Oops", "Connection: close", "content-length: 0", ""),
    expected: { status: 500, keepAlive: false },
  },
  {
    it: "HTTP/1.0, which closes",
    wire: lines("HTTP/1.0 200 OK", "content-length: 0", ""),
    expected: { status: 200, keepAlive: false },
  },
  {
    it: "a body that ends with the connection",
    wire: `${lines("HTTP/1.1 200 OK", "")}all of it`,
    ended: true,
    expected: { body: "all of it", keepAlive: false },
  },
];

const REFUSED: readonly (readonly [what: string, wire: string])[] = [
  ["another protocol", lines("SSH-2.0-OpenSSH", "")],
  ["HTTP/2", lines("HTTP/2 200", "")],
  ["a header without a name", lines("HTTP/1.1 200 OK", ": x", "")],
  ["a length that is none", lines("HTTP/1.1 200 OK", "content-length: -1", "")],
  ["two lengths", lines("HTTP/1.1 200 OK", "content-length: 1", "content-length: 1", "")],
  ["another coding", lines("HTTP/1.1 200 OK", "transfer-encoding: gzip, chunked", "")],
  ["more than the body", `${lines("HTTP/1.1 200 OK", "content-length: 1", "")}ab`],
  ["more than no body", `${lines("HTTP/1.1 204 OK", "")}a`],
  ["more than the last chunk", `${lines("HTTP/1.1 200 OK", "transfer-encoding: chunked", "", "0", "")}a`],
  ["a chunk without a length", lines("HTTP/1.1 200 OK", "transfer-encoding: chunked", "", "g", "a")],
  [
    "a chunk longer than it says",
    lines("HTTP/1.1 200 OK", "transfer-encoding: chunked", "", "1", "abc", "0", ""),
  ],
  ["headers without an end", `${lines("HTTP/1.1 200 OK")}${"a: b\r\n".repeat(20_000)}`],
  [
    "a body of many megabytes",
    `${lines("HTTP/1.1 200 OK", "content-length: 9999999", "")}${"a".repeat(2 ** 21)}`,
  ],
  ["a chunk of many megabytes", lines("HTTP/1.1 200 OK", "transfer-encoding: chunked", "", "fffffff", "a")],
];

/** Takes the pieces, and says that more of them come until the last one. */
function read(method: string, pieces: readonly Buffer[], ended: boolean): Response | undefined {
  const reader = new ResponseReader(method);
  let response: Response | undefined;
  for (const piece of pieces) {
    expect(response, "an answer before its end").to.equal(undefined);
    response = reader.take(piece);
  }
  return ended ? reader.end() : response;
}

describe("ResponseReader", () => {
  for (const { it: what, method = "PUT", wire, ended = false, expected } of CASES) {
    const bytes = Buffer.from(wire);
    it(`takes ${what}`, () => {
      expect(read(method, [bytes], ended)).to.deep.include(expected);
    });
    it(`takes ${what}, byte by byte and in two pieces`, () => {
      const single = Array.from(bytes, (byte) => Buffer.from([byte]));
      expect(read(method, single, ended)).to.deep.include(expected);
      for (let cut = 1; cut < bytes.length; cut += 1) {
        const pieces = [bytes.subarray(0, cut), bytes.subarray(cut)];
        expect(read(method, pieces, ended), `cut at ${cut}`).to.deep.include(expected);
      }
    });
    it(`has no answer before the end of ${what}`, () => {
      for (let cut = 0; cut < bytes.length && !ended; cut += 1) {
        const reader = new ResponseReader(method);
        expect(reader.take(bytes.subarray(0, cut))).to.equal(undefined);
        expect(reader.end(), `ended at ${cut}`).to.equal(undefined);
      }
    });
  }

  for (const [what, wire] of REFUSED) {
    it(`refuses ${what}`, () => {
      const reader = new ResponseReader("PUT");
      expect(() => reader.take(Buffer.from(wire))).to.throw(ResponseError);
    });
  }
});
