import { join } from "node:path";
import { expect } from "chai";
import type { StateResource } from "../../../../cli/engine/state.ts";
import { adoptEntry } from "../../../../cli/services/environment/adopt.ts";
import { ejectEntry } from "../../../../cli/services/environment/eject.ts";
import { readEnvironmentFile } from "../../../../stacks/environment-file.ts";
import { InputError, UserError } from "../../../../staging/errors.ts";
import type { StagingRecord } from "../../../../staging/record.ts";
import { parseStackName } from "../../../../staging/stack-name.ts";
import { errorOf, failureOf } from "../../../support/failure.ts";
import { testRecord } from "../../records.ts";
import { Machine } from "../machine.ts";

const RECORD = testRecord();
const { stagingId: ID, stack: OWN } = RECORD;
const DECLARED = testRecord({ stack: parseStackName("dev"), declaredAs: "reference" });
const EMPTY =
  "config:\n  spawn:cloud: local\n  spawn:regions: [us-east-1, us-west-2] # ours\n  spawn:entries: []\n";
const ITEM = `  spawn:entries:
    - name: reference
      source: data/reference.fasta
      filename: reference-genome.fasta
`;
const WITH_ITEM = EMPTY.replace("  spawn:entries: []\n", ITEM);

const urn = (stack: string, type: string, name: string) => `urn:pulumi:${stack}::spawn::${type}::${name}`;
const resource = (
  stack: string,
  type: string,
  name: string,
  inputs: object,
  outputs = {},
): StateResource => ({
  ...{ urn: urn(stack, type, name), type, inputs: { ...inputs }, outputs },
});
const environment = [
  resource("dev", "pulumi:pulumi:Stack", "spawn-dev", {}),
  resource("dev", "spawn:index:StagingEnvironment", "dev", {}),
];
const rest = (stack: string) => [resource(stack, "pulumi:pulumi:Stack", `spawn-${stack}`, {})];
const entry = (stack: string): StateResource[] => [
  resource(
    stack,
    "spawn:index:StagingEntry",
    ID,
    {},
    { id: ID, declaredAs: stack === "dev" ? "reference" : undefined, declaredSource: "data/reference.fasta" },
  ),
  resource(stack, "staging:index:StagedData", `${ID}-data`, {
    ...{ stagingId: ID, source: "/data/reference.fasta", name: "reference-genome.fasta" },
    ...{ region: "us-east-1", replicateTo: ["us-west-2"] },
  }),
  resource(stack, "aws:dynamodb/tableItem:TableItem", `${ID}-record`, {}),
];

const updated = async () => undefined;

/** Where a crash ends the command, as the engine's exit. */
const CRASHES = ["before the move", "between the two stacks", "after the move", "in no step"] as const;

