import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { type Aws, sha256 } from "./support/aws.ts";
import { succeed } from "./support/process.ts";
import { bucketOf, RECORDS, randomFile, sharedWorld, type World } from "./support/world.ts";

interface Named {
  readonly what: string;
  readonly name: string;
  readonly bytes?: Buffer;
  /** As given on the command line. Default: the name. */
  readonly args?: readonly string[];
}

/** Each costs an upload and a deletion, so one name combines all characters of one kind. */
const NAMES: readonly Named[] = [
  { what: "spaces and quotes", name: ` it's  "quoted" \`here\` .txt` },
  { what: "a backslash and a dollar", name: "back\\slash $HOME.txt" },
  { what: "characters that URLs and XML give a meaning", name: "100%25 +a&b=1?c#d;<e>&amp;]]>,f:g@h.txt" },
  { what: "letters that are not ASCII, one of two code points", name: "données-µ-Größe-e\u0301.csv" },
  { what: "other scripts and emoji", name: "ゲノム 基因组 🧬👩‍🔬.fa" },
  { what: "a leading dash, after --", name: "-x", args: ["--", "-x"] },
  { what: "a leading dash, with its folder", name: "--ttl", args: ["./--ttl"] },
  { what: "255 bytes", name: `${"é".repeat(125)}n.bin` },
  { what: "what YAML takes for something else", name: "null" },
  { what: "no bytes in it", name: "empty.dat", bytes: Buffer.alloc(0) },
];

/** Concurrent uploads, like a user with several shells. */
const AT_ONCE = 3;

describe("A file name with", () => {
  const LAST = "eu-west-1";
  const ids = new Map<Named, string>();
  const listed = new Map<string, string>();
  let world: World;
  let aws: Aws;

  /** Rules replicate half of the files, and the client copies the other half. */
  const methodOf = (named: Named) => (NAMES.indexOf(named) % 2 === 0 ? "rule" : "copy");
  const contentOf = (named: Named) => named.bytes ?? Buffer.from(`content of ${named.name}\n`);

  before(async () => {
    world = await sharedWorld();
    aws = await world.aws();
    await inTurns(NAMES, async (named) => {
      await world.writeFile(named.name, contentOf(named));
      const flags = ["--regions", `us-east-1,${LAST}`, "--replication", methodOf(named)];
      const args = ["stage", "upload", ...flags, ...(named.args ?? [named.name])];
      const { code, stdout, stderr } = await world.spawn(...args);
      ids.set(named, code === 0 ? stdout.trim() : stderr);
    });
    const { stdout } = await succeed(world.spawn("stage", "list", "--json"));
    for (const { staging_id, filename } of JSON.parse(stdout).result) listed.set(staging_id, filename);
  });
  after(() =>
    inTurns([...ids.values()].filter(isId), async (id) => {
      await succeed(world.spawn("stage", "delete", id, "--yes"));
      const left = await aws.versions(LAST, bucketOf(LAST), `${id}/`);
      expect(left).to.deep.equal([]);
    }),
  );

  for (const named of NAMES) {
    it(`${named.what} survives byte for byte in the last region (${methodOf(named)})`, async () => {
      const id = ids.get(named) ?? "";
      expect(id).to.match(/^stage-[0-9a-f]{12}$/);
      const bytes = await aws.read(LAST, bucketOf(LAST), `${id}/${named.name}`);
      expect(sha256(bytes)).to.equal(sha256(contentOf(named)));
      expect(await aws.item(RECORDS, id)).to.deep.include({
        filename: named.name,
        destination: `/mnt/data/${named.name}`,
        size_bytes: contentOf(named).length,
        sha256: sha256(contentOf(named)),
      });
      expect(listed.get(id)).to.equal(named.name);
    });
  }
});

describe("A link to a file", () => {
  it("is staged under its own name with the file's bytes", async () => {
    const world = await sharedWorld();
    const aws = await world.aws();
    const bytes = randomFile(5_000);
    await world.writeFile("target.bin", bytes);
    await symlink("target.bin", join(world.folder, "link.bin"));
    const id = await world.upload("link.bin", "--regions", "eu-west-1");
    expect(await aws.sha256("eu-west-1", bucketOf("eu-west-1"), `${id}/link.bin`)).to.equal(sha256(bytes));
    await succeed(world.spawn("stage", "delete", id, "--yes"));
  });
});

const isId = (text: string): boolean => /^stage-[0-9a-f]{12}$/.test(text);

/** Runs `work` for all items, {@link AT_ONCE} at a time. */
async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
