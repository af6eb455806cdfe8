import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { type Cut, settlePending } from "../../../cli/engine/pending.ts";

const STACK = "dev.stage-0123456789ab";

describe("settlePending", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "spawn pending "));
    // An engine that exports one file and imports into another.
    const script = `#!/bin/sh
case $2 in
  export) [ -f '${folder}/state' ] || { echo "error: no stack named '$4' found" >&2; exit 255; }; cat '${folder}/state' ;;
  import) cp "$6" '${folder}/imported' ;;
esac
`;
    await writeFile(join(folder, "engine"), script);
    await chmod(join(folder, "engine"), 0o755);
  });
  afterEach(() => rm(folder, { recursive: true }));

  const settings = () => ({ command: join(folder, "engine"), env: process.env, project: folder });
  const settle = (cut: Cut, beforeForgetting: Parameters<typeof settlePending>[3] = async () => {}) =>
    settlePending(settings(), STACK, cut, beforeForgetting);
  const put = (deployment: object | null) =>
    writeFile(join(folder, "state"), JSON.stringify({ version: 3, deployment }));
  const imported = async (): Promise<unknown> =>
    JSON.parse(await readFile(join(folder, "imported"), "utf8").catch(() => "null"));

  const stack = { urn: "urn:stack", type: "pulumi:pulumi:Stack" };
  const inputs = { region: "us-east-1", stagingId: "stage-0123456789ab" };
  const data = {
    urn: "urn:data",
    custom: true,
    type: "staging:index:StagedData",
    inputs,
    parent: "urn:stack",
  };
  const record = { urn: "urn:record", custom: true, type: "aws:dynamodb/tableItem:TableItem", inputs: {} };
  const cutOff = {
    manifest: { time: "then" },
    resources: [stack],
    pending_operations: [
      { type: "creating", resource: data },
      { type: "creating", resource: record },
    ],
  };

  it("tells that there is no stack", async () => {
    expect(await settle("again")).to.deep.equal({
      ...{ exists: false, creating: [], resources: [] },
    });
  });

  for (const cut of ["again", "adopt"] as const) {
    it(`takes a stack that no update has reached as an empty one (${cut})`, async () => {
      await put(null);
      expect(await settle(cut)).to.deep.equal({ ...{ exists: true, creating: [], resources: [] } });
      expect(await imported()).to.equal(null);
    });
  }

  it("forgets nothing before what was cut off is undone", async () => {
    await put(cutOff);
    const undo = (creating: readonly object[]): Promise<void> => {
      expect(creating).to.deep.equal([data, record]);
      return Promise.reject(new Error("throttled"));
    };
    const failure = await settle("again", undo).catch((error: unknown) => error);
    expect(failure).to.have.property("message", "throttled");
    expect(await imported()).to.equal(null);
  });

  it("leaves a state alone in which nothing is pending", async () => {
    await put({ resources: [stack] });
    expect(await settle("again")).to.deep.equal({
      ...{ exists: true, creating: [], resources: [stack] },
    });
    expect(await imported()).to.equal(null);
  });

  it("forgets creations that are made again", async () => {
    await put(cutOff);
    const { creating, resources } = await settle("again");
    expect(creating).to.deep.equal([data, record]);
    expect(resources).to.deep.equal([stack]);
    expect(await imported()).to.deep.equal({
      version: 3,
      deployment: { manifest: { time: "then" }, resources: [stack] },
    });
  });

  it("takes creations that may have left something into the state, for a deletion", async () => {
    await put(cutOff);
    await settle("adopt");
    const state = (await imported()) as { deployment: { resources: object[] } };
    expect(state.deployment).to.not.have.property("pending_operations");
    expect(state.deployment.resources).to.deep.equal([
      stack,
      {
        ...data,
        id: "us-east-1/stage-0123456789ab",
        outputs: inputs,
        initErrors: ["the engine was killed while it was being created"],
      },
    ]);
  });

  it("takes in no resource twice", async () => {
    await put({ ...cutOff, resources: [stack, { ...data, id: "known" }] });
    await settle("adopt");
    const state = (await imported()) as { deployment: { resources: object[] } };
    expect(state.deployment.resources).to.deep.equal([stack, { ...data, id: "known" }]);
  });
});
