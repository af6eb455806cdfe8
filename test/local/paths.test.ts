import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { expect } from "chai";
import { spawnPaths } from "../../local/paths.ts";
import { CLOUD_VERSION, ENGINE_VERSION } from "../../local/versions.ts";

describe("spawnPaths", () => {
  const cases: [string, NodeJS.ProcessEnv, { data: string; cache: string }][] = [
    ["HOME", { HOME: "/h" }, { data: "/h/.local/share/spawn", cache: "/h/.cache/spawn" }],
    ["no HOME", {}, { data: join(homedir(), ".local/share/spawn"), cache: join(homedir(), ".cache/spawn") }],
    [
      "the XDG folders",
      { HOME: "/h", XDG_DATA_HOME: "/x/data", XDG_CACHE_HOME: "/x/cache" },
      { data: "/x/data/spawn", cache: "/x/cache/spawn" },
    ],
    [
      "relative XDG folders, which the specification has ignored",
      { HOME: "/h", XDG_DATA_HOME: "data", XDG_CACHE_HOME: "" },
      { data: "/h/.local/share/spawn", cache: "/h/.cache/spawn" },
    ],
    [
      "SPAWN_HOME over XDG",
      { HOME: "/h", XDG_DATA_HOME: "/x", SPAWN_HOME: "/s p" },
      { data: "/s p/data", cache: "/s p/cache" },
    ],
    [
      "a relative SPAWN_HOME",
      { SPAWN_HOME: "here" },
      { data: resolve("here/data"), cache: resolve("here/cache") },
    ],
    [
      "SPAWN_CACHE, which moves the cache alone",
      { SPAWN_HOME: "/s", SPAWN_CACHE: "/c" },
      { data: "/s/data", cache: "/c" },
    ],
  ];
  for (const [title, env, expected] of cases) {
    it(`follows ${title}`, () => {
      expect(spawnPaths(env)).to.deep.equal({
        ...expected,
        state: join(expected.data, "state"),
        stacks: join(expected.data, "stacks"),
        cloud: join(expected.data, "cloud"),
        engine: join(expected.cache, "engine", ENGINE_VERSION),
        venv: join(expected.cache, `ministack-${CLOUD_VERSION}`),
      });
    });
  }
});