describe("an entry that moves between its own stack and the environment's", () => {
  const machine = Machine.forEachTest();
  const context = (record = RECORD) => {
    const projectFolder = join(machine.home, "project");
    return {
      ...machine.context({ records: [record] }),
      projectFolder,
      environment: () => readEnvironmentFile(projectFolder, "dev"),
    };
  };
  const file = () => machine.read("project/Pulumi.dev.yaml");
  const stateOf = (stack: string) => machine.read(`state/.pulumi/stacks/spawn/${stack}.json`);
  const holders = async () => {
    const found = [];
    for (const stack of ["dev", OWN]) if ((await stateOf(stack)).includes(`${ID}-data`)) found.push(stack);
    return found;
  };

  /** The engine's move: the destination first, then the source. */
  async function engineWith(from: string, to: string, crash: (typeof CRASHES)[number]): Promise<void> {
    const writeResult = (stack: string, has: boolean) =>
      machine.stack(`${stack}.after`, [
        ...(stack === "dev" ? environment : rest(stack)),
        ...(has ? entry(stack) : []),
      ]);
    await writeResult(to, true);
    await writeResult(from, false);
    const folder = join(machine.home, "state/.pulumi/stacks/spawn");
    const save = (stack: string) => `cp '${folder}/${stack}.after.json' '${folder}/${stack}.json'`;
    const kill = (at: (typeof CRASHES)[number]) => (crash === at ? ["exit 137"] : []);
    await machine.engine(
      "state-move",
      [
        ...kill("before the move"),
        save(to),
        ...kill("between the two stacks"),
        save(from),
        ...kill("after the move"),
      ].join("\n"),
    );
  }

  for (const crash of CRASHES) {
    it(`is adopted once, after a crash ${crash}`, async () => {
      await machine.write("project/Pulumi.dev.yaml", EMPTY);
      await machine.stack("dev", environment);
      await machine.stack(OWN, [...rest(OWN), ...entry(OWN)]);
      await engineWith(OWN, "dev", crash);
      const first = adoptEntry(context(), ID, undefined, {});
      if (crash !== "in no step") {
        await errorOf(first, UserError);
        expect(await holders()).to.not.deep.equal([]);
        // Until its end, the file names the entry, so that no update deletes or uploads it.
        expect(await file()).to.contain(`id: ${ID}`);
        await engineWith(OWN, "dev", "in no step");
        expect(await adoptEntry(context(), ID, undefined, {})).to.equal("reference-genome.fasta");
      } else expect(await first).to.equal("reference-genome.fasta");
      expect(await holders()).to.deep.equal(["dev"]);
      expect(await stateOf(OWN)).to.equal("");
      const { entries } = await context().environment();
      expect(entries).to.have.length(1);
      expect(entries[0]).to.deep.include({
        adoptedId: ID,
        filename: "reference-genome.fasta",
        sweepId: "sweep-xyz789",
      });
      expect(await file()).to.contain("# ours");
    });

    it(`is ejected once, after a crash ${crash}`, async () => {
      await machine.write("project/Pulumi.dev.yaml", WITH_ITEM);
      await machine.stack("dev", [...environment, ...entry("dev")]);
      await engineWith("dev", OWN, crash);
      const first = ejectEntry(context(DECLARED), "reference", updated, {});
      if (crash !== "in no step") {
        await errorOf(first, UserError);
        expect(await holders()).to.not.deep.equal([]);
        expect(await file()).to.contain(`id: ${ID}`);
        await engineWith("dev", OWN, "in no step");
        await ejectEntry(context(DECLARED), "reference", updated, {});
      } else await first;
      expect(await holders()).to.deep.equal([OWN]);
      expect(await file()).to.equal(EMPTY);
      expect(await machine.files("stacks")).to.include(`Pulumi.${OWN}.yaml`);
    });
  }

  for (const [where, after] of [
    ["during the update of its own stack", DECLARED],
    ["right before the removal of its item", RECORD],
  ] as const)
    it(`is ejected by the same command after a crash ${where}`, async () => {
      await machine.write("project/Pulumi.dev.yaml", WITH_ITEM);
      await machine.stack("dev", [...environment, ...entry("dev")]);
      await engineWith("dev", OWN, "in no step");
      const killed = ejectEntry(
        context(DECLARED),
        "reference",
        () => Promise.reject(new UserError("killed")),
        {},
      );
      expect((await errorOf(killed, UserError)).message).to.equal("killed");
      expect(await holders()).to.deep.equal([OWN]);
      // An update of the environment refuses the item instead of staging its source again.
      expect(await file()).to.contain(`id: ${ID}`);
      const records: unknown[] = [];
      const update = async (record: StagingRecord) => records.push(record.declaredAs);
      expect(await ejectEntry(context(after), "reference", update, {})).to.equal(ID);
      expect(records).to.deep.equal([after.declaredAs]);
      expect(await file()).to.equal(EMPTY);
    });

  it("is not ejected if the file cannot be edited, and nothing changes", async () => {
    const text = WITH_ITEM.replace("- name:", "- &base\n      name:").concat(
      "    - <<: *base\n      name: other\n      source: data/other\n",
    );
    await machine.write("project/Pulumi.dev.yaml", text);
    await machine.stack("dev", [...environment, ...entry("dev")]);
    const error = await errorOf(ejectEntry(context(DECLARED), "reference", updated, {}), InputError);
    expect(error.message).to.contain("spawn:entries cannot be edited");
    expect(await file()).to.equal(text);
    expect((await machine.log()).filter((line) => !line.includes("export"))).to.deep.equal([]);
  });

  it("is not adopted if the environment's stack has it, and not ejected if its own stack has it", async () => {
    await machine.write("project/Pulumi.dev.yaml", WITH_ITEM);
    await machine.stack("dev", [...environment, ...entry("dev")]);
    const adopted = await errorOf(adoptEntry(context(DECLARED), ID, undefined, {}), InputError);
    expect(adopted.message).to.equal(`${ID} belongs to the stack of environment dev already`);
    await machine.stack("dev", environment);
    await machine.stack(OWN, [...rest(OWN), ...entry(OWN)]);
    await machine.write("project/Pulumi.dev.yaml", EMPTY);
    const ejected = await errorOf(ejectEntry(context(), ID, updated, {}), InputError);
    expect(ejected.message).to.equal(`${ID} has a stack of its own already`);
    expect((await machine.log()).filter((line) => !line.includes("export"))).to.deep.equal([]);
  });

  for (const stack of ["dev", OWN]) {
    it(`stays where it is while another command updates ${stack}`, async () => {
      await machine.write("project/Pulumi.dev.yaml", EMPTY);
      await machine.stack("dev", environment);
      await machine.stack(OWN, [...rest(OWN), ...entry(OWN)]);
      const lock = { pid: 1, username: "me", hostname: "elsewhere", timestamp: "2026-01-02T03:04:05Z" };
      await machine.write(`state/.pulumi/locks/organization/spawn/${stack}/a.json`, JSON.stringify(lock));
      const error = await failureOf(adoptEntry(context(), ID, undefined, {}));
      expect(error.message).to.contain(stack);
      expect(await file()).to.equal(EMPTY);
      expect(await machine.log()).to.deep.equal([]);
    });
  }

  it("is not adopted under the name of another item, nor if the file cannot be edited, and nothing changes", async () => {
    await machine.stack("dev", environment);
    await machine.stack(OWN, [...rest(OWN), ...entry(OWN)]);
    for (const [text, message] of [
      [WITH_ITEM, "spawn:entries has an item reference already"],
      ["config:\n  spawn:cloud: local\n  spawn:regions: [us-east-1]\n", "regions is not valid"],
    ] as const) {
      await machine.write("project/Pulumi.dev.yaml", text);
      expect((await failureOf(adoptEntry(context(), ID, "reference", {}))).message).to.contain(message);
      expect(await file()).to.equal(text);
    }
    expect(await machine.log()).to.deep.equal([]);
  });
});
