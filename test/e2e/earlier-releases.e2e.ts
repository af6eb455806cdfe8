import { readdirSync } from "node:fs";
import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../../package-root.ts";
import { succeed } from "./support/process.ts";
import { sharedWorld, type World } from "./support/world.ts";

/** Written by `scripts/release-state.ts`; see the README there. */
const RELEASES = join(packageRoot(), "test", "releases");

const releases = readdirSync(RELEASES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** A step of a preview, as `--json` prints it. */
interface Step {
  readonly op: string;
  readonly urn: string;
  readonly diffReasons?: readonly string[];
}

/** A release may change the worker's script, which starts with the next instance of the group. */
const isNewWorkerScript = ({ op, urn, diffReasons = [] }: Step): boolean =>
  op === "update" &&
  urn.includes("$aws:ec2/launchTemplate:LaunchTemplate::") &&
  diffReasons.join() === "userData";

for (const release of releases) {
  describe(`The state that release ${release} wrote`, () => {
    const folder = join(RELEASES, release);
    let world: World;

    before(async () => {
      world = await sharedWorld();
      const stacks = join(folder, "stacks");
      const state = join(world.home, "data/state/.pulumi/stacks/spawn");
      for (const target of [state, join(world.home, "data/stacks")]) await mkdir(target, { recursive: true });
      for (const name of readdirSync(stacks)) {
        const target = name.endsWith(".json") ? state : join(world.home, "data/stacks");
        await cp(join(stacks, name), join(target, name));
      }
      await cp(join(folder, "data"), join(world.project, "data"), { recursive: true });
      await cp(join(folder, "Pulumi.release.yaml"), join(world.project, "Pulumi.release.yaml"));
    });

    for (const file of readdirSync(join(folder, "stacks")).filter((name) => name.endsWith(".json"))) {
      const stack = file.replace(/\.json$/, "");
      it(`needs no change of the stack ${stack}`, async () => {
        const { stdout } = await succeed(world.pulumi(`pulumi preview -s ${stack} --json`));
        const { steps } = JSON.parse(stdout) as { steps: Step[] };
        expect(steps).to.not.deep.equal([]);
        expect(steps.filter((step) => step.op !== "same" && !isNewWorkerScript(step))).to.deep.equal([]);
      });
    }
  });
}
