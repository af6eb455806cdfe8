import type {
  About,
  DayCost,
  Entry,
  Failures,
  Log,
  Part,
  Parts,
  Presence,
  Problem,
  Sweep,
  Transfer,
} from "../../dashboard/snapshot.ts";
import { failuresName, logName, type Saved } from "../../dashboard/snapshot.ts";

/** The server's time of the fake data. */
export const NOW = "2026-11-24T12:00:00Z";
const MS_PER_HOUR = 3_600_000;

export const ABOUT: About = {
  environment: "dev",
  cloud: "local",
  regions: ["us-east-1", "us-west-2", "eu-west-1"].map((region) => ({
    region,
    bucket: `spawn-staging-${region}`,
  })),
  commandEnd: "",
};

/** A name that would run a script in a page that does not escape it. */
export const HOSTILE = `<img src=x onerror="document.title='hacked'"></script><script>document.title='hacked'</script>`;
/** A name without a place to break a line. */
export const LONG = `${"sample-".repeat(24)}.fastq.gz`;

const zero = { replication: 0, storage: 0, requests: 0 };

const at = (hours: number): string => new Date(Date.parse(NOW) + hours * MS_PER_HOUR).toISOString();

export const read = <T>(value: T, changes: Partial<Part<T>> = {}): Part<T> => ({
  ...{ value, readAt: NOW, error: null, problems: [], ...changes },
});

export const failedPart = (error: Problem): Part<never> => ({
  ...{ value: null, readAt: null, error, problems: [] },
});

export function entry(number: number, changes: Partial<Entry> = {}): Entry {
  return {
    id: `stage-${number.toString(16).padStart(12, "0")}`,
    name: `sample-${number}.fastq.gz`,
    kind: "file",
    fileCount: 1,
    sizeBytes: (number + 1) * 1_700_000_000,
    regions: ABOUT.regions.slice(0, 1 + (number % 3)).map(({ region }) => region),
    uploadedAt: at(-20 - number),
    expiresAt: at(7 * 24 - 20 - number),
    sweepId: null,
    isDeleting: false,
    ...changes,
  };
}

const wholeEverywhere = (entries: readonly Entry[]): Presence =>
  Object.fromEntries(
    entries.map(({ id, regions }) => [
      id,
      Object.fromEntries(regions.map((region) => [region, { state: "whole", why: null }])),
    ]),
  );

export const transfer = (changes: Partial<Transfer> = {}): Transfer => ({
  id: "stage-21bc962daf48",
  name: "reference-genome.fasta",
  source: "/data/reference-genome.fasta",
  sizeBytes: 120_000_000_000,
  fileCount: 1,
  state: "uploading",
  startedAt: at(-0.5),
  host: "workstation",
  regions: [
    { region: "us-east-1", bytes: 83_000_000_000, files: 0 },
    { region: "us-west-2", bytes: 12_000_000_000, files: 0 },
  ],
  ...changes,
});

export const SWEEP: Sweep = {
  id: "sweep-abc123def456",
  name: "genome-pipeline",
  state: "running",
  count: 50,
  total: { pending: 12, running: 10, done: 25, failed: 3, cancelled: 0 },
  regions: [
    {
      ...{ region: "us-east-1", workers: 5, alive: 5 },
      ...{ pending: 2, running: 5, done: 15, failed: 3, cancelled: 0 },
    },
    {
      ...{ region: "us-west-2", workers: 5, alive: 4 },
      ...{ pending: 10, running: 5, done: 10, failed: 0, cancelled: 0 },
    },
  ],
  createdAt: at(-2),
  deadlineAt: at(10),
};

export const FAILURES: Failures = {
  failures: [
    {
      ...{ index: 7, region: "us-east-1", attempt: 1, exitCode: 2 },
      ...{ error: "exit code 2", endedAt: at(-0.3) },
    },
    {
      ...{ index: 12, region: "us-east-1", attempt: 3, exitCode: null },
      ...{ error: "the time limit of 600 seconds has passed", endedAt: at(-0.2) },
    },
    {
      ...{ index: 13, region: "us-east-1", attempt: 1, exitCode: 137 },
      ...{ error: HOSTILE, endedAt: at(-0.1) },
    },
  ],
  total: 3,
};

