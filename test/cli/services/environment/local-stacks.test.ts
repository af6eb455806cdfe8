import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { findLocalStacks, forgetStacks } from "../../../../cli/services/environment/local-stacks.ts";
import { ENTRY_SETTINGS } from "../../../../stacks/entry-settings.ts";
import { SWEEP_SETTINGS } from "../../../../stacks/sweep-settings.ts";
import { parseStagingId } from "../../../../staging/ids.ts";
import { parseStackName } from "../../../../staging/stack-name.ts";
import { parseLaunchedSweepId } from "../../../../staging/sweep/id.ts";
import { entrySpec, environmentSettings } from "../../../components/settings.ts";
import { sweepSpec } from "../../../staging/sweep/sweep-spec.ts";

const [ONE, TWO] = [parseStagingId("stage-000000000001"), parseStagingId("stage-000000000002")];
const STEPS = { onProgress: () => undefined, done: () => undefined };

describe("a reset of the local cloud", () => {
  let home: string;
  let saved: NodeJS.ProcessEnv;

  beforeEach(async () => {
    saved = { ...process.env };
    home = await mkdtemp(join(tmpdir(), "spawn reset "));
    process.env["SPAWN_HOME"] = home;
    process.env["SPAWN_CONFIG"] = join(home, "config");
    delete process.env["PULUMI_BACKEND_URL"];
  });

  afterEach(async () => {
    process.env = saved;
    await rm(home, { recursive: true });
  });

  async function write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(home, path)), { recursive: true });
    await writeFile(join(home, path), text);
  }

  /** Writes all files of the engine for a stack, not only its checkpoint. */
  async function stackIn(backend: string, stack: string, cloud?: string): Promise<void> {
    const resources = [{ type: "pulumi:pulumi:Stack", ...(cloud && { outputs: { cloud } }) }];
    const text = JSON.stringify({ version: 3, checkpoint: { stack, latest: { resources } } });
    await write(`${backend}/.pulumi/meta.yaml`, "version: 1\n");
    for (const ending of ["json", "json.bak", "json.attrs"])
      await write(`${backend}/.pulumi/stacks/spawn/${stack}.${ending}`, text);
    for (const part of ["history/spawn", "backups/spawn", "locks/organization/spawn"])
      await write(`${backend}/.pulumi/${part}/${stack}/x.json`, "{}");
  }

  async function entry(stack: string, id: typeof ONE, cloud: "local" | "aws"): Promise<void> {
    const environment = environmentSettings({ cloud });
    const settings = { spec: entrySpec("us-east-1", { id }), environment, writableAt: undefined };
    await write(`data/stacks/Pulumi.${stack}.yaml`, ENTRY_SETTINGS.render(settings));
    await write(`data/stacks/unfinished/${stack}.json`, "{}");
  }

  /** Every file below the home, without its content. */
  const files = async (): Promise<string[]> =>
    (await readdir(home, { recursive: true, withFileTypes: true }))
      .filter((found) => found.isFile())
      .map((found) => join(found.parentPath, found.name).slice(home.length + 1))
      .filter((path) => !path.endsWith("meta.yaml"))
      .sort();

  const reset = async () => {
    const found = await findLocalStacks(STEPS);
    await forgetStacks(found, STEPS);
    return found.kept;
  };

  it("forgets sweeps with their rows and launches, and keeps those of an environment on AWS", async () => {
    const sweep = async (environment: "dev" | "prod", id: string, cloud: "local" | "aws") => {
      const settings = {
        spec: sweepSpec({ id: parseLaunchedSweepId(id) }),
        environment: { ...environmentSettings({ cloud }), name: environment },
      };
      await stackIn("data/state", `${environment}.${id}`);
      await write(`data/stacks/Pulumi.${environment}.${id}.yaml`, SWEEP_SETTINGS.render(settings));
      await write(`data/stacks/${id}.rows.jsonl`, "{}\n");
      await write(`data/stacks/launching/${environment}.${id}.json`, "{}");
    };
    await sweep("prod", "sweep-000000000001", "aws");
    const before = await files();
    await sweep("dev", "sweep-000000000002", "local");
    expect(await reset()).to.deep.equal(["prod.sweep-000000000001"]);
    expect(await files()).to.deep.equal(before);
  });

  it("keeps the stacks, settings and interrupted uploads of an environment on AWS, and names them", async () => {
    await stackIn("data/state", "prod", "aws");
    await stackIn("data/state", `prod.${ONE}`);
    await entry(`prod.${ONE}`, ONE, "aws");
    await write("data/stacks/Pulumi.yaml", "name: spawn\n");
    const before = await files();
    await stackIn("data/state", "dev", "local");
    await stackIn("data/state", `dev.${TWO}`);
    await entry(`dev.${TWO}`, TWO, "local");
    expect(await reset()).to.deep.equal(["prod", `prod.${ONE}`]);
    expect(await files()).to.deep.equal(before);
  });

  it("keeps stacks of unknown clouds, and an entry whose settings name AWS", async () => {
    await stackIn("data/state", "elsewhere");
    await entry(`dev.${ONE}`, ONE, "aws");
    await write(`data/stacks/unfinished/elsewhere.${TWO}.json`, "{}");
    const before = await files();
    expect(await reset()).to.deep.equal([`dev.${ONE}`, "elsewhere", `elsewhere.${TWO}`]);
    expect(await files()).to.deep.equal(before);
  });

  it("keeps stacks with a state on AWS, even if a file of that name says otherwise", async () => {
    await stackIn("data/state", "dev", "aws");
    await stackIn("data/state", `dev.${ONE}`);
    const before = await files();
    expect(await reset()).to.deep.equal(["dev", `dev.${ONE}`]);
    expect(await files()).to.deep.equal(before);
  });

  it("removes stacks of the local cloud from every folder of a backend", async () => {
    process.env["PULUMI_BACKEND_URL"] = pathToFileURL(join(home, "shared")).href;
    await stackIn("shared", "prod", "aws");
    await write("shared/notes.txt", "not ours");
    const before = await files();
    await stackIn("shared", "dev", "local");
    await stackIn("shared", `dev.${ONE}`);
    await entry(`dev.${ONE}`, ONE, "local");
    await stackIn("data/state", "dev", "local");
    expect(await reset()).to.deep.equal(["prod"]);
    expect(await files()).to.deep.equal(before);
  });

  it("removes no stack that only shares a prefix", async () => {
    await stackIn("data/state", "dev", "local");
    await stackIn("data/state", "dev2", "aws");
    expect(await reset()).to.deep.equal(["dev2"]);
    expect(await files()).to.have.length(6);
  });

  it("forgets the entries if the state was in a bucket, which the reset has deleted", async () => {
    const url = "s3://spawn-state-000000000000-us-east-1?region=us-east-1";
    const cloud = createServer((_, response) => response.writeHead(404).end()).listen(0, "127.0.0.1");
    await once(cloud, "listening");
    process.env["PULUMI_BACKEND_URL"] = url;
    process.env["AWS_ENDPOINT_URL"] = `http://127.0.0.1:${(cloud.address() as AddressInfo).port}`;
    await entry(`dev.${ONE}`, ONE, "local");
    const stack = parseStackName(`dev.${ONE}`);
    const backend = { url, environment: "dev", folder: undefined, stacks: ["dev", stack] };
    try {
      await forgetStacks({ backends: [backend], forgotten: [stack], kept: [] }, STEPS);
    } finally {
      cloud.closeAllConnections();
      cloud.close();
    }
    expect(await files()).to.deep.equal([]);
  });

  it("leaves nothing if everything is on the local cloud", async () => {
    await stackIn("data/state", "dev", "local");
    await entry(`dev.${ONE}`, ONE, "local");
    expect(await reset()).to.deep.equal([]);
    expect(await files()).to.deep.equal([]);
  });
});
