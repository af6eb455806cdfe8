import { expect } from "chai";
import {
  generationIn,
  settingsHere,
  settingsOf,
  writeSettings,
} from "../../../../cli/services/sweep/settings.ts";
import { specOf } from "../../../../cli/services/sweep/sweep-spec.ts";
import { environmentCopy } from "../../../../stacks/stack-settings.ts";
import { SWEEP_RUN } from "../../../../staging/resources/tokens.ts";
import { parseLaunchedSweepId, type SweepId } from "../../../../staging/sweep/id.ts";
import { failureOf } from "../../../support/failure.ts";
import { SWEEP } from "../../sweep-items.ts";
import { Machine } from "../machine.ts";
import { testLaunch, testRequest } from "./fakes.ts";

const OTHER = parseLaunchedSweepId("sweep-000000000001");
const launch = testLaunch(testRequest("count: 3\nregions: [us-east-1]\nbase_command: x"));
const settings = (id: SweepId, generation: number) => ({
  spec: { ...specOf(launch, id, undefined), generation },
  environment: launch.settings,
});

describe("The settings of a sweep's stack", () => {
  const machine = Machine.forEachTest();

  /** The stack's output, as the program writes it. */
  const state = (id: SweepId, generation: number) => {
    const { spec, environment } = settings(id, generation);
    const outputs = {
      settings: JSON.parse(JSON.stringify({ sweep: spec, environment: environmentCopy(environment) })),
    };
    return [{ urn: "stack", type: "pulumi:pulumi:Stack", outputs }];
  };

  it("come from the state, which another machine may have changed, or else from this machine's file", async () => {
    await writeSettings(settings(SWEEP, 1));
    expect((await settingsOf("dev", SWEEP, state(SWEEP, 2))).spec.generation).to.equal(2);
    for (const resources of [[], state(OTHER, 2)])
      expect((await settingsOf("dev", SWEEP, resources)).spec.generation).to.equal(1);
  });

  it("are on the machine that launched the sweep if the launch did not complete", async () => {
    const error = await failureOf(settingsOf("dev", SWEEP, []));
    expect(error.message).to.equal(`the settings of ${SWEEP} are not on this machine`);
    expect(error.fix).to.equal(`On that machine: spawn launch --resume ${SWEEP}`);
  });

  it("are unknown if their file is damaged", async () => {
    await machine.write(`data/stacks/Pulumi.dev.${SWEEP}.yaml`, "config: {}");
    expect(await settingsHere("dev", SWEEP)).to.equal(undefined);
  });

  it("have the generation of the run in the state", () => {
    expect(generationIn([{ urn: "run", type: SWEEP_RUN, inputs: { generation: 3 } }])).to.equal(3);
    expect(generationIn([])).to.equal(0);
  });
});