export const LOG: Log = {
  text: 'reading /mnt/data/reference.fasta\nsplit: 4096 lines\nTraceback (most recent call last):\n  File "analyze.py", line 12\nValueError: no record <b>7</b>\n',
  sizeBytes: 90_000,
  omittedBytes: 24_464,
};

const DAYS: readonly DayCost[] = Array.from({ length: 30 }, (_, day) => ({
  date: at(-24 * (29 - day)).slice(0, 10),
  replication: day % 7 === 3 ? 1.2 : 0,
  storage: day < 5 ? 0 : 0.31 + 0.02 * (day % 9),
  requests: 0,
}));

/** An environment with something of every kind. */
export function busyParts(): Parts {
  const entries = [
    entry(0, { sweepId: "sweep-abc123def456" }),
    entry(1, { name: HOSTILE }),
    entry(2, { name: LONG, kind: "directory", fileCount: 12_400 }),
    entry(3, { expiresAt: at(1.1) }),
    entry(4, { expiresAt: at(-3) }),
    entry(5, { isDeleting: true }),
    ...Array.from({ length: 8 }, (_, index) => entry(6 + index)),
  ];
  const damaged = entries[2]?.id ?? "";
  return {
    transfers: read([
      transfer(),
      transfer({
        ...{ id: "stage-77aa00bb11cc", name: LONG, state: "interrupted", fileCount: 4_000 },
        regions: [
          { region: "us-east-1", bytes: 120_000_000_000, files: 4_000 },
          { region: "eu-west-1", bytes: null, files: null },
        ],
      }),
    ]),
    sweeps: read({
      sweeps: [
        SWEEP,
        {
          ...SWEEP,
          ...{ id: "sweep-000000000001", name: HOSTILE, state: "succeeded", createdAt: at(-40) },
          total: { pending: 0, running: 0, done: 50, failed: 0, cancelled: 0 },
          regions: SWEEP.regions.map((region) => ({
            ...{ ...region, pending: 0, running: 0, done: 25, failed: 0, alive: 0 },
          })),
        },
      ],
      more: false,
    }),
    entries: read({ entries, more: false }),
    presence: read<Presence>({
      ...wholeEverywhere(entries.slice(0, 12)),
      [damaged]: {
        "us-east-1": { state: "whole", why: null },
        "us-west-2": { state: "missing", why: "12 of 12,400 objects are missing" },
        "eu-west-1": { state: "unreachable", why: "no answer" },
      },
    }),
    cost: read({
      prices: "guide",
      total: DAYS.reduce((sum, { replication, storage }) => sum + replication + storage, 0),
      days: DAYS,
      regions: { "us-east-1": 6.1, "us-west-2": 3.4, "eu-west-1": 1.2 },
      unfinished: { count: 1, bytes: 83_000_000_000, perDay: 0.06 },
    }),
  };
}

/** A new environment. */
export const EMPTY_PARTS: Parts = {
  transfers: read([]),
  sweeps: read({ sweeps: [], more: false }),
  entries: read({ entries: [], more: false }),
  presence: read({}),
  cost: read({
    ...{ prices: "guide", total: 0, days: DAYS.map(({ date }) => ({ ...zero, date })), regions: {} },
    unfinished: { count: 0, bytes: 0, perDay: 0 },
  }),
};

/** A saved page of {@link busyParts}. */
export const savedPage = (parts: Parts): Saved => ({
  ...{ now: NOW, parts },
  failures: { [failuresName(SWEEP.id)]: FAILURES },
  logs: Object.fromEntries(FAILURES.failures.slice(0, 1).map((failure) => [logName(SWEEP.id, failure), LOG])),
});
