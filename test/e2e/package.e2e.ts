import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { ensureEngine } from "../../local/engine/engine.ts";
import { packageRoot } from "../../package-root.ts";
import { run, succeed } from "./support/process.ts";

describe("The Pulumi package", function () {
  this.timeout(240_000);
  let folder: string;
  let engine: string;
  const pulumi = (...args: string[]) =>
    succeed(
      run(engine, ["package", ...args], {
        cwd: packageRoot(),
        env: { ...process.env, PULUMI_HOME: folder, PULUMI_SKIP_UPDATE_CHECK: "true" },
      }),
    );

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "spawn package "));
    engine = (await ensureEngine()).command;
  });
  after(() => rm(folder, { recursive: true }));

  it("has the schema that is committed, and the engine reads it", async () => {
    const { stdout } = await pulumi("get-schema", "./provider/bin/pulumi-resource-staging");
    const committed = JSON.parse(await readFile(join(packageRoot(), "schemas/pulumi.schema.json"), "utf8"));
    expect(withoutEmpty(JSON.parse(stdout))).to.deep.equal(withoutEmpty(committed));
  });
});

/** The engine leaves out lists that are empty. */
const withoutEmpty = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_key, item) => (Array.isArray(item) && item.length === 0 ? undefined : item)),
  );
