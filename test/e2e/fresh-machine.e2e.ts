import { mkdir, symlink } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect } from "chai";
import { spawnPaths } from "../../local/paths.ts";
import { succeed } from "./support/process.ts";
import { processesOf } from "./support/processes.ts";
import { World } from "./support/world.ts";

describe("A machine without an environment", () => {
  let world: World;
  before(async () => {
    world = await World.make();
    await world.writeFile("first.dat", Buffer.from("first\n"));
  });
  after(() => world.remove());

  it("refuses an upload, names the command that creates the environment, and creates nothing", async () => {
    const { code, stdout, stderr } = await world.spawn("stage", "upload", "first.dat");
    expect({ code, stdout }).to.deep.equal({ code: 2, stdout: "" });
    expect(stderr).to.match(/^Error: environment dev is not up/m);
    expect(stderr).to.match(/^Fix: spawn environment up$/m);
    expect(await world.traces()).to.deep.equal([]);
  });

  it("reports itself in status, list and local status, and local down stops the cloud", async () => {
    const status = await world.spawn("environment", "status");
    expect(status.code).to.equal(1);
    expect(status.stdout).to.match(/^ {2}settings +\/.*\/Pulumi\.dev\.yaml$/m);
    const list = await world.spawn("stage", "list");
    expect(list.code).to.equal(2);
    expect(list.stderr).to.contain("spawn environment up");
    expect((await succeed(world.spawn("local", "status"))).stdout).to.match(/^State: running$/m);
    await succeed(world.spawn("local", "down"));
    expect(await processesOf(world.home)).to.deep.equal([]);
    expect((await succeed(world.spawn("local", "status"))).stdout).to.match(/^State: stopped$/m);
  });

  it("names the engine to install if it has none and cannot get one", async () => {
    // The local cloud is installed, but there is no pulumi, no Go and no network.
    const cache = join(world.home, "cache without engine");
    const venv = spawnPaths(world.env).venv;
    await mkdir(cache);
    await symlink(venv, join(cache, basename(venv)));
    const closed = "http://127.0.0.1:9";
    const env = {
      SPAWN_CACHE: cache,
      PATH: "/usr/bin:/bin",
      ...{ HTTPS_PROXY: closed, HTTP_PROXY: closed, NODE_USE_ENV_PROXY: "1", GOPROXY: "off" },
    };
    const { code, stdout, stderr } = await world.startIn({ env }, "environment", "up").ended;
    expect({ code, stdout }, stderr).to.deep.equal({ code: 2, stdout: "" });
    expect(stderr).to.match(/^Error: There is no Pulumi engine, and none could be built$/m);
    expect(stderr).to.match(/^Why: /m);
    expect(stderr).to.match(/^Fix: .*https:\/\/www\.pulumi\.com\/docs\/install\//m);
    expect(await world.traces()).to.deep.equal([]);
    const doctor = await world.startIn({ env }, "doctor").ended;
    expect(doctor.stdout).to.match(
      /^! Pulumi engine +none; \d+\.\d+\.\d+ is built with Go at first use\n +Fix: /m,
    );
  });
});
