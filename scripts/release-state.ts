import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnPaths } from "../local/paths.ts";
import { packageRoot } from "../package-root.ts";
import { VERSION } from "../provider/staging-plugin.ts";
import { InputError } from "../staging/errors.ts";
import { makeProject } from "../test/e2e/support/project.ts";
import { main, run } from "./run.ts";

/**
 * Writes the state that this release leaves to `test/releases/<version>/`, for `test/e2e/earlier-releases.e2e.ts`. It refuses to
 * replace the state of a release: run it once for each release, after the build.
 */

const ENVIRONMENT = "release";
/** Stands for the project's folder in the written files. */
const PLACEHOLDER = "/home/user/project";
const READER = "123456789012";

const SETTINGS = `# The salt belongs to the empty passphrase and is no secret.
encryptionsalt: v1:89IBVrP5TIU=:v1:cxyeSR1jS5UAyIlD:wbLlVvXgh8U2roFmLEmkJKpSrDFw+w==
config:
  spawn:cloud: local
  spawn:regions: [us-east-1, eu-west-1]
  spawn:namePrefix: release
  spawn:entries:
    - name: genome
      source: data/genome.txt
      ttl: 30
      allowAccounts: ["${READER}"]
    - name: samples
      source: data/samples
`;

const sweepOf = (id: string): string => `sweep_name: release
count: 2
regions: [us-east-1, eu-west-1]
stage_id: ${id}
base_command: test "$SWEEP_INDEX" -ge 0
`;

async function write(): Promise<number> {
  const target = join(packageRoot(), "test", "releases", VERSION);
  await mkdir(join(target, ".."), { recursive: true });
  const isFirst = await mkdir(target).then(
    () => true,
    () => false,
  );
  if (!isFirst)
    throw new InputError(`${target} exists`, { fix: "Raise the version in package.json and in VERSION." });
  const project = await makeProject();
  const home = await mkdtemp(join(tmpdir(), "spawn-release-"));
  try {
    await makeStacks(project, home);
    await copyState(project, home, target);
    return 0;
  } finally {
    await rm(project, { recursive: true, force: true });
    await rm(home, { recursive: true, force: true });
  }
}

/** An environment with a declared file and a declared directory, an entry of the command line, and a sweep over it. */
async function makeStacks(project: string, home: string): Promise<void> {
  const env = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(AWS|PULUMI|SPAWN)_/.test(name))),
    SPAWN_HOME: home,
    SPAWN_CACHE: spawnPaths().cache,
    SPAWN_ENVIRONMENT: ENVIRONMENT,
  };
  const spawn = async (...args: string[]): Promise<string> => {
    let output = "";
    const onStdout = (text: string) => {
      output += text;
    };
    const code = await run(process.execPath, [join(project, "bin", "spawn"), ...args], { env, onStdout });
    if (code !== 0) throw new Error(`spawn ${args.join(" ")} ended with code ${code}`);
    return output.trim();
  };
  await mkdir(join(project, "data", "samples"), { recursive: true });
  for (const [name, text] of Object.entries({
    "Pulumi.release.yaml": SETTINGS,
    "data/genome.txt": "ACGT\n",
    "data/samples/a.txt": "a\n",
    "data/samples/b.txt": "b\n",
    "data/reads.txt": "reads\n",
  }))
    await writeFile(join(project, name), text);
  try {
    await spawn("environment", "up");
    const regions = ["--regions", "us-east-1,eu-west-1", "--allow-accounts", READER];
    const id = await spawn("stage", "upload", join(project, "data/reads.txt"), ...regions);
    await writeFile(join(project, "sweep.yaml"), sweepOf(id));
    await spawn("launch", "--params", join(project, "sweep.yaml"), "--yes");
  } finally {
    await spawn("local", "down");
  }
}

async function copyState(project: string, home: string, target: string): Promise<void> {
  await cp(join(project, "data"), join(target, "data"), { recursive: true });
  await cp(join(project, "Pulumi.release.yaml"), join(target, "Pulumi.release.yaml"));
  await mkdir(join(target, "stacks"));
  const paths = spawnPaths({ SPAWN_HOME: home });
  for (const [folder, pattern] of [
    [join(paths.state, ".pulumi/stacks/spawn"), /\.json$/],
    [paths.stacks, /^Pulumi\.release\..*\.yaml$/],
  ] as const) {
    for (const name of (await readdir(folder)).filter((name) => pattern.test(name))) {
      const text = await readFile(join(folder, name), "utf8");
      const portable = name.endsWith(".json") ? withoutPositions(text) : text;
      await writeFile(join(target, "stacks", name), portable.replaceAll(project, PLACEHOLDER));
    }
  }
}

/** The checkpoint with a resource in each line, and without positions in the source code, which no comparison reads. */
function withoutPositions(text: string): string {
  const checkpoint = JSON.parse(text) as {
    checkpoint: { latest: { resources: Record<string, unknown>[] } };
  };
  for (const resource of checkpoint.checkpoint.latest.resources) {
    delete resource["sourcePosition"];
    delete resource["stackTrace"];
  }
  return `${JSON.stringify(checkpoint).replaceAll('{"urn":', '\n{"urn":')}\n`;
}

await main(write);
