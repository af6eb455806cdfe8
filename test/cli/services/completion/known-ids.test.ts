import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import {
  collecting,
  forgetKnownIds,
  knownIdsFile,
  MOST_IDS,
  readKnownIds,
  updateKnownIds,
} from "../../../../cli/services/completion/known-ids.ts";
import { parseAccountId } from "../../../../staging/accounts.ts";
import { UserError } from "../../../../staging/errors.ts";

const [A, B, C] = ["stage-aaaa11112222", "stage-bbbb11112222", "stage-cccc11112222"] as const;
const SWEEP = "sweep-dddd11112222";

const placeIn = (environmentName: string, account = "111111111111", projectFolder = "/project") => ({
  ...{ environmentName, projectFolder },
  account: async () => parseAccountId(account),
});

describe("The IDs for completion", () => {
  const saved = process.env["SPAWN_HOME"];
  const dev = placeIn("dev");
  let home: string;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), "spawn completion "));
    process.env["SPAWN_HOME"] = home;
  });
  afterEach(async () => {
    if (saved === undefined) delete process.env["SPAWN_HOME"];
    else process.env["SPAWN_HOME"] = saved;
    await rm(home, { recursive: true });
  });

  const entries = async (place = dev) => [...(await readKnownIds(place)).entries];

  it("follow what commands list, create and delete, the newest first", async () => {
    expect(await entries()).to.deep.equal([]);
    await updateKnownIds(dev, "entries", { add: [[A, "a.bin"]] });
    await updateKnownIds(dev, "sweeps", { add: [[SWEEP, "genomes"]] });
    await updateKnownIds(dev, "entries", { add: [[B, "b.bin"]] });
    expect(await entries()).to.deep.equal([
      [B, "b.bin"],
      [A, "a.bin"],
    ]);
    await updateKnownIds(dev, "entries", { remove: [B] });
    expect(await entries()).to.deep.equal([[A, "a.bin"]]);
    await updateKnownIds(dev, "entries", { add: [[C, "c.bin"]], isComplete: true });
    expect(await entries()).to.deep.equal([[C, "c.bin"]]);
    expect([...(await readKnownIds(dev)).sweeps]).to.deep.equal([[SWEEP, "genomes"]]);
  });

  it("differ between environments, projects and accounts", async () => {
    await updateKnownIds(dev, "entries", { add: [[A, "a"]] });
    expect(await entries(placeIn("prod"))).to.deep.equal([]);
    expect(await entries(placeIn("dev", "111111111111", "/other"))).to.deep.equal([]);
    await updateKnownIds(placeIn("dev", "222222222222"), "entries", { add: [[B, "b"]] });
    expect(await entries()).to.deep.equal([[B, "b"]]);
  });

  it("are gone with their environment, or with the local cloud", async () => {
    const test = placeIn("test");
    for (const place of [dev, test]) await updateKnownIds(place, "entries", { add: [[A, "a"]] });
    await forgetKnownIds(dev);
    expect([await entries(), await entries(test)]).to.deep.equal([[], [[A, "a"]]]);
    await forgetKnownIds();
    expect(await entries(test)).to.deep.equal([]);
  });

  it("are bounded, and in a private file", async () => {
    const id = (number: number) => `stage-${number.toString(16).padStart(12, "0")}`;
    const many = Array.from({ length: MOST_IDS + 5 }, (_, number) => [id(number), "name"] as const);
    await updateKnownIds(dev, "entries", { add: many });
    expect(await entries()).to.have.length(MOST_IDS);
    const collected = new Map<string, string>();
    const pages = async function* () {
      yield many.slice(0, 10);
      yield many.slice(10);
    };
    let passed = 0;
    for await (const page of collecting(pages(), (item) => item, collected)) passed += page.length;
    expect([passed, collected.size]).to.deep.equal([many.length, MOST_IDS]);
    expect((await stat(knownIdsFile(dev))).mode & 0o777).to.equal(0o600);
  });

  it("leave out everything of a forged file that is not an ID", async () => {
    await mkdir(dirname(knownIdsFile(dev)), { recursive: true });
    const forged = [
      "$(touch x)",
      "stage-$(touch x)",
      "stage-aaaa11112222; id",
      "`id`",
      "--yes",
      SWEEP,
      7,
      null,
    ];
    const content = {
      account: "1",
      entries: [[A, "a"], ...forged.map((id) => [id, "x"]), "x", [B]],
      sweeps: 5,
    };
    await writeFile(knownIdsFile(dev), JSON.stringify(content));
    expect(await entries()).to.deep.equal([[A, "a"]]);
    expect((await readKnownIds(dev)).sweeps.size).to.equal(0);
  });

  for (const text of ["", "{", "null", "[]", '{"entries": {}}', `[${" ".repeat(2 ** 20)}]`]) {
    it(`are none, without an error, if the file is ${JSON.stringify(text.slice(0, 20))}`, async () => {
      await mkdir(dirname(knownIdsFile(dev)), { recursive: true });
      await writeFile(knownIdsFile(dev), text);
      expect(await entries()).to.deep.equal([]);
      await updateKnownIds(dev, "entries", { add: [[A, "a"]] });
      expect(await entries()).to.deep.equal([[A, "a"]]);
    });
  }

  it("fail no command if they cannot be stored or the account is not known", async () => {
    await writeFile(join(home, "data"), "a file in place of the folder");
    await updateKnownIds(dev, "entries", { add: [[A, "a"]] });
    await forgetKnownIds(dev);
    await forgetKnownIds();
    const timeout = Object.assign(new Error("no answer"), { name: "TimeoutError" });
    for (const error of [new UserError("no connection"), timeout]) {
      const lost = { ...dev, account: () => Promise.reject(error) };
      await updateKnownIds(lost, "entries", { add: [[A, "a"]] });
    }
    expect(await entries()).to.deep.equal([]);
    expect(await readFile(join(home, "data"), "utf8")).to.match(/^a file/);
  });
});
