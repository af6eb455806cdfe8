import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { packageRoot } from "../../package-root.ts";
import { Random } from "../faults/random.ts";
import { ensureVenv } from "../support/venv.ts";
import { type Case, Cases } from "./signature/cases.ts";
import { Texts } from "./signature/texts.ts";

/*
 * Compares the signer of the fast path with Amazon's botocore on random requests, and the local cloud's verifier with both.
 * SIGNATURE_SEED=<number> selects other requests.
 */

const SEED = Number(process.env["SIGNATURE_SEED"] ?? 13);
const REQUESTS = 10_000;

interface Findings {
  readonly count: number;
  readonly presigned: number;
  readonly wrong: readonly object[];
}

describe(`the signatures of ${REQUESTS} random requests (seed ${SEED})`, function () {
  this.timeout(600_000);
  let python: string;

  before("install botocore", async () => {
    python = join(await ensureVenv("moto"), "python");
  });

  it("equal botocore's; the local cloud accepts each, and refuses it after any change", async () => {
    const random = new Random(SEED);
    const cases = new Cases(random, new Texts(random));
    const all: Case[] = [];
    while (all.length < REQUESTS) all.push(await cases.command(), cases.raw());
    const { count, presigned, wrong } = await compare(python, all);
    if (wrong.length > 0) expect.fail(`with SIGNATURE_SEED=${SEED}: ${JSON.stringify(wrong, null, 2)}`);
    expect([count, presigned]).to.deep.equal([REQUESTS, REQUESTS / 5]);
  });
});

/** Compares all requests in one Python process. */
async function compare(python: string, cases: readonly Case[]): Promise<Findings> {
  const script = join(import.meta.dirname, "signature", "compare.py");
  const child = spawn(python, ["-I", script, join(packageRoot(), "local", "cloud")], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  const written = new Promise<void>((resolve) => {
    child.stdin.once("error", () => resolve()); // the child ended early: its stderr says why
    child.stdin.end(cases.map((one) => JSON.stringify(one)).join("\n"), "utf8", () => resolve());
  });
  const [out, complaint, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close") as Promise<[number | null]>,
    written,
  ]);
  expect(code, complaint).to.equal(0);
  return JSON.parse(out) as Findings;
}
