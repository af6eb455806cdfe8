import { expect } from "chai";
import { hasSweepStack, openSweepStack } from "../../../../cli/services/sweep/stack.ts";
import { SWEEP_RUN } from "../../../../staging/resources/tokens.ts";
import { failureOf } from "../../../support/failure.ts";
import { SWEEP } from "../../sweep-items.ts";
import { Machine } from "../machine.ts";

const NAME = `dev.${SWEEP}`;
const FILE = `state/.pulumi/stacks/spawn/${NAME}.json`;
const run = { urn: "urn:run", type: SWEEP_RUN, inputs: { sweepId: SWEEP } };

describe("The stack of a sweep", () => {
  const machine = Machine.forEachTest();
  let notes: string[];
  beforeEach(() => {
    notes = [];
  });
  const open = () => openSweepStack(machine.context(), SWEEP, { onNote: (text) => notes.push(text) });

  it("is found by its name", async () => {
    expect(await hasSweepStack(machine.context(), SWEEP)).to.equal(false);
    await machine.stack(NAME);
    expect(await hasSweepStack(machine.context(), SWEEP)).to.equal(true);
    expect((await open()).name).to.equal(NAME);
  });

  it("forgets an interrupted creation before an update, and adopts it before a deletion", async () => {
    for (const [next, types] of [
      ["up", []],
      ["destroy", [SWEEP_RUN]],
    ] as const) {
      await machine.stack(NAME, [], [run]);
      const { exists, resources } = await (await open()).recover(next);
      expect(exists).to.equal(true);
      expect(resources.map(({ type }) => type)).to.deep.equal(types);
    }
  });

  it("whose state is damaged cannot be updated; a deletion moves the state aside, and then removes it", async () => {
    await machine.write(FILE, '{"version"');
    const stack = await open();
    expect((await failureOf(stack.recover("up"))).message).to.contain(NAME);
    expect((await stack.recover("destroy")).exists).to.equal(false);
    expect(notes[0]).to.contain("is damaged, without a backup");
    await stack.removeDamagedFiles();
    expect(await machine.read(FILE)).to.equal("");
  });

  it("is removed with its resources", async () => {
    await machine.stack(NAME, [run]);
    await (await open()).destroy();
    expect(await machine.log()).to.deep.equal(["pulumi destroy"]);
    expect(await machine.read(FILE)).to.equal("");
  });
});
