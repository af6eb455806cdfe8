import { execFileSync } from "node:child_process";
import { devNull } from "node:os";
import { delimiter, join } from "node:path";
import { expect } from "chai";
import { prepareProcess } from "../../connection/process.ts";
import { changed, usersEndpoint } from "../../connection/variables.ts";
import type { EngineInfo } from "../../local/engine/engine.ts";
import { ownLanguageHost } from "../../local/engine/language-host.ts";
import { spawnPaths, stateUrlOf } from "../../local/paths.ts";
import {
  awsPluginFolder,
  formatExports,
  shellChanges,
  toolEnvironment,
} from "../../local/tool-environment.ts";
import { packageRoot } from "../../package-root.ts";

const engine: EngineInfo = {
  command: "/cache/engine/bin/pulumi",
  version: "3.259.0",
  origin: "cache",
  needsLanguageHost: false,
};
const KEYS = { accessKeyId: "SPAWNLOCALID", secretAccessKey: "its secret:" };
const endpoint = "http://127.0.0.1:14566";
/** Not this machine's user's. */
const NO_FILES = { AWS_CONFIG_FILE: devNull, AWS_SHARED_CREDENTIALS_FILE: devNull };
const modules = join(packageRoot(), "node_modules", ".bin");

describe("toolEnvironment", () => {
  it("has the settings that plain pulumi and AWS clients need for the local cloud", () => {
    expect(
      toolEnvironment({
        engine,
        target: { cloud: "local", endpoint, keys: KEYS, region: "eu-west-1" },
        stateUrl: "file:///data/state",
        env: { PATH: "/usr/bin:/bin", AWS_PROFILE: "work" },
      }),
    ).to.deep.equal({
      PATH: ["/cache/engine/bin", awsPluginFolder(), modules, "/usr/bin", "/bin"].join(delimiter),
      PULUMI_BACKEND_URL: "file:///data/state",
      PULUMI_CONFIG_PASSPHRASE: "",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      SPAWN_LANGUAGE_HOST: ownLanguageHost(),
      SPAWN_CLOUD_ENDPOINT: endpoint,
      SPAWN_CLOUD_KEY: "SPAWNLOCALID:its secret:",
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: "SPAWNLOCALID",
      AWS_SECRET_ACCESS_KEY: "its secret:",
      AWS_REGION: "eu-west-1",
      AWS_DEFAULT_REGION: "eu-west-1",
      AWS_PROFILE: undefined,
      AWS_CONFIG_FILE: devNull,
      AWS_SHARED_CREDENTIALS_FILE: devNull,
      AWS_EC2_METADATA_DISABLED: "true",
    });
  });

  it("keeps the user's AWS settings on AWS, and the local cloud's plugin off PATH", () => {
    expect(
      toolEnvironment({
        engine,
        target: { cloud: "aws" },
        env: {
          ...NO_FILES,
          PATH: [awsPluginFolder(), "/bin"].join(delimiter),
          AWS_REGION: "us-west-2",
          PULUMI_CONFIG_PASSPHRASE: "p",
        },
      }),
    ).to.deep.equal({
      PATH: ["/cache/engine/bin", modules, "/bin"].join(delimiter),
      AWS_REGION: "us-west-2",
      AWS_DEFAULT_REGION: "us-west-2",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      SPAWN_LANGUAGE_HOST: ownLanguageHost(),
    });
  });

  it("prints none of the user's secrets into a shell, and overrides no explicit choice there", () => {
    const secrets = {
      AWS_ACCESS_KEY_ID: "AKIAUSERS",
      AWS_SECRET_ACCESS_KEY: "secret-1",
      AWS_SESSION_TOKEN: "secret-2",
      HTTPS_PROXY: "http://user:secret-3@proxy.example.com:3128",
      https_proxy: "http://user:secret-4@proxy.example.com:3128",
      PULUMI_ACCESS_TOKEN: "secret-5",
      PULUMI_BACKEND_URL: "postgres://user:secret-6@example.com/state",
      PULUMI_CONFIG_PASSPHRASE: "secret-7",
      PULUMI_CONFIG_PASSPHRASE_FILE: "/secret-8",
    };
    const env = { ...NO_FILES, ...secrets, PATH: "/bin", AWS_REGION: "us-west-2" };
    const targets = [
      { cloud: "aws" },
      { cloud: "local", endpoint, region: undefined },
    ] as const satisfies readonly Parameters<typeof toolEnvironment>[0]["target"][];
    const state = secrets.PULUMI_BACKEND_URL;
    for (const target of targets) {
      for (const stateUrl of [state, "file:///data/state"]) {
        for (const user of [env, { ...env, AWS_ENDPOINT_URL: "http://127.0.0.1:9" }]) {
          const changes = shellChanges(toolEnvironment({ engine, target, stateUrl, env: user }), user);
          expect(formatExports(changes), target.cloud).to.not.match(/secret-\d/);
          const kept = ["PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE", "HTTPS_PROXY"];
          expect(changes).to.not.have.any.keys(...kept);
        }
      }
    }
  });

  it("exports the empty passphrase only for the local cloud, and only if the user has none", () => {
    const exported = (cloud: "local" | "aws", env: Record<string, string>) => {
      const target = cloud === "aws" ? { cloud } : { cloud, endpoint, region: undefined };
      const user = { ...NO_FILES, PATH: "/bin", ...env };
      const stateUrl = stateUrlOf(spawnPaths(user));
      const changes = shellChanges(toolEnvironment({ engine, target, stateUrl, env: user }), user);
      return Object.entries(changes).filter(([name]) => name.startsWith("PULUMI_CONFIG_PASSPHRASE"));
    };
    expect(exported("local", {})).to.deep.equal([["PULUMI_CONFIG_PASSPHRASE", ""]]);
    expect(exported("local", { PULUMI_CONFIG_PASSPHRASE: "" })).to.deep.equal([]);
    expect(exported("local", { PULUMI_CONFIG_PASSPHRASE: "p" })).to.deep.equal([]);
    expect(exported("local", { PULUMI_CONFIG_PASSPHRASE_FILE: "/f" })).to.deep.equal([]);
    expect(exported("aws", {})).to.deep.equal([]);
    expect(exported("aws", { PULUMI_CONFIG_PASSPHRASE: "p" })).to.deep.equal([]);
  });

  it("adds the language host to PATH only if the engine has none", () => {
    const { PATH } = toolEnvironment({
      engine: { ...engine, needsLanguageHost: true },
      target: { cloud: "aws" },
      env: NO_FILES,
    });
    expect(PATH?.split(delimiter)).to.include(join(packageRoot(), "local", "language-host", "bin"));
  });

  it("is unchanged when it is applied twice", () => {
    const target = { cloud: "local", endpoint, region: undefined } as const;
    const options = { engine, target, stateUrl: "file:///s" };
    const once = changed({}, toolEnvironment({ ...options, env: { PATH: "/bin", AWS_PROFILE: "work" } }));
    expect(changed(once, toolEnvironment({ ...options, env: once }))).to.deep.equal(once);
  });

  it("prefers the endpoint that the user has chosen, with the user's keys", () => {
    const env = {
      AWS_ENDPOINT_URL: "http://moto:5000",
      AWS_ACCESS_KEY_ID: "a",
      AWS_SECRET_ACCESS_KEY: "b",
      AWS_REGION: "eu-west-2",
    };
    const chosen = toolEnvironment({
      engine,
      target: { cloud: "local", endpoint, region: "us-east-1" },
      env: { ...NO_FILES, ...env },
    });
    expect(chosen).to.include({ AWS_ENDPOINT_URL: "http://moto:5000", AWS_REGION: "eu-west-2" });
    expect(chosen).not.to.have.any.keys("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "SPAWN_CLOUD_ENDPOINT");
    const withoutKeys = toolEnvironment({
      engine,
      target: { cloud: "local", endpoint: undefined, region: undefined },
      env: { ...NO_FILES, AWS_ENDPOINT_URL: "http://moto:5000" },
    });
    expect(withoutKeys).to.include({
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_REGION: "us-east-1",
    });
  });

  it("uses the local cloud's key in a shell with the user's own, and in a plugin of a shell with new ones", () => {
    const user = { AWS_ACCESS_KEY_ID: "AKIAUSER", AWS_SECRET_ACCESS_KEY: "u", AWS_SESSION_TOKEN: "t" };
    const target = { cloud: "local", endpoint, keys: KEYS, region: undefined } as const;
    const shell = changed(user, toolEnvironment({ engine, target, env: user }));
    const plugin = { ...shell, ...user };
    prepareProcess(plugin);
    for (const variables of [shell, plugin]) {
      expect(variables).to.include({
        AWS_ACCESS_KEY_ID: "SPAWNLOCALID",
        AWS_SECRET_ACCESS_KEY: "its secret:",
      });
      expect(variables).to.not.have.property("AWS_SESSION_TOKEN");
    }
  });

  it("never sends the local cloud's key to a server of the user's", () => {
    const env = { AWS_ENDPOINT_URL: "http://moto:5000" };
    const target = { cloud: "local", endpoint: undefined, keys: KEYS, region: undefined } as const;
    expect(JSON.stringify(toolEnvironment({ engine, target, env }))).to.not.include("SPAWNLOCALID");
  });

  it("follows the local cloud to another port from a shell that has its old endpoint", () => {
    const env = { AWS_ENDPOINT_URL: "http://127.0.0.1:1", SPAWN_CLOUD_ENDPOINT: "http://127.0.0.1:1" };
    expect(usersEndpoint(env)).to.equal(undefined);
    expect(
      toolEnvironment({ engine, target: { cloud: "local", endpoint, region: undefined }, env }),
    ).to.include({
      AWS_ENDPOINT_URL: endpoint,
      SPAWN_CLOUD_ENDPOINT: endpoint,
    });
  });
});

describe("formatExports", () => {
  it("survives every character in a shell", () => {
    const values = {
      PLAIN: "a:b",
      EMPTY: "",
      QUOTES: `it's "$HOME" \`date\` \\ and\na line`,
      SPACE: "/my home/bin",
    };
    const script = `${formatExports(values)}printf '%s\\0' "$PLAIN" "$EMPTY" "$QUOTES" "$SPACE"`;
    const printed = execFileSync("/bin/sh", ["-c", script], { encoding: "utf8" });
    expect(printed.split("\0").slice(0, -1)).to.deep.equal(Object.values(values));
  });
});
