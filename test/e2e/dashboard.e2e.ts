import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import type { Embedded, PartEvent } from "../../dashboard/snapshot.ts";
import { succeed } from "./support/process.ts";
import { randomFile, sharedWorld, type World } from "./support/world.ts";

describe("spawn dashboard", () => {
  let world: World;
  let id: string;
  before(async () => {
    world = await sharedWorld();
    await world.writeFile("dashboard <b>.dat", randomFile(30_000));
    id = await world.upload("dashboard <b>.dat", "--regions", "us-east-1,us-west-2");
  });

  it("writes a copy with the entry, its data in each region, and its cost", async () => {
    const file = join(world.folder, "dashboard.html");
    const { stderr, stdout } = await succeed(world.spawn("dashboard", "--output", file));
    expect([stdout, stderr]).to.deep.equal(["", `Written to ${file}\n`]);
    const page = await readFile(file, "utf8");
    const [, data = ""] = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page) ?? [];
    const { about, saved } = JSON.parse(data) as Embedded;
    expect(about.environment).to.equal("dev");
    expect(saved?.parts.entries.value?.entries.find((entry) => entry.id === id)).to.deep.include({
      ...{ name: "dashboard <b>.dat", sizeBytes: 30_000, regions: ["us-east-1", "us-west-2"] },
    });
    expect(saved?.parts.presence.value?.[id]).to.deep.equal({
      "us-east-1": { state: "whole", why: null },
      "us-west-2": { state: "whole", why: null },
    });
    expect(saved?.parts.cost.value?.total).to.be.above(0);
    expect(saved?.parts.transfers.error).to.equal(null);
  });

  it("serves the page and its data until Ctrl-C, which is no failure", async () => {
    const running = world.start("dashboard", "--json");
    await running.wrote("\n}\n");
    // The result is written before the command ends.
    const { status, result } = JSON.parse(running.stdout) as { status: number; result: { url: string } };
    expect(status).to.equal(0);
    const { url } = result;
    const page = await fetch(url);
    expect(page.status).to.equal(200);
    expect(await page.text()).to.contain("<title>spawn dashboard (dev)</title>");
    expect((await fetch(new URL("/", url))).status).to.equal(403);
    const entries = await firstEvent(`${url}events`, "entries");
    expect(JSON.stringify(entries.part.value)).to.contain(id);
    running.kill("SIGINT");
    const { code, stderr } = await running.ended;
    expect([code, stderr]).to.deep.equal([0, ""]);
  });

  it("opens a file that forwards to the page on a terminal, and removes it at Ctrl-C", async () => {
    const bin = join(world.folder, "bin of the browser");
    const opened = join(world.folder, "opened.html");
    await mkdir(bin);
    for (const name of ["xdg-open", "open"]) {
      const text = `#!/bin/sh\nfile=$(printf %s "$1" | sed "s,^file://,,; s,%20, ,g")\ncp "$file" "$OPENED.tmp" && mv "$OPENED.tmp" "$OPENED"\n`;
      await writeFile(join(bin, name), text, { mode: 0o755 });
    }
    const env = { PATH: `${bin}:${world.env["PATH"]}`, OPENED: opened };
    const running = world.startOnTerminalIn(env, 200, "dashboard");
    await running.wrote("Press Ctrl-C to stop.");
    while (!existsSync(opened)) await sleep(50);
    const [url = ""] = /http:\/\/127\.0\.0\.1:\d+\/[\w-]+\//.exec(running.stdout) ?? [];
    expect(await readFile(opened, "utf8")).to.contain(`content="0;url=${url}"`);
    running.type("\u0003");
    const { code, stdout } = await running.ended;
    expect([code, stdout.includes("Warning")]).to.deep.equal([0, false]);
    expect(await readdir(join(world.home, "data/dashboard"))).to.deep.equal([]);
  });

  it("refuses an environment that does not exist before it serves anything", async () => {
    const { code, stdout, stderr } = await world.spawn("dashboard", "--environment", "nowhere");
    expect([code, stdout]).to.deep.equal([2, ""]);
    expect(stderr).to.contain("nowhere").and.contain("Fix:");
  });
});

/** The first event with a value of a part. */
async function firstEvent(url: string, name: string): Promise<PartEvent> {
  const abort = new AbortController();
  const { body } = await fetch(url, { signal: abort.signal });
  if (body === null) throw new Error("the stream has no body");
  let text = "";
  try {
    for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const events = text
        .split("\n\n")
        .slice(0, -1)
        .filter((event) => event.startsWith("event: part"))
        .map((event) => JSON.parse(event.replace("event: part\ndata: ", "")) as PartEvent);
      const found = events.find((event) => event.name === name && event.part.value !== null);
      if (found !== undefined) return found;
    }
  } finally {
    abort.abort();
  }
  throw new Error(`the stream has no ${name}`);
}
