import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import { ensureEngine } from "../../local/engine/engine.ts";
import { spawnValues } from "../../stacks/spawn-values.ts";
import { readYamlConfig } from "../../stacks/stack-config.ts";
import { temporaryFolder } from "../support/folder.ts";

const BY_HAND = `config:
  aws:region: us-east-1
  spawn:text: plain words
  spawn:quoted: "0123"
  spawn:number: 12
  spawn:truth: true
  spawn:empty: ""
  spawn:block: |
    a
    b
  spawn:list: &list [us-east-1, "2026-11-01", "30", ~, !!str 7]
  spawn:alias: *list
  spawn:map: { us-west-2: genomes, deep: [{ a: "1", b: "on" }] }
  spawn:entries: [{ ttl: 30, noSha256: true, allowAccounts: [123456789012] }]
  plain: without namespace
  spawn:config:old: of the old form
`;

/** Arguments of `pulumi config set`, which writes each value into the file. */
const COMMANDS: readonly (readonly string[])[] = [
  ["spawn:regions", '["us-east-1","us-west-2"]'],
  ["spawn:sweep", "0123"],
  ["spawn:prefix", "1.10"],
  ["--path", "spawn:entries[0].name", "genome"],
  ["--path", "spawn:entries[0].ttl", "30"],
  ["--path", "spawn:entries[0].noSha256", "true"],
  ["--path", "spawn:entries[0].sweep", "0123"],
  ["--path", "spawn:entries[0].filename", "1.10"],
  ["--path", 'spawn:buckets["us-west-2"]', "2026-11-01"],
];

describe("A configuration, as the engine and this program read it", () => {
  const folder = temporaryFolder("spawn config ", "suite");
  let pulumi: (...args: string[]) => Promise<string>;
  before(async () => {
    const engine = await ensureEngine();
    await mkdir(join(folder(), "state"));
    await writeFile(join(folder(), "Pulumi.yaml"), "name: spawn\nruntime: nodejs\n");
    const stateUrl = pathToFileURL(join(folder(), "state")).href;
    const env = {
      ...process.env,
      PULUMI_BACKEND_URL: stateUrl,
      PULUMI_CONFIG_PASSPHRASE: "",
      PULUMI_SKIP_UPDATE_CHECK: "true",
    };
    pulumi = async (...args) =>
      (await promisify(execFile)(engine.command, args, { cwd: folder(), env })).stdout;
    await pulumi("stack", "init", "dev", "--non-interactive");
  });

  async function expectEqual(): Promise<void> {
    const engines = JSON.parse(await pulumi("config", "--json", "-s", "dev")) as Record<
      string,
      { value: string }
    >;
    const texts = Object.entries(engines).map(([key, { value }]) => [key, value] as const);
    const ours = readYamlConfig(await readFile(join(folder(), "Pulumi.dev.yaml"), "utf8"), "Pulumi.dev.yaml");
    expect(spawnValues(ours.values)).to.deep.equal(spawnValues(Object.fromEntries(texts)));
  }

  it("is the same in every form that is written by hand", async () => {
    await writeFile(join(folder(), "Pulumi.dev.yaml"), BY_HAND);
    await expectEqual();
  });

  it("is the same in every form that pulumi config set writes", async () => {
    await writeFile(join(folder(), "Pulumi.dev.yaml"), "config: {}\n");
    for (const command of COMMANDS) await pulumi("config", "set", "-s", "dev", ...command);
    await expectEqual();
  });
});
