import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { clearPendingOperations, type PendingCreations } from "../../../cli/engine/pending.ts";
import { temporaryFolder } from "../../support/folder.ts";

const STACK = "dev.stage-0123456789ab";

describe("clearPendingOperations", () => {
  const folder = temporaryFolder("spawn pending ");
  beforeEach(async () => {
    // An engine that exports one file and imports into another.
    const script = `#!/bin/sh
case $2 in
  export) [ -f '${folder()}/state' ] || { echo "error: no stack named '$4' found" >&2; exit 255; }; cat '${folder()}/state' ;;
  import) cp "$6" '${folder()}/imported' ;;
esac
`;
    await writeFile(join(folder(), "engine"), script);
    await chmod(join(folder(), "engine"), 0o755);
  });

  const settings = () => ({ command: join(folder(), "engine"), env: process.env, project: folder() });
  const settle = (
    cut: PendingCreations,
    beforeClearing: Parameters<typeof clearPendingOperations>[3] = async () => {},
  ) => clearPendingOperations(settings(), STACK, cut, beforeClearing);
  const put = (deployment: object | null) =>
    writeFile(join(folder(), "state"), JSON.stringify({ version: 3, deployment }));
  const imported = async (): Promise<unknown> =>
    JSON.parse(await readFile(join(folder(), "imported"), "utf8").catch(() => "null"));

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

  it("reports a missing stack", async () => {
    expect(await settle("recreate")).to.deep.equal({
      ...{ exists: false, creating: [], resources: [] },
    });
  });

  for (const cut of ["recreate", "adopt"] as const) {
    it(`treats a stack without an update as empty (${cut})`, async () => {
      await put(null);
      expect(await settle(cut)).to.deep.equal({ ...{ exists: true, creating: [], resources: [] } });
      expect(await imported()).to.equal(null);
    });
  }

  it("forgets no operation before its effect is undone", async () => {
    await put(cutOff);
    const undo = (creating: readonly object[]): Promise<void> => {
      expect(creating).to.deep.equal([data, record]);
      return Promise.reject(new Error("throttled"));
    };
    const failure = await settle("recreate", undo).catch((error: unknown) => error);
    expect(failure).to.have.property("message", "throttled");
    expect(await imported()).to.equal(null);
  });

  it("keeps a state without pending operations", async () => {
    await put({ resources: [stack] });
    expect(await settle("recreate")).to.deep.equal({
      ...{ exists: true, creating: [], resources: [stack] },
    });
    expect(await imported()).to.equal(null);
  });

  it("forgets creations that are repeated", async () => {
    await put(cutOff);
    const { creating, resources } = await settle("recreate");
    expect(creating).to.deep.equal([data, record]);
    expect(resources).to.deep.equal([stack]);
    expect(await imported()).to.deep.equal({
      version: 3,
      deployment: { manifest: { time: "then" }, resources: [stack] },
    });
  });

  it("adds creations to the state that may have left a resource, so that it is deleted", async () => {
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

  it("adds no resource twice", async () => {
    await put({ ...cutOff, resources: [stack, { ...data, id: "known" }] });
    await settle("adopt");
    const state = (await imported()) as { deployment: { resources: object[] } };
    expect(state.deployment.resources).to.deep.equal([stack, { ...data, id: "known" }]);
  });
});
