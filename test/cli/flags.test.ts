import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Flags, Parser } from "@oclif/core";
import { expect } from "chai";
import { commandLine } from "../../cli/command-line.ts";
import { configured } from "../../cli/flags.ts";
import { userConfigPath } from "../../stacks/user-config.ts";

const FLAGS = {
  environment: Flags.string({ ...configured("environment"), env: "SPAWN_ENVIRONMENT" }),
  ttl: Flags.string(configured("staging.ttl")),
  prices: Flags.option({ options: ["guide", "aws"] as const, ...configured("prices") })(),
};

describe("defaults from the user's config", () => {
  const NAMES = ["SPAWN_HOME", "SPAWN_CONFIG_DIR", "SPAWN_ENVIRONMENT"] as const;
  const saved = NAMES.map((name) => [name, process.env[name]] as const);
  let home: string;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), "spawn flags "));
    for (const name of NAMES) delete process.env[name];
    process.env["SPAWN_HOME"] = home;
  });
  afterEach(async () => {
    for (const [name, value] of saved) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await rm(home, { recursive: true });
  });

  async function configure(text: string): Promise<void> {
    await mkdir(dirname(userConfigPath()), { recursive: true });
    await writeFile(userConfigPath(), text);
  }
  const parse = async (...argv: string[]) => {
    const { environment, ttl, prices } = (await Parser.parse(argv, { flags: FLAGS })).flags;
    return { environment, ttl, prices };
  };

  it("are the program's own without a configuration", async () => {
    expect(await parse()).to.deep.equal({ environment: "dev", ttl: "7", prices: "guide" });
  });

  it("are the configured values, which variables and flags override", async () => {
    await configure('{"environment": "prod", "staging.ttl": "14", "prices": "aws"}');
    expect(await parse()).to.deep.equal({ environment: "prod", ttl: "14", prices: "aws" });
    process.env["SPAWN_ENVIRONMENT"] = "test";
    expect(await parse("--ttl", "3")).to.deep.equal({ environment: "test", ttl: "3", prices: "aws" });
    const { environment } = await parse("--environment", "dev");
    expect(environment).to.equal("dev");
  });

  it("fail with the file's name if it is damaged", async () => {
    await configure("{");
    const error = await parse().then(
      () => undefined,
      (reason: Error) => reason,
    );
    expect(error?.message).to.contain(userConfigPath());
  });

  it("appear in help beside the program's own", async () => {
    expect(await configured("staging.ttl").defaultHelp()).to.equal("7, or staging.ttl of spawn config");
  });

  it("decide whether a suggested command must name its environment", async () => {
    expect(commandLine("spawn env", "dev")).to.equal("spawn env");
    expect(commandLine("spawn env", "prod")).to.equal("spawn env --environment prod");
    await configure('{"environment": "prod"}');
    expect(commandLine("spawn env", "dev")).to.equal("spawn env --environment dev");
    expect(commandLine("spawn env", "prod")).to.equal("spawn env");
    process.env["SPAWN_ENVIRONMENT"] = "dev";
    expect(commandLine("spawn env", "dev")).to.equal("spawn env");
    delete process.env["SPAWN_ENVIRONMENT"];
    await configure("{");
    expect(commandLine("spawn env", "dev")).to.equal("spawn env --environment dev");
  });
});
