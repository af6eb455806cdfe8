import { execFileSync } from "node:child_process";
import { mkdir, symlink } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { findOwnFolders } from "../../../../../cli/services/entry/upload/own-folders.ts";
import { type InspectOptions, inspectSource } from "../../../../../cli/services/entry/upload/source.ts";
import { InputError } from "../../../../../staging/errors.ts";
import { failureOf } from "../../../../support/failure.ts";
import { Machine } from "../../machine.ts";

describe("the inspection of a source", () => {
  const machine = Machine.forEachTest();
  beforeEach(async () => {
    await machine.write("source/a/b.txt", "hello");
    await machine.write("source/c.txt", "you");
    await machine.write("source/.spawn-manifest.jsonl", "{}");
  });

  const at = (path: string) => join(machine.home, path);
  const inspect = (path: string, options: InspectOptions = {}) =>
    inspectSource(machine.context(), path, options);

  it("measures a file by size and times, and a directory by its files", async () => {
    const file = await inspect(at("source/a/b.txt"));
    expect(file).to.deep.include({
      path: at("source/a/b.txt"),
      filename: "b.txt",
      sizeBytes: 5,
      warnings: [],
    });
    expect(file).to.not.have.property("fileCount");
    expect(file.version).to.have.keys("modifiedMs", "changedMs");
    const tree = await inspect(`${at("source")}/`, { exclude: [".spawn*"] });
    expect(tree).to.include({ path: at("source"), filename: "source", sizeBytes: 8, fileCount: 2 });
    const part = await inspect(at("source"), { exclude: [".spawn*", "c.txt"] });
    expect(part).to.include({ sizeBytes: 5, fileCount: 1 });
    expect(part.version.fingerprint).to.not.equal(tree.version.fingerprint);
  });

  const refusals: [string, string, InspectOptions, RegExp, string?][] = [
    ["an empty path", "", {}, /no file is given/],
    ["the standard input", "-", {}, /"-" is the standard input/],
    ["a substitution of the shell", "/dev/fd/63", {}, /is handed over by the shell/],
    ["a missing file", "source/nothing", {}, /there is no file/, "Check the path and the working folder."],
    ["a file used as a directory", "source/c.txt/x", {}, /there is no file/],
    ["a pipe", "pipe", {}, /is not a regular file: it is a pipe/],
    ["a socket", "socket", {}, /is not a regular file/],
    [
      "a name of the entry's own",
      "source/.spawn-manifest.jsonl",
      {},
      /cannot be named \.spawn-manifest\.jsonl/,
    ],
    ["control characters", "source/a\nb", {}, /control character/],
    ["patterns for a single file", "source/c.txt", { exclude: ["x"] }, /exclude/],
    ["--no-sha256 for a local file", "source/c.txt", { noSha256: true }, /sha256|SHA-256/],
    [
      "--request-payer for a local file",
      "source/c.txt",
      { requestPayer: true },
      /there are no request charges/,
    ],
    ["--follow-links on S3", "s3://bucket/x/", { followLinks: true }, /has no links to follow/],
  ];
  for (const [what, path, options, message, fix] of refusals) {
    it(`refuses ${what}`, async () => {
      execFileSync("mkfifo", [at("pipe")]);
      await machine.write("source/a\nb", "");
      const server = createServer().listen(at("socket"));
      await new Promise((resolve) => server.once("listening", resolve));
      const given = /^(|-|\/.*|s3:.*)$/.test(path) ? path : at(path);
      const error = await failureOf(inspect(given, options)).finally(() => server.close());
      expect(error).to.be.instanceOf(InputError);
      expect(error.message).to.match(message);
      if (fix !== undefined) expect(error.fix).to.equal(fix);
    });
  }

  it("refuses a directory that contains spawn's own data, but measures it for an estimate", async () => {
    await machine.write("data/x", "own");
    const error = await failureOf(inspect(machine.home));
    expect(error.message).to.match(/contains a folder/);
    expect((await inspect(at("data"), { isEstimate: true })).fileCount).to.equal(1);
  });

  it("knows spawn's folders by their real paths, whether they exist or not", async () => {
    await mkdir(at("real"));
    await symlink(at("real"), at("linked"));
    process.env["SPAWN_HOME"] = at("linked");
    process.env["SPAWN_CONFIG"] = at("no-config");
    expect(await findOwnFolders(machine.context())).to.deep.equal([at("real/data"), at("state")]);
  });
});
