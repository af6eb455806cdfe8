import { expect } from "chai";
import type { Region } from "../../../staging/regions.ts";
import { checkEnd, checkNow, hoursOf, passHours } from "./observed-life.ts";
import type { Behaviour, Fate } from "./simulated-s3.ts";
import { PRIMARY, REGIONS, SECOND, StagedWorld, THIRD, TimeTables } from "./staged-world.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const soon = (afterMs: number, end: "COMPLETED" | "FAILED" = "COMPLETED"): Fate => ({ afterMs, end });

interface Case {
  readonly title: string;
  readonly start?: string;
  /** Replication of objects. @default each replica exists after five seconds */
  readonly fate?: Behaviour["fate"];
  readonly behaviour?: Partial<Behaviour>;
  /** The entry's life. Hours pass afterwards until it has ended. */
  readonly live: (world: StagedWorld) => Promise<void>;
  readonly ttl?: number;
  /** Whether S3 keeps the data until a user deletes the entry. */
  readonly isKept?: boolean;
}

const upload =
  (ttl: number, options: Parameters<StagedWorld["upload"]>[2] = {}, regions: readonly Region[] = REGIONS) =>
  (world: StagedWorld): Promise<void> =>
    world.upload(regions, ttl, options);

/** Does not wait for the rules. */
const impatiently =
  (live: Case["live"]): Case["live"] =>
  (world) => {
    world.patience.baseMs = 0;
    return live(world);
  };

const CASES: readonly Case[] = [
  { title: "replicas that rules make at once", live: upload(2) },
  { title: "a directory", live: upload(2, { sizes: [400_000, 300_000, 300_000] }) },
  { title: "replicas that come after twelve minutes", fate: () => soon(12 * MINUTE), live: upload(2) },
  {
    title: "one replica at once, one late, both PENDING until then",
    fate: (region) => soon(region === SECOND ? 1_000 : 10 * MINUTE),
    live: upload(2),
  },
  { title: "rules that fail", fate: () => soon(20_000, "FAILED"), live: upload(2), isKept: true },
  {
    title: "a directory whose replication fails",
    fate: () => soon(20_000, "FAILED"),
    live: upload(2, { sizes: [400_000, 600_000] }),
    isKept: true,
  },
  {
    title: "one rule that fails, one that does not",
    fate: (region) => soon(20_000, region === SECOND ? "FAILED" : "COMPLETED"),
    live: upload(2),
    isKept: true,
  },
  {
    title: "replicas that arrive after the copies, above them",
    fate: () => soon(30 * HOUR),
    behaviour: { lateReplica: "above" },
    live: impatiently(upload(3)),
    ttl: 3,
  },
  {
    title: "replicas that arrive after the copies, below them",
    fate: () => soon(30 * HOUR),
    behaviour: { lateReplica: "below" },
    live: impatiently(upload(3)),
    ttl: 3,
  },
  { title: "copies", live: upload(1, { method: "copy" }), ttl: 1 },
  { title: "an upload at midnight", start: "2026-03-01T23:59:58Z", live: upload(1) },
  {
    title: "an upload that ends after midnight",
    start: "2026-03-01T23:59:40Z",
    live: upload(1, { sizes: [5e5, 5e5] }),
  },
  { title: "S3 that removes late", behaviour: { lifecycleLagMs: 20 * HOUR }, live: upload(2) },
  { title: "a day of 366", start: "2028-02-28T18:00:00Z", live: upload(2) },
  {
    title: "a region that is added on the third day of five",
    ttl: 5,
    live: async (world) => {
      await world.upload([PRIMARY, SECOND], 5);
      await passHours(world, 50);
      await world.update(REGIONS, 5);
    },
  },
  {
    title: "a region that is added in the last hour",
    ttl: 2,
    live: async (world) => {
      await world.upload([PRIMARY], 2);
      await passHours(world, 47);
      await world.update([PRIMARY, THIRD], 2);
    },
  },
  {
    title: "a region that is removed",
    ttl: 3,
    live: async (world) => {
      await world.upload(REGIONS, 3);
      await passHours(world, 30);
      await world.update([PRIMARY, THIRD], 3);
    },
  },
  {
    title: "a TTL that is made longer",
    ttl: 5,
    live: async (world) => {
      await world.upload([PRIMARY, SECOND], 2);
      await passHours(world, 40);
      await world.update([PRIMARY, SECOND], 5);
    },
  },
  {
    title: "a TTL that is made longer after its expiry, before midnight",
    ttl: 4,
    live: async (world) => {
      await world.upload([PRIMARY, SECOND], 2);
      await passHours(world, 47);
      await world.update([PRIMARY, SECOND], 4);
    },
  },
  {
    title: "a TTL that is made shorter",
    ttl: 5,
    live: async (world) => {
      await world.upload([PRIMARY, SECOND], 5);
      await passHours(world, 30);
      await world.update([PRIMARY, SECOND], 2);
    },
  },
  {
    title: "a region that was lost and is repaired",
    ttl: 4,
    live: async (world) => {
      await world.upload([PRIMARY, SECOND], 4);
      await passHours(world, 40);
      world.lose(SECOND);
      await world.repair(SECOND);
      await checkNow(world);
    },
  },
  ...[
    { title: "a file", sizes: [1_000_000], lost: "data" },
    { title: "a file with its manifest", sizes: [1_000_000], lost: "" },
    { title: "a manifest", sizes: [1_000_000], lost: ".spawn-manifest.jsonl" },
    { title: "a file of a directory", sizes: [400_000, 300_000, 300_000], lost: "file-1" },
    { title: "the manifest of a directory", sizes: [400_000, 600_000], lost: ".spawn-manifest.jsonl" },
    { title: "a directory with its manifest", sizes: [400_000, 600_000], lost: "" },
  ]
    .flatMap((one) => [
      { ...one, interrupted: false },
      { ...one, interrupted: true },
    ])
    .map(({ title, sizes, lost, interrupted }) => ({
      title: `${title} that was lost in the primary region and is staged again${interrupted ? ", after an interrupted update" : ""}`,
      ttl: 4,
      live: async (world: StagedWorld) => {
        await world.upload([PRIMARY, SECOND], 4, { sizes });
        await passHours(world, 40);
        world.lose(PRIMARY, lost);
        await world.restage(interrupted);
        await checkNow(world);
      },
    })),
];

