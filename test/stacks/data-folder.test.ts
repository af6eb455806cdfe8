import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Config } from "@oclif/core";
import { expect } from "chai";
import { spawnPaths } from "../../local/paths.ts";
import { configFolder, dataFolder, entrySettingsPath } from "../../stacks/data-folder.ts";

describe("data folder", () => {
  for (const [variables, expected] of [
    [{ SPAWN_HOME: "/srv/spawn", XDG_DATA_HOME: "/xdg", HOME: "/home/me" }, "/srv/spawn/data"],
    [{ SPAWN_HOME: "relative", HOME: "/home/me" }, join(resolve("relative"), "data")],
    [{ SPAWN_HOME: "", XDG_DATA_HOME: "/xdg", HOME: "/home/me" }, "/xdg/spawn"],
    [{ XDG_DATA_HOME: "relative", HOME: "/home/me" }, "/home/me/.local/share/spawn"],
    [{ HOME: "/home/me" }, "/home/me/.local/share/spawn"],
  ] as const) {
    it(`is ${expected} with ${JSON.stringify(variables)}, if the command line has its own`, () => {
      expect(dataFolder(variables)).to.equal(expected);
      expect(spawnPaths(variables).data).to.equal(expected);
      expect(entrySettingsPath("dev.stage-abc123def456", variables)).to.equal(
        join(spawnPaths(variables).stacks, "Pulumi.dev.stage-abc123def456.yaml"),
      );
    });
  }
});

describe("config folder", () => {
  const NAMES = ["SPAWN_CONFIG_DIR", "SPAWN_HOME", "XDG_CONFIG_HOME", "HOME"] as const;
  const saved = NAMES.map((name) => [name, process.env[name]] as const);
  const set = (values: Readonly<Record<string, string | undefined>>): void => {
    for (const name of NAMES) {
      if (values[name] === undefined) delete process.env[name];
      else process.env[name] = values[name];
    }
  };
  afterEach(() => set(Object.fromEntries(saved)));

  for (const [variables, expected, isOclifs] of [
    [{ SPAWN_CONFIG_DIR: "/etc/spawn", SPAWN_HOME: "/srv/spawn", HOME: "/home/me" }, "/etc/spawn", true],
    [{ SPAWN_HOME: "/srv/spawn", XDG_CONFIG_HOME: "/xdg", HOME: "/home/me" }, "/srv/spawn/config", false],
    [{ XDG_CONFIG_HOME: "/xdg", HOME: "/home/me" }, "/xdg/spawn", true],
    [{ XDG_CONFIG_HOME: "relative", HOME: "/home/me" }, "/home/me/.config/spawn", false],
    [{ HOME: "/home/me" }, "/home/me/.config/spawn", true],
  ] as const) {
    it(`is ${expected} with ${JSON.stringify(variables)}`, async () => {
      expect(configFolder(variables)).to.equal(expected);
      // oclif's own result, and its result with the command line's settings.
      for (const told of isOclifs ? [{}, { SPAWN_CONFIG_DIR: expected }] : [{ SPAWN_CONFIG_DIR: expected }]) {
        set({ ...variables, ...told });
        const config = new Config({ root: tmpdir(), pjson: PJSON, userPlugins: false });
        await config.load();
        expect(config.configDir).to.equal(expected);
        expect(configFolder(process.env)).to.equal(expected);
      }
    });
  }
});

/** The part of package.json that decides the folder, without the commands. */
const PJSON = { name: "spawn", version: "0.0.0", oclif: { bin: "spawn", dirname: "spawn" } };
