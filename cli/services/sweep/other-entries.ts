import { createHash } from "node:crypto";
import { isDenied } from "../../../connection/errors/kinds.ts";
import type { ObjectHead, ObjectStore } from "../../../provider/store/object-store.ts";
import { accessPointName } from "../../../staging/access-point.ts";
import type { AccountId } from "../../../staging/accounts.ts";
import { type Destination, defaultDestination } from "../../../staging/destination.ts";
import { DEFAULT_NAME_PREFIX, type EnvironmentSettings } from "../../../staging/environment.ts";
import { InputError } from "../../../staging/errors.ts";
import { parseStoredName } from "../../../staging/filename.ts";
import { parseStagingId, type StagingId } from "../../../staging/ids.ts";
import { entryPrefix, manifestKey, parseManifest } from "../../../staging/manifest.ts";
import { parseRegionList, type Region } from "../../../staging/regions.ts";
import type { SweepEntry } from "../../../staging/sweep/entries.ts";
import type { SweepDataset } from "../../../staging/sweep/spec.ts";
import { isoSeconds, parseTtlDays, type TtlDays } from "../../../staging/ttl.ts";
import type { Context } from "../../context.ts";
import type { LaunchRequest, StagedData } from "./launch.ts";

interface OtherRequest {
  readonly parameters: Pick<LaunchRequest["parameters"], "entries" | "regions">;
  readonly stageBuckets: LaunchRequest["stageBuckets"];
  readonly stageDestinations: LaunchRequest["stageDestinations"];
}

/*
 * Data that another account has staged. Its tables cannot be read from here: the manifest next to the data has everything that a sweep
 * needs, except the destination, which the user gives.
 */

/** A copy, with S3's response for its manifest. */
interface FoundCopy {
  readonly region: Region;
  /** A bucket, the alias of an access point, or its ARN. */
  readonly bucket: string;
  readonly head: ObjectHead;
  readonly store: ObjectStore;
}

/** A place without a readable manifest. */
interface MissingCopy {
  readonly region: Region;
  readonly bucket: string;
  readonly why: "access denied" | "not there" | "that bucket is yours";
}

/**
 * The staged data of `account` that a sweep names.
 * @param storeFor the store of a region, whose requests expect that account to own the bucket
 * @throws InputError that names the command for that account
 */
export async function otherEntries(
  context: Pick<Context, "settings" | "account" | "clientConfig">,
  account: AccountId,
  { parameters, stageBuckets, stageDestinations }: OtherRequest,
  storeFor = (region: Region): Promise<ObjectStore> => storeIn(context, region, account),
): Promise<StagedData> {
  const settings = await context.settings();
  const named = parameters.regions.map(({ region }) => region);
  const regions = named.length > 0 ? named : settings.regions;
  const own = await context.account();
  const ids = parameters.entries.map((text) => wholeId(text, account));
  refuseUnused(stageDestinations, ids);
  const found = await Promise.all(
    ids.map(async (id) => {
      const looks = await Promise.all(
        regions.map(async (region) =>
          findCopy(await storeFor(region), id, region, [
            ...placesOf(settings, id, region, account, stageBuckets),
          ]),
        ),
      );
      const copies = looks.flatMap((look) => ("head" in look ? [look] : []));
      const missing = looks.flatMap((look) => ("head" in look ? [] : [look]));
      const [first, ...others] = copies;
      if (first === undefined) throw notShared(id, account, own, missing);
      return await readEntry(id, account, stageDestinations.get(id), [first, ...others], missing);
    }),
  );
  return {
    entries: found.map(({ entry }) => entry),
    datasets: found.map(({ dataset }) => dataset),
    notes: found.flatMap(({ notes }) => notes),
    // Each manifest has just been read.
    check: async () => undefined,
  };
}

/** A shortened ID cannot be completed without the tables of the account. */
function wholeId(text: string, account: AccountId): StagingId {
  try {
    return parseStagingId(text);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(`"${text}" is only the beginning of a staging ID`, {
      why: `The entries of account ${account} cannot be listed from here.`,
      fix: "Give the whole ID: stage- and 12 hexadecimal digits.",
    });
  }
}

/** @throws InputError for a destination of an entry that the sweep does not use */
function refuseUnused(destinations: OtherRequest["stageDestinations"], ids: readonly StagingId[]): void {
  const unused = [...destinations.keys()].find((id) => !ids.includes(id));
  if (unused === undefined) return;
  throw new InputError(`--stage-dest names ${unused}, which the sweep does not use`, {
    why: `Its data are ${ids.join(", ")}.`,
    fix: `--stage-dest ${ids[0]}=/mnt/data/NAME`,
  });
}

async function storeIn(
  context: Pick<Context, "clientConfig">,
  region: Region,
  account: AccountId,
): Promise<ObjectStore> {
  const [{ createS3Client, sdkStore }, config] = await Promise.all([
    import("../../../provider/store/client.ts"),
    context.clientConfig("S3", region),
  ]);
  return sdkStore(createS3Client(config, { owner: async () => account }), region);
}

/** The bucket with the guide's name. */
const usualBucket = (region: Region): string => `${DEFAULT_NAME_PREFIX}-staging-${region}`;

/**
 * The possible places of another account's entry: those that the user gives, or else the bucket with the guide's name, unless it is the user's
 * own, and on AWS the ARN of the entry's access point. An alias cannot be derived, and emulators do not know ARNs.
 */
