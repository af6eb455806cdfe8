import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { runCommand } from "../../local/command.ts";
import { spawnPaths } from "../../local/paths.ts";
import { pythonIn } from "../../local/python-environment.ts";
import { temporaryFolder } from "../support/folder.ts";

/** The gate that compares the requests of the end-to-end tests with AWS's models. `npm test` runs it after them. */
const folder = join(import.meta.dirname, "model");
const LIST = join(import.meta.dirname, "operations.txt");
const python = pythonIn(spawnPaths().venv);

describe("the model gate", () => {
  it("accepts every member of every known operation, and reports a violation of a model or a rule", async () => {
    const { code, stdout, stderr } = await runCommand(python, ["-I", join(folder, "selftest.py"), LIST]);
    expect(code, stderr).to.equal(0);
    const { tried, wrong } = JSON.parse(stdout) as { tried: Record<string, number>; wrong: unknown[] };
    expect(wrong).to.deep.equal([]);
    for (const kind of ["right", "unknown", "missing", "enum", "long", "pattern", "items", "range", "rules"])
      expect(tried[kind], kind).to.be.greaterThan(9);
  });

  describe("of recorded requests", () => {
    const requests = temporaryFolder("spawn requests ", "suite");
    before(async () => {
      for (const kind of ["end-to-end", "integration"]) await mkdir(join(requests(), kind));
    });

    const check = async (one: object, kind = "end-to-end") => {
      await rm(join(requests(), "integration", "1.jsonl"), { force: true });
      await rm(join(requests(), "end-to-end", "1.jsonl"), { force: true });
      await writeFile(join(requests(), kind, "1.jsonl"), `${JSON.stringify(one)}\n`);
      return runCommand(python, ["-I", join(folder, "check.py"), requests(), LIST, "--whole"]);
    };

    it("passes a correct request", async () => {
      const { code, stdout } = await check(record("/bucket/key?versionId=1", {}));
      expect(stdout).to.contain("1 different requests, from end to end of 1 operations");
      expect(code).to.equal(0);
    });

    it("names the operation, the program and the fault of a wrong request", async () => {
      const { code, stdout } = await check(record("/bucket/key?version=1", { "x-amz-owner": "1" }));
      expect(code).to.equal(1);
      expect(stdout).to.contain("s3:HeadObject of provider");
      expect(stdout).to.contain("query version: unknown member");
      expect(stdout).to.contain("header x-amz-owner: unknown member");
      expect(stdout).to.contain("HEAD /bucket/key?version=1 (answered 200)");
    });

    it("names an operation that is new, and prints the command that adds it", async () => {
      const { code, stdout } = await check({ ...record("/bucket/key?torrent", {}), method: "GET" });
      expect(code).to.equal(1);
      expect(stdout).to.match(/^ {2}s3:GetObjectTorrent provider$/m);
      expect(stdout).to.contain("npm test -- --update-operations");
    });

    it("accepts a new operation from a test that is not end-to-end", async () => {
      const unlisted = { ...record("/bucket/key?torrent", {}), method: "GET" };
      expect((await check(unlisted, "integration")).code).to.equal(0);
      expect((await check(record("/bucket/key?version=1", {}), "integration")).code).to.equal(1);
    });

    it("fails if nothing was recorded", async () => {
      const { code, stdout } = await check(record("/bucket/key", { "user-agent": "aws-sdk-js/3" }));
      expect(code).to.equal(1);
      expect(stdout).to.contain("the gate has seen nothing");
    });
  });
});

/** A HeadObject as record.py writes it. */
function record(target: string, headers: Readonly<Record<string, string>>) {
  const [path, query = ""] = target.split("?");
  const all = {
    host: "127.0.0.1",
    "user-agent": "aws-sdk-js/3.1173.0 ua/2.1 spawn/provider",
    authorization: "AWS4-HMAC-SHA256 Credential=KEY/20261129/us-east-1/s3/aws4_request",
    ...headers,
  };
  return { method: "HEAD", path, query, headers: Object.entries(all), body: "", size: 0, status: 200 };
}
