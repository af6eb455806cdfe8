import { expect } from "chai";
import { type Ended, succeed } from "./support/process.ts";
import { RECORDS, randomFile, sharedWorld, type World } from "./support/world.ts";

/** Read-only commands and their exit codes. */
const COMMANDS: readonly [string[], number][] = [
  [["local", "up"], 0],
  [["local", "status"], 0],
  [["environment", "status"], 0],
  [["environment", "destroy"], 2],
  [["stage", "list"], 0],
  [["stage", "list", "--region", "nowhere"], 2],
  [["stage", "info", "stage-0123456789ab"], 2],
  [["stage", "delete", "stage-0123456789ab"], 2],
  [["stage", "cleanup"], 2],
  [["stage", "cleanup", "--sweep-id", "sweep-without-entries", "--dry-run"], 0],
  [["stage", "upload", "none.dat"], 2],
  [["stage", "upload"], 2],
  [["stage", "list", "--bogus"], 2],
  [["stage", "bogus"], 2],
  [["bogus"], 2],
  [["stage", "cost"], 0],
  [["stage", "cost", "--since", "someday"], 2],
  [["stage", "estimate", "--data-size-gb", "100"], 0],
  [["stage", "estimate"], 2],
  [["config", "list"], 0],
  [["config", "get", "staging.ttl"], 0],
  [["config", "get", "staging.tll"], 2],
  [["config", "set", "staging.ttl", "91"], 2],
  [["config", "unset", "staging.ttl"], 0],
  [["local", "reset"], 2],
  [["doctor"], 0],
  [["env"], 0],
];

describe("--json", () => {
  let world: World;
  before(async () => {
    world = await sharedWorld();
  });

  function envelopeOf({ code, stdout, stderr }: Ended): Record<string, unknown> {
    expect(stderr).to.equal("");
    const envelope = JSON.parse(stdout) as Record<string, unknown>;
    expect(envelope["status"]).to.equal(code);
    expect(envelope["warnings"]).to.deep.equal([]);
    return envelope;
  }

  for (const [args, code] of COMMANDS) {
    it(`makes the stdout of "spawn ${args.join(" ")}" one document and leaves stderr empty`, async () => {
      const ended = await world.spawn(...args, "--json");
      expect(ended.code, ended.stderr || ended.stdout).to.equal(code);
      const envelope = envelopeOf(ended);
      expect(envelope).to.have.property(code === 0 ? "result" : "error");
      if (code !== 0) {
        const { message, fix } = envelope["error"] as Record<string, unknown>;
        expect(message).to.be.a("string").and.not.equal("");
        expect(fix === undefined || typeof fix === "string").to.equal(true);
      }
    });
  }

  it("reports an upload's facts and a deletion's result", async () => {
    await world.writeFile("json.dat", randomFile(10_000));
    const upload = envelopeOf(await succeed(world.spawn("stage", "upload", "json.dat", "--json")));
    const result = upload["result"] as Record<string, unknown>;
    const id = String(result["staging_id"]);
    expect(id).to.match(/^stage-[0-9a-f]{12}$/);
    const info = envelopeOf(await succeed(world.spawn("stage", "info", id, "--json")));
    expect(info["result"]).to.deep.include(result);
    const refused = await world.spawn("stage", "delete", id, "--json");
    expect(refused.code).to.equal(2);
    envelopeOf(refused);
    expect(await (await world.aws()).item(RECORDS, id)).to.include({ staging_id: id });
    const deleted = envelopeOf(await succeed(world.spawn("stage", "delete", id, "--yes", "--json")));
    expect(deleted["result"]).to.deep.equal({ staging_id: id, deleted: true });
  });
});

describe("The command line", () => {
  it("prints its version", async () => {
    const world = await sharedWorld();
    const { stdout } = await succeed(world.spawn("--version"));
    expect(stdout).to.match(/^spawn\/\d+\.\d+\.\d+ \S+ node-v\d+\.\d+\.\d+\n$/);
  });

  it("has help for every topic and every option of the guide", async () => {
    const world = await sharedWorld();
    const help = async (...args: string[]) => (await succeed(world.spawn(...args, "--help"))).stdout;
    const [all, stage, config, upload, list, remove, cleanup] = await Promise.all([
      help(),
      help("stage"),
      help("config"),
      help("stage", "upload"),
      help("stage", "list"),
      help("stage", "delete"),
      help("stage", "cleanup"),
    ]);
    for (const word of ["stage", "environment", "local", "config", "doctor", "env"])
      expect(all).to.contain(word);
    for (const word of ["upload", "list", "info", "delete", "cleanup"])
      expect(stage).to.contain(`stage ${word}`);
    for (const word of ["set", "get", "list", "unset"]) expect(config).to.contain(`config ${word}`);
    for (const flag of ["--regions", "--dest", "--sweep-id", "--ttl"]) expect(upload).to.contain(flag);
    for (const flag of ["--sweep-id", "--region", "--format", "--sort", "--limit"])
      expect(list).to.contain(flag);
    expect(remove).to.match(/-y, --yes/);
    for (const flag of ["--expired", "--sweep-id", "--orphans", "--dry-run", "-y, --yes"])
      expect(cleanup).to.contain(flag);
  });
});
