import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { LocalWorkspace, PulumiCommand, type Stack } from "@pulumi/pulumi/automation/index.js";
import { expect } from "chai";
import { ensureEngine } from "../../../local/engine/engine.ts";
import { startTestCloud, type TestCloud } from "../../support/cloud.ts";
import { installBundle } from "./bundle.ts";

/** A local cloud, and the engine with the bundled plugin for it. */
export interface EngineCloud {
  readonly cloud: TestCloud;
  newStack(name: string, program: () => object | Promise<object>): Promise<Stack>;
  stop(): Promise<void>;
}

/**
 * Hooks that start them for the tests around them.
 * @param prepare returns the clients that are closed at the end
 */
export function withEngineCloud(
  prepare: (engine: EngineCloud) => Promise<readonly { destroy(): void }[]>,
): void {
  let engine: EngineCloud | undefined;
  let clients: readonly { destroy(): void }[] = [];
  before("start a cloud and install the plugin", async function () {
    this.timeout(15 * 60_000); // the engine may have to be built
    engine = await startEngineCloud();
    clients = await prepare(engine);
  });
  after("remove all of it", async () => {
    for (const client of clients) client.destroy();
    await engine?.stop();
  });
}

/** Neither a refresh nor an update finds a change. @param same number of resources */
export async function expectNothingToDo(stack: Stack, same: number): Promise<void> {
  const refreshed = await stack.refresh({ expectNoChanges: true });
  expect(refreshed.summary.resourceChanges).to.deep.equal({ same });
  const updated = await stack.up({ expectNoChanges: true });
  expect(updated.summary.resourceChanges).to.deep.equal({ same });
}

async function startEngineCloud(): Promise<EngineCloud> {
  const engine = await ensureEngine();
  const pulumiCommand = await PulumiCommand.get({ root: dirname(dirname(engine.command)) });
  const folder = await mkdtemp(join(tmpdir(), "spawn aws plugin "));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const links = await installBundle(folder);
    const cloud = await startTestCloud();
    const envVars = {
      PATH: [links, process.env["PATH"]].join(delimiter),
      PULUMI_BACKEND_URL: `file://${folder}`,
      PULUMI_CONFIG_PASSPHRASE: "",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      AWS_ENDPOINT_URL: cloud.endpoint,
      AWS_ACCESS_KEY_ID: cloud.keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: cloud.keys.secretAccessKey,
      AWS_REGION: "us-east-1",
    };
    return {
      cloud,
      newStack: (stackName, program) =>
        LocalWorkspace.createOrSelectStack(
          { stackName, projectName: "plugin", program: async () => program() },
          { envVars, pulumiCommand, pulumiHome: join(folder, "home"), workDir: folder },
        ),
      stop: async () => {
        await cloud.stop();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