function placesOf(
  { cloud, buckets }: EnvironmentSettings,
  id: StagingId,
  region: Region,
  account: AccountId,
  given: OtherRequest["stageBuckets"],
): readonly string[] {
  const named = given.get(region);
  if (named !== undefined) return named;
  const bucket = usualBucket(region);
  const point = `arn:aws:s3:${region}:${account}:accesspoint/${accessPointName(DEFAULT_NAME_PREFIX, id)}`;
  return [...(buckets.get(region) === bucket ? [] : [bucket]), ...(cloud === "aws" ? [point] : [])];
}

/** The first place with a readable manifest. */
async function findCopy(
  store: ObjectStore,
  id: StagingId,
  region: Region,
  places: readonly string[],
): Promise<FoundCopy | MissingCopy> {
  let missing: MissingCopy | undefined;
  for (const bucket of places) {
    try {
      const head = await store.head({ bucket, key: manifestKey(id) });
      if (head !== undefined) return { region, bucket, head, store };
      missing ??= { region, bucket, why: "not there" };
    } catch (error) {
      // AWS also denies access to a bucket of a third account.
      if (!isDenied(error)) throw error;
      missing = { region, bucket, why: "access denied" };
    }
  }
  return missing ?? { region, bucket: usualBucket(region), why: "that bucket is yours" };
}

function notShared(
  id: StagingId,
  account: AccountId,
  own: AccountId | undefined,
  missing: readonly MissingCopy[],
): InputError {
  const share = `spawn stage update ${id} --allow-accounts ${own ?? "YOUR-ACCOUNT"}`;
  return new InputError(`${id} of account ${account} cannot be read`, {
    why: `${missing.map(({ region, bucket, why }) => `${region}: ${why} (${bucket})`).join("; ")}.`,
    fix: `Account ${account} must run: ${share} (with all accounts that are to read it). Its stage info of ${id} then prints your command, with --stage-bucket ${missing[0]?.region ?? "us-east-1"}=ALIAS for each region.`,
  });
}

interface OtherEntry {
  readonly entry: SweepEntry;
  readonly dataset: SweepDataset;
  readonly notes: readonly string[];
}

async function readEntry(
  id: StagingId,
  account: AccountId,
  named: Destination | undefined,
  copies: readonly [FoundCopy, ...FoundCopy[]],
  missing: readonly MissingCopy[],
): Promise<OtherEntry> {
  const [{ store, bucket, head }] = copies;
  const manifest = await readManifest(store, bucket, id);
  const filename = parseStoredName(manifest.name ?? (await folderName(store, bucket, id)));
  const destination = named ?? defaultDestination(filename);
  const uploadedAt = head.lastModified;
  const ttl = ttlOf(head);
  const { kind, sizeBytes, fileCount, sha256: manifestSha256 } = manifest;
  const places = copies.map(({ region, bucket }) => ({ region, bucket }));
  return {
    entry: {
      ...{ stagingId: id, sizeBytes, fileCount, destination, uploadedAt, ttl, account },
      regions: parseRegionList(copies.map(({ region }) => region)),
    },
    dataset: {
      ...{ stagingId: id, kind, filename, sizeBytes, manifestSha256, destination, account },
      copies: places,
    },
    notes: [
      ...(named === undefined
        ? [
            `Workers find ${id} at ${destination}, the default: the destination of account ${account} is unknown here. --stage-dest ${id}=PATH sets another.`,
          ]
        : []),
      ...(ttl === undefined
        ? [`The expiry of ${id} is unknown here; its manifest is from ${isoSeconds(uploadedAt)}.`]
        : []),
      ...missing.map((one) => `${id} cannot be read in ${one.region}: ${one.why} (${one.bucket}).`),
    ],
  };
}

/** Reads a manifest; memory holds one line at a time. @throws ManifestError if it is malformed */
async function readManifest(store: ObjectStore, bucket: string, id: StagingId) {
  const bytes = await store.get({ bucket, key: manifestKey(id) });
  const hash = createHash("sha256");
  const { header, entries } = await parseManifest(hashed(bytes, hash));
  let name: string | undefined;
  let sizeBytes = 0;
  let fileCount = 0;
  for await (const entry of entries) {
    if (entry.type !== "file") continue;
    sizeBytes += entry.size;
    fileCount += 1;
    if (header.kind === "file") name = entry.path;
  }
  return { kind: header.kind, name, sizeBytes, fileCount, sha256: hash.digest("hex") };
}

async function* hashed(
  chunks: AsyncIterable<Uint8Array>,
  hash: ReturnType<typeof createHash>,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}

/** The name of a directory: the only folder below the entry's prefix. The manifest does not have it. */
async function folderName(store: ObjectStore, bucket: string, id: StagingId): Promise<string> {
  const prefix = entryPrefix(id);
  const folders: string[] = [];
  for await (const folder of store.listPrefixes({ bucket, prefix, delimiter: "/" }))
    folders.push(folder.slice(prefix.length, -1));
  const [only, ...others] = folders;
  if (only === undefined || others.length > 0) {
    throw new InputError(`the name of the directory ${id} is unknown`, {
      why: `${bucket} has ${folders.length} folders below ${prefix}.`,
    });
  }
  return only;
}

/**
 * The TTL class, from the lifecycle rule in S3's response; undefined if it names no rule of spawn.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
 */
function ttlOf({ expiration }: ObjectHead): TtlDays | undefined {
  const [, days] = /rule-id="spawn-ttl-(\d{1,2})"/.exec(expiration ?? "") ?? [];
  return days === undefined ? undefined : parseTtlDays(Number(days));
}
