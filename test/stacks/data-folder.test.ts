import { join, resolve } from "node:path";
import { expect } from "chai";
import { spawnPaths } from "../../local/paths.ts";
import { dataFolder, entrySettingsPath } from "../../stacks/data-folder.ts";

describe("data folder", () => {
  for (const [variables, expected] of [
    [{ SPAWN_HOME: "/srv/spawn", XDG_DATA_HOME: "/xdg", HOME: "/home/me" }, "/srv/spawn/data"],
    [{ SPAWN_HOME: "relative", HOME: "/home/me" }, join(resolve("relative"), "data")],
    [{ SPAWN_HOME: "", XDG_DATA_HOME: "/xdg", HOME: "/home/me" }, "/xdg/spawn"],
    [{ XDG_DATA_HOME: "relative", HOME: "/home/me" }, "/home/me/.local/share/spawn"],
    [{ HOME: "/home/me" }, "/home/me/.local/share/spawn"],
  ] as const) {
    it(`is ${expected} with ${JSON.stringify(variables)}, where the command line has its own`, () => {
      expect(dataFolder(variables)).to.equal(expected);
      expect(spawnPaths(variables).data).to.equal(expected);
      expect(entrySettingsPath("dev.stage-abc123def456", variables)).to.equal(
        join(spawnPaths(variables).stacks, "Pulumi.dev.stage-abc123def456.yaml"),
      );
    });
  }
});
