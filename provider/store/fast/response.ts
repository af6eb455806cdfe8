/** What a server has answered. */
export interface Response {
  readonly status: number;
  /** Names in lower case; values of a name that comes more than once are joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Whether the connection can carry another request. */
  readonly keepAlive: boolean;
}

/** What came is no HTTP/1.1, or more of it than an answer to these requests can have. */
export class ResponseError extends Error {}

const MAX_HEAD_BYTES = 64 * 1024;
/** Answers are empty or a few lines of XML. */
const MAX_BODY_BYTES = 1024 * 1024;

const STATUS_LINE = /^HTTP\/1\.([01]) (\d{3})(?: |$)/;
const CHUNK_SIZE = /^([0-9a-fA-F]{1,8})[ \t]*(?:;|$)/;
const HEAD_END = "\r\n\r\n";

interface Head extends Pick<Response, "status" | "headers" | "keepAlive"> {
  /** Bytes of the body; undefined where its chunks, or the end of the connection, tell its end. */
  readonly length: number | undefined;
  readonly isChunked: boolean;
}

/**
 * Takes one answer in the pieces in which it comes.
 * https://www.rfc-editor.org/rfc/rfc9112
 */
export class ResponseReader {
  /** An answer to HEAD has the headers of a body, and none. */
  readonly #hasBody: boolean;
  #pending: Buffer = Buffer.alloc(0);
  #head: Head | undefined;
  /** Chunks of the body that are whole. */
  #chunks: Buffer[] = [];
  #chunkBytes = 0;

  constructor(method: string) {
    this.#hasBody = method !== "HEAD";
  }

  /**
   * @returns the answer when it is whole
   * @throws ResponseError when it makes no sense
   */
  take(piece: Buffer): Response | undefined {
    this.#pending = this.#pending.length === 0 ? piece : Buffer.concat([this.#pending, piece]);
    while (this.#head === undefined) {
      const head = this.#takeHead();
      if (head === undefined) return undefined;
      // Those of 1xx come before the answer.
      if (head.status >= 200) this.#head = head;
    }
    const { length, isChunked } = this.#head;
    if (isChunked) return this.#takeChunks(this.#head);
    if (length === undefined || this.#pending.length < length) {
      if (this.#pending.length > MAX_BODY_BYTES) throw new ResponseError("the answer has too long a body");
      return undefined;
    }
    if (this.#pending.length > length) throw new ResponseError("more came than the answer's body");
    return this.#whole(this.#head, this.#pending);
  }

  /** The connection has ended. @returns the answer, where just that is its end */
  end(): Response | undefined {
    const head = this.#head;
    return head === undefined || head.isChunked || head.length !== undefined
      ? undefined
      : this.#whole({ ...head, keepAlive: false }, this.#pending);
  }

  #whole({ status, headers, keepAlive }: Head, body: Buffer): Response {
    return { status, headers, keepAlive, body: body.length === 0 ? "" : body.toString("utf8") };
  }

  #takeHead(): Head | undefined {
    const end = this.#pending.indexOf(HEAD_END);
    if (end < 0) {
      if (this.#pending.length > MAX_HEAD_BYTES) throw new ResponseError("the answer has too many headers");
      return undefined;
    }
    const lines = this.#pending.toString("latin1", 0, end).split("\r\n");
    this.#pending = this.#pending.subarray(end + HEAD_END.length);
    const [, minor, code] = STATUS_LINE.exec(lines[0] ?? "") ?? [];
    if (code === undefined) throw new ResponseError("the answer is no HTTP/1.1");
    const headers: Record<string, string> = {};
    for (const line of lines.slice(1)) {
      const colon = line.indexOf(":");
      if (colon <= 0) throw new ResponseError("the answer has a header without a name");
      const name = line.slice(0, colon).toLowerCase();
      const value = line.slice(colon + 1).trim();
      headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
    }
    const status = Number(code);
    const connection = headers["connection"]?.toLowerCase();
    const keepAlive = minor === "1" ? connection !== "close" : connection === "keep-alive";
    return { status, headers, keepAlive, ...this.#framing(status, headers) };
  }

  #framing(
    status: number,
    { "transfer-encoding": coding, "content-length": length }: Record<string, string>,
  ): Pick<Head, "length" | "isChunked"> {
    if (!this.#hasBody || status < 200 || status === 204 || status === 304) {
      return { length: 0, isChunked: false };
    }
    if (coding !== undefined) {
      if (coding.toLowerCase() !== "chunked") throw new ResponseError(`the answer is coded as ${coding}`);
      return { length: undefined, isChunked: true };
    }
    if (length === undefined) return { length: undefined, isChunked: false };
    if (!/^\d{1,15}$/.test(length)) throw new ResponseError(`the answer's length is ${length}`);
    return { length: Number(length), isChunked: false };
  }

  #takeChunks(head: Head): Response | undefined {
    for (;;) {
      const lineEnd = this.#pending.indexOf("\r\n");
      if (lineEnd < 0) {
        if (this.#pending.length > MAX_HEAD_BYTES) throw new ResponseError("a chunk has no length");
        return undefined;
      }
      const size = CHUNK_SIZE.exec(this.#pending.toString("latin1", 0, lineEnd))?.[1];
      if (size === undefined) throw new ResponseError("a chunk has no length");
      const length = Number.parseInt(size, 16);
      const start = lineEnd + 2;
      if (length === 0) return this.#takeTrailers(head, start);
      if (this.#chunkBytes + length > MAX_BODY_BYTES)
        throw new ResponseError("the answer has too long a body");
      if (this.#pending.length < start + length + 2) return undefined;
      if (this.#pending.toString("latin1", start + length, start + length + 2) !== "\r\n") {
        throw new ResponseError("a chunk is longer than it says");
      }
      this.#chunks.push(this.#pending.subarray(start, start + length));
      this.#chunkBytes += length;
      this.#pending = this.#pending.subarray(start + length + 2);
    }
  }

  /** Nobody wants them, but the answer ends behind them. @param start where they begin */
  #takeTrailers(head: Head, start: number): Response | undefined {
    // The line end before the empty line, which is that of the last chunk where there are no trailers.
    const end = this.#pending.indexOf(HEAD_END, start - 2);
    if (end < 0) {
      if (this.#pending.length > MAX_HEAD_BYTES) throw new ResponseError("the answer has too many trailers");
      return undefined;
    }
    if (this.#pending.length > end + HEAD_END.length)
      throw new ResponseError("more came than the answer's body");
    return this.#whole(head, Buffer.concat(this.#chunks));
  }
}
