import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { secret } from "@pulumi/pulumi";
import { expect } from "chai";
import { prepareEntryProject } from "../../../cli/engine/entry-project.ts";
import { createStack } from "../../../cli/engine/new-stack.ts";
import { clearPendingOperations } from "../../../cli/engine/pending.ts";
import type { EngineSettings } from "../../../cli/engine/process.ts";
import { listStacks } from "../../../cli/engine/stacks.ts";
import { runUpdate } from "../../../cli/engine/update.ts";
import { ensureEngine } from "../../../local/engine/engine.ts";
import { toolEnvironment } from "../../../local/tool-environment.ts";
import { packageRoot } from "../../../package-root.ts";
import { makeTestHome } from "../../support/cloud.ts";

const STACK = "dev.stage-0123456789ab";

describe("A new stack and a real engine", () => {
  let home: Awaited<ReturnType<typeof makeTestHome>>;
  let settings: EngineSettings;
  before(async () => {
    const engine = await ensureEngine();
    home = await makeTestHome();
    const [state, project] = [join(home.home, "state of all"), join(home.home, "a project")];
    await mkdir(state);
    await prepareEntryProject(project, packageRoot());
    const variables = toolEnvironment({
      engine,
      target: { cloud: "aws" },
      stateUrl: pathToFileURL(state).href,
    });
    settings = { command: engine.command, env: { ...process.env, ...variables }, project };
    // Stacks of a state in AWS use the user's passphrase only.
    const failure: unknown = await createStack(settings, "dev").catch((error: unknown) => error);
    expect(failure).to.have.property("message", "the passphrase for the state of dev is not set");
    settings = { ...settings, env: { ...settings.env, PULUMI_CONFIG_PASSPHRASE: "p" } };
    // The engine chooses the layout of a new backend.
    expect(await createStack(settings, "dev")).to.equal(true);
  });
  after(() => home.remove());

  it("interoperate before and after an update", async () => {
    expect(await createStack(settings, STACK)).to.equal(true);
    expect(await createStack(settings, STACK)).to.equal(false);
    expect((await listStacks(settings)).sort()).to.deep.equal(["dev", STACK]);
    const empty = { exists: true, creating: [], resources: [] };
    for (const cut of ["recreate", "adopt"] as const) {
      expect(await clearPendingOperations(settings, STACK, cut, async () => {})).to.deep.equal(empty);
    }
    const program = () => async () => ({ greeting: "hello" });
    const { outputs } = await runUpdate(settings, STACK, { kind: "up", program });
    expect(outputs).to.deep.equal({ greeting: "hello" });
    await runUpdate(settings, STACK, { kind: "destroy", remove: true });
    expect(await listStacks(settings)).to.deep.equal(["dev"]);
  });

  it("use the passphrase of the user's file on AWS, and no other", async () => {
    const file = join(home.home, "the passphrase");
    await writeFile(file, "from the file\n");
    const { PULUMI_CONFIG_PASSPHRASE: _, ...withNone } = settings.env;
    const target = { engine: await ensureEngine(), target: { cloud: "aws" } } as const;
    const withFile = (PULUMI_CONFIG_PASSPHRASE_FILE: string): EngineSettings => {
      const env: NodeJS.ProcessEnv = { ...withNone, PULUMI_CONFIG_PASSPHRASE_FILE };
      return { ...settings, env: { ...env, ...toolEnvironment({ ...target, env }) } };
    };
    const own = withFile(file);
    await createStack(own, STACK);
    const program = () => async () => ({ greeting: secret("hello") });
    await runUpdate(own, STACK, { kind: "up", program });
    // Neither the empty passphrase, nor the variable's, nor another file opens it.
    const other = join(home.home, "another passphrase");
    await writeFile(other, "another");
    for (const wrong of [
      withFile(other),
      settings,
      { ...own, env: { ...own.env, PULUMI_CONFIG_PASSPHRASE: "" } },
    ]) {
      const failure: unknown = await runUpdate(wrong, STACK, { kind: "up", program }).catch(
        (error: unknown) => error,
      );
      expect(failure)
        .to.have.property("message")
        .that.equals(`the state of ${STACK} is encrypted with another passphrase`);
    }
    await runUpdate(own, STACK, { kind: "destroy", remove: true });
  });

  it("interoperate if the stack is destroyed before any update", async () => {
    await createStack(settings, STACK);
    await runUpdate(settings, STACK, { kind: "destroy", remove: true });
    expect(await listStacks(settings)).to.deep.equal(["dev"]);
  });
});
