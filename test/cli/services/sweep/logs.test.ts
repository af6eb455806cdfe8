import { expect } from "chai";
import {
  type LogObject,
  type LogStore,
  parseLogKey,
  selectLogs,
} from "../../../../cli/services/sweep/log-objects.ts";
import { followLogs, writeLogs } from "../../../../cli/services/sweep/logs.ts";
import { PrefixedLines } from "../../../../cli/services/sweep/prefixed-lines.ts";
import { logKey } from "../../../../staging/sweep/names.ts";
import { EAST, SWEEP } from "../../sweep-items.ts";

const PIECE = 1024 * 1024;

/** Logs by `index/attempt`, which a test changes. */
class Logs implements LogStore {
  readonly texts = new Map<string, string>();

  async list(): Promise<LogObject[]> {
    return [...this.texts].map(([name, text]) => {
      const [index = 0, attempt = 0] = name.split("/").map(Number);
      return { region: EAST, key: name, index, attempt, size: Buffer.byteLength(text) };
    });
  }

  async read({ key }: LogObject, from: number, to: number): Promise<Uint8Array> {
    return Buffer.from(this.texts.get(key) ?? "").subarray(from, to);
  }
}

function output() {
  const pieces: Uint8Array[] = [];
  return {
    write: async (bytes: Uint8Array) => void pieces.push(bytes),
    bytes: () => Buffer.concat(pieces),
    text: () => Buffer.concat(pieces).toString(),
  };
}

describe("lines with a prefix", () => {
  it("are complete, however the data are split, and the last one gets a line end", () => {
    for (const size of [1, 2, 3, 100]) {
      const lines = new PrefixedLines("[7] ");
      const text = Buffer.from("a\n\nbé\r\nc");
      const out: Buffer[] = [];
      for (let at = 0; at < text.length; at += size) out.push(lines.take(text.subarray(at, at + size)));
      out.push(lines.end());
      expect(Buffer.concat(out).toString()).to.equal("[7] a\n[7] \n[7] bé\r\n[7] c\n");
      expect(lines.end()).to.have.length(0);
    }
  });

  it("keep bytes that are not UTF-8, and split an endless line", () => {
    const lines = new PrefixedLines("");
    expect([...lines.take(Buffer.of(0xff, 0x00, 0x0a))]).to.deep.equal([0xff, 0x00, 0x0a]);
    const long = lines.take(Buffer.alloc(200_000, "x"));
    expect(
      long
        .toString()
        .split("\n")
        .map(({ length }) => length),
    ).to.deep.equal([65_536, 65_536, 65_536, 0]);
  });
});

describe("the logs of a sweep", () => {
  it("are the objects with a log's name", () => {
    expect(parseLogKey(SWEEP, logKey(SWEEP, 42, 3))).to.deep.equal({ index: 42, attempt: 3 });
    for (const name of ["042/1.log", "1/0.log", "1/1.txt", "1/1.log/x", "/1.log", "-1/1.log"])
      expect(parseLogKey(SWEEP, `${SWEEP}/logs/${name}`)).to.equal(undefined);
    expect(parseLogKey(SWEEP, "sweep-000000000000/logs/1/1.log")).to.equal(undefined);
  });

  it("are each index's last attempt, or the requested one", async () => {
    const store = new Logs();
    for (const name of ["10/1", "2/1", "2/3", "2/2"]) store.texts.set(name, "");
    const keys = async (attempt?: number) => selectLogs(await store.list(), attempt).map(({ key }) => key);
    expect(await keys()).to.deep.equal(["2/3", "10/1"]);
    expect(await keys(2)).to.deep.equal(["2/2"]);
  });

  it("are printed one index after the other, each line with its index", async () => {
    const store = new Logs();
    for (let index = 11; index >= 0; index--) store.texts.set(`${index}/1`, `one\ntwo of ${index}`);
    const { write, text } = output();
    expect(await writeLogs(store, { isOne: false, write })).to.equal(12);
    const expected = Array.from({ length: 12 }, (_, index) => `[${index}] one\n[${index}] two of ${index}\n`);
    expect(text()).to.equal(expected.join(""));
  });

  it("of a single index are printed byte by byte", async () => {
    const store = new Logs();
    const long = "0123456789abcde\n".repeat(PIECE / 8);
    store.texts.set("3/1", long);
    const { write, bytes } = output();
    await writeLogs(store, { isOne: true, write });
    expect(bytes().equals(Buffer.from(long))).to.equal(true);
  });

  it("are followed as they grow, through a new attempt and an outage, until the sweep ends", async () => {
    const store = new Logs();
    store.texts.set("0/1", "old attempt\n");
    store.texts.set("0/2", "start\nhal");
    const notes: string[] = [];
    const steps = [
      () => store.texts.set("0/2", "start\nhalf\n"),
      () => store.texts.set("1/1", "another\n"),
      () => store.texts.set("0/3", "again"),
      () => undefined,
    ];
    let step = 0;
    const { write, text } = output();
    await followLogs(store, {
      isOne: false,
      write,
      signal: new AbortController().signal,
      isOver: async () => {
        if (step === 2 && !notes.includes("no answer"))
          throw Object.assign(new Error(), { name: "TimeoutError" });
        return step >= steps.length;
      },
      pause: async () => void steps[step++]?.(),
      steady: () => 0,
      onAttempt: (index, attempt) => notes.push(`${index}/${attempt}`),
      onTrouble: (trouble) => notes.push(trouble),
    });
    expect(text()).to.equal("[0] start\n[0] half\n[1] another\n[0] again\n");
    expect(notes).to.deep.equal(["no answer", "0/3"]);
  });

  it("are no longer followed after an interruption", async () => {
    const abort = new AbortController();
    const store = new Logs();
    store.texts.set("0/1", "unfinished");
    const { write, text } = output();
    await followLogs(store, {
      isOne: true,
      write,
      signal: abort.signal,
      isOver: async () => false,
      pause: async (_, signal) => {
        abort.abort();
        signal.throwIfAborted();
      },
      steady: () => 0,
      onAttempt: () => undefined,
      onTrouble: () => undefined,
    });
    expect(text()).to.equal("unfinished\n");
  });
});
