import { join } from "node:path";
import { expect } from "chai";
import { settingsFile } from "../../../../../cli/engine/entry-project.ts";
import { readIncomplete } from "../../../../../cli/services/entry/listing/incomplete.ts";
import { findResumable, resumeUpload } from "../../../../../cli/services/entry/upload/resume.ts";
import { inspectSource } from "../../../../../cli/services/entry/upload/source.ts";
import {
  beginUpload,
  claimUpload,
  endUpload,
  readUnfinished,
} from "../../../../../cli/services/entry/upload/unfinished.ts";
import { upload } from "../../../../../cli/services/entry/upload/upload.ts";
import { ENTRY_SETTINGS } from "../../../../../stacks/entry-settings.ts";
import type { EntrySpec } from "../../../../../staging/entry.ts";
import { STAGED_DATA } from "../../../../../staging/resources/tokens.ts";
import { entrySpec } from "../../../../components/settings.ts";
import { failureOf } from "../../../../support/failure.ts";
import { fullSettings } from "../../../records.ts";
import { entryResource, freshRecord, holding, inEnvironment, Machine, type World } from "../../machine.ts";

const RECORD = freshRecord();
const { stagingId: ID, stack: STACK } = RECORD;
const SETTINGS_FILE = settingsFile("data/stacks", STACK);
const ENTRY = { stagingId: ID };
const OUTPUT = {
  resOutputsEvent: {
    metadata: {
      op: "same",
      urn: "urn:stack",
      type: "pulumi:pulumi:Stack",
      new: { inputs: {}, outputs: { entry: ENTRY } },
    },
  },
};

describe("an upload", () => {
  // An upload loads the SDK of Pulumi.
  const machine = Machine.forEachTest();
  let spec: EntrySpec;
  beforeEach(async () => {
    await machine.write("a.txt", "hello");
    await machine.engine("up", `echo '${JSON.stringify(OUTPUT)}'; exit 0`);
    spec = entrySpec("us-east-1,us-west-2", { source: join(machine.home, "a.txt") });
  });

  const context = (world: World = {}) => machine.context(inEnvironment(world));
  const source = () => inspectSource(context(), spec.source);
  const start = async (world: World = {}) => await upload(context(world), spec, await source(), {});

  it("is remembered before its stack exists, and shows its entry at the end", async () => {
    expect(await start()).to.deep.equal(ENTRY);
    expect(await machine.log()).to.deep.equal(["pulumi up"]);
    expect(await machine.read(SETTINGS_FILE)).to.contain(ID);
    expect(await readUnfinished(STACK)).to.include({ sizeBytes: 5 });
  });

  it("leaves nothing if its stack cannot be created", async () => {
    await machine.write("state/.pulumi/meta.yaml", "version: 0\n");
    await machine.engine("stack-init", "echo 'error: no space' >&2; exit 255");
    await failureOf(start());
    expect(await readUnfinished(STACK)).to.equal(undefined);
    expect(await machine.read(SETTINGS_FILE)).to.equal("");
  });

  it("leaves nothing if the environment is not up", async () => {
    await failureOf(start({ s3: ({ method }) => (method === "HEAD" ? 404 : undefined) }));
    expect(await readUnfinished(STACK)).to.equal(undefined);
    expect(await machine.log()).to.deep.equal([]);
  });

  describe("that was interrupted", () => {
    beforeEach(async () => {
      await beginUpload(STACK, await source());
      const entry = { spec, environment: fullSettings(), writableAt: undefined };
      await machine.write(SETTINGS_FILE, ENTRY_SETTINGS.render(entry));
      await machine.stack(STACK, [entryResource(STAGED_DATA, { stagingId: ID })]);
    });
    const resume = async (notes: string[] = []) => {
      const entry = await findResumable(context(), ID);
      return await resumeUpload(context(), entry, { onNote: (note) => notes.push(note) });
    };

    it("is resumed, and sends only the missing data", async () => {
      expect(await resume()).to.deep.equal(ENTRY);
      expect(await machine.log()).to.deep.equal(["pulumi up"]);
    });

    it("opens the data in the state before it remembers that the source has changed", async () => {
      await machine.write("a.txt", "changed");
      await machine.engine("stack-import", "echo 'error: no' >&2; exit 255");
      await failureOf(resume());
      expect(await readUnfinished(STACK)).to.include({ sizeBytes: 5 });
      await machine.engine("stack-import", "");
      const notes: string[] = [];
      await resume(notes);
      expect(notes.join()).to.match(/has changed since the upload began/);
      expect(await readUnfinished(STACK)).to.include({ sizeBytes: 7 });
      const imported = await machine.read(`state/.pulumi/stacks/spawn/${STACK}.json`);
      expect(imported).to.contain("the source has changed");
    });

    it("gets a new stack if its state is lost", async () => {
      await machine.write(`state/.pulumi/stacks/spawn/${STACK}.json`, "{");
      expect(await resume()).to.deep.equal(ENTRY);
      expect(await machine.read(`state/.pulumi/stacks/spawn/${STACK}.json`)).to.contain(
        "organization/spawn/",
      );
    });

    const useless: [string, () => Promise<unknown>, RegExp][] = [
      ["its deletion has begun", () => claimUpload(STACK, "deletion"), /the deletion of .* has begun/],
      [
        "its TTL is over",
        async () => {
          const path = `data/stacks/unfinished/${STACK}.json`;
          const journal = JSON.parse(await machine.read(path)) as object;
          await machine.write(path, JSON.stringify({ ...journal, startedAt: "2020-01-01T00:00:00.000Z" }));
        },
        /has expired/,
      ],
      [
        "a directory replaces the file",
        async () => {
          await machine.write("folder/x", "hello");
          spec = { ...spec, source: join(machine.home, "folder") };
          const entry = { spec, environment: fullSettings(), writableAt: undefined };
          await machine.write(SETTINGS_FILE, ENTRY_SETTINGS.render(entry));
        },
        /was a file when .* was begun/,
      ],
    ];
    for (const [what, change, message] of useless) {
      it(`is refused if ${what}, without a way to resume it`, async () => {
        await change();
        const error = await failureOf(resume());
        expect(error.message).to.match(message);
        expect(error.fix).to.equal(`spawn stage delete ${ID} --yes, then upload it again`);
        expect(await machine.log()).to.deep.equal([]);
      });
    }

    it("is refused if another command deletes it meanwhile", async () => {
      const entry = await readIncomplete(context(), STACK);
      await endUpload(STACK);
      if (entry === undefined) throw new Error("not incomplete");
      expect((await failureOf(resumeUpload(context(), entry, {}))).message).to.match(
        /was deleted.*meanwhile/,
      );
      expect(await machine.log()).to.deep.equal([]);
    });
  });

  it("cannot be resumed if it is whole, damaged, or unknown", async () => {
    const find = (world: World) => failureOf(findResumable(context(world), ID));
    expect(await find({ records: [RECORD], s3: holding(RECORD) })).to.include({
      message: `${ID} is whole: there is nothing to resume`,
    });
    const damaged = holding(RECORD, ["spawn-staging-us-west-2"]);
    expect(await find({ records: [RECORD], s3: damaged })).to.include({ fix: `spawn stage repair ${ID}` });
    expect(await find({})).to.include({
      message: `there is no interrupted upload ${ID} in environment dev`,
      fix: "spawn stage list --incomplete",
    });
  });
});
