import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { LocalWorkspace, PulumiCommand, type Stack } from "@pulumi/pulumi/automation/index.js";
import { ensureEngine } from "../../../local/engine/engine.ts";
import { startTestCloud, type TestCloud } from "../../support/cloud.ts";
import { installBundle } from "./bundle.ts";

/** A local cloud, and the engine with the bundled plugin for it. */
export interface EngineCloud {
  readonly cloud: TestCloud;
  newStack(name: string, program: () => object | Promise<object>): Promise<Stack>;
  stop(): Promise<void>;
}

/** Starts them. The hook that calls this needs a time-out of 15 minutes: the engine may have to be built. */
export async function startEngineCloud(): Promise<EngineCloud> {
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