const behaviourOf = ({ fate = () => soon(5_000), behaviour }: Case): Behaviour => ({
  ...{ fate, lifecycleLagMs: 0, lateReplica: "above" },
  ...behaviour,
});

describe("The lifetime of an entry on an S3 with a simulated clock", () => {
  let tables: TimeTables;
  before(async () => {
    tables = await TimeTables.start();
  });
  after(() => tables.stop());

  async function inWorld(one: Case, work: (world: StagedWorld) => Promise<void>): Promise<void> {
    const world = await StagedWorld.make(tables, one.start ?? "2026-03-01T10:00:00Z", behaviourOf(one));
    try {
      await work(world);
    } finally {
      await world.end();
    }
  }

  for (const one of CASES) {
    it(`agrees with record, info and ledger at every hour: ${one.title}`, () =>
      inWorld(one, async (world) => {
        await one.live(world);
        await checkNow(world);
        await passHours(world, hoursOf(one.ttl ?? 2));
        if (one.isKept) await world.delete();
        await checkEnd(world);
      }));
  }

  it("continues after the expiry while objects stay PENDING, which S3 keeps until a deletion", () =>
    inWorld({ title: "", fate: () => "never", live: async () => {} }, async (world) => {
      await impatiently(upload(2))(world);
      await passHours(world, 47);
      await world.delete();
      await checkEnd(world);
    }));

  for (const [title, hours] of [
    ["in the middle of its life", 20],
    ["after its expiry, before midnight", 49],
    ["while S3 keeps it as noncurrent versions", 70],
    ["when S3 has removed it", 120],
  ] as const) {
    it(`ends by a deletion ${title}, and is billed until then at most`, () =>
      inWorld({ title, live: async () => {} }, async (world) => {
        await world.upload([PRIMARY, SECOND], 2);
        await passHours(world, hours);
        const before = world.clock.now();
        await world.delete();
        await checkEnd(world);
        const ends = world.charges().map(({ to }) => Number(to));
        expect(Math.max(...ends)).to.be.at.most(Number(world.clock.now()));
        const [life] = (await world.ledger()).lives;
        expect(life?.closedAt).to.be.at.least(before);
      }));
  }
});
