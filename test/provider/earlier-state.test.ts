import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { packageSchema } from "../../package/schema.ts";
import type { Properties } from "../../provider/plugin/types.ts";
import { stagingPlugin, VERSION } from "../../provider/staging-plugin.ts";
import { TestContext } from "./cloud-fixture.ts";

interface Resource {
  readonly type: string;
  readonly id: string;
  readonly inputs: Properties;
  readonly outputs: Properties;
}

/** The resources of an environment with an adopted bucket, of an entry in two regions, and of a sweep, from their stacks' state. */
const FIXTURE = join(import.meta.dirname, "state-fixture.json");

describe("A state of version 0.1.0", () => {
  let resources: Resource[];
  before(async () => {
    resources = JSON.parse(await readFile(FIXTURE, "utf8")) as Resource[];
  });

  it("has every type", () => {
    const types = new Set(resources.map(({ type }) => type));
    expect([...types].sort()).to.deep.equal(Object.keys(stagingPlugin.resources).sort());
  });

  it("passes the check and plans no change", async () => {
    for (const { type, id, inputs, outputs } of resources) {
      const handler = await stagingPlugin.resources[type]?.();
      const checked = await handler?.check?.(inputs, inputs, new TestContext());
      expect(checked, id).to.deep.equal({ inputs, failures: [] });
      const difference = await handler?.diff(id, inputs, outputs, checked?.inputs);
      expect(difference, id).to.deep.include({ replaces: [], updates: [] });
    }
  });

  it("has no property that the declarations lack", async () => {
    const schema = packageSchema(VERSION) as {
      resources: Record<string, { properties: object; required: string[] }>;
    };
    for (const { type, outputs } of resources) {
      const { properties = {}, required = [] } = schema.resources[type] ?? {};
      expect(Object.keys(properties), type).to.include.members(Object.keys(outputs));
      expect(Object.keys(outputs), type).to.include.members(required);
    }
  });
});
