import { createHash } from "node:crypto";
import {
  GetObjectCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectsV2Command,
  type S3Client,
} from "@aws-sdk/client-s3";
import { isDenied, isNotFound } from "../../../connection/errors/kinds.ts";
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
 * Data that another account has staged. Its tables are its own business: all that a sweep needs is in the manifest next to the data, but for
 * the destination, which the user says.
 */

/** Where a copy is, with what S3 says of its manifest. */
interface FoundCopy {
  readonly region: Region;
  /** A bucket, the alias of an access point, or its ARN. */
  readonly bucket: string;
  readonly head: HeadObjectCommandOutput;
  readonly client: S3Client;
}

/** A place that was asked in vain. */
interface MissingCopy {
  readonly region: Region;
  readonly bucket: string;
  readonly why: "access denied" | "not there" | "that bucket is yours";
}

/**
 * The staged data of `account` that a sweep names.
 * @param clientFor an S3 client of a region whose requests expect that account to own the bucket
 * @throws InputError that says what the account has to do
 */
export async function otherEntries(
  context: Pick<Context, "settings" | "account" | "clientConfig">,
  account: AccountId,
  { parameters, stageBuckets, stageDestinations }: OtherRequest,
  clientFor = (region: Region): Promise<S3Client> => clientOf(context, region, account),
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
          findCopy(await clientFor(region), id, region, [
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
    // Each place has just answered.
    check: async () => undefined,
  };
}

/** The beginning of an id cannot be completed without the tables of the account. */
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

async function clientOf(
  context: Pick<Context, "clientConfig">,
  region: Region,
  account: AccountId,
): Promise<S3Client> {
  const { makeS3Client } = await import("../../clients/s3.ts");
  return makeS3Client(await context.clientConfig("S3", region), async () => account);
}

/** The bucket of the guide's name. */
const usualBucket = (region: Region): string => `${DEFAULT_NAME_PREFIX}-staging-${region}`;

/**
 * Where an entry of another account can be: where the user says, or in the bucket of the guide's name unless that one is the user's own,
 * or behind the entry's access point, whose ARN follows from its name. An alias does not follow from anything, and an emulator knows no ARNs.
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

/** The first of the places whose manifest can be read. */
async function findCopy(
  client: S3Client,
  id: StagingId,
  region: Region,
  places: readonly string[],
): Promise<FoundCopy | MissingCopy> {
  let missing: MissingCopy | undefined;
  for (const bucket of places) {
    try {
      const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: manifestKey(id) }));
      return { region, bucket, head, client };
    } catch (error) {
      // A bucket of another account than the expected one is refused, too.
      if (isDenied(error)) missing = { region, bucket, why: "access denied" };
      else if (isNotFound(error)) missing ??= { region, bucket, why: "not there" };
      else throw error;
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
    fix: `Account ${account} must run: ${share} (with all accounts that are to read it). Its spawn stage info ${id} then prints your command, with --stage-bucket ${missing[0]?.region ?? "us-east-1"}=ALIAS for each region.`,
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
  const [{ client, bucket, head }] = copies;
  const manifest = await readManifest(client, bucket, id);
  const filename = parseStoredName(manifest.name ?? (await folderName(client, bucket, id)));
  const destination = named ?? defaultDestination(filename);
  const uploadedAt = head.LastModified ?? new Date(0);
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
            `Workers find ${id} at ${destination}, the default: what account ${account} has chosen is not known here. --stage-dest ${id}=PATH names another.`,
          ]
        : []),
      ...(ttl === undefined
        ? [`When ${id} expires is not known here; its manifest is from ${isoSeconds(uploadedAt)}.`]
        : []),
      ...missing.map((one) => `${id} cannot be read in ${one.region}: ${one.why} (${one.bucket}).`),
    ],
  };
}

/** What a manifest says. Memory holds one line of it. @throws ManifestError for what is none */
async function readManifest(client: S3Client, bucket: string, id: StagingId) {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: manifestKey(id) }));
  if (Body === undefined) throw new InputError(`the manifest of ${id} in ${bucket} is empty`);
  const hash = createHash("sha256");
  const { header, entries } = await parseManifest(hashed(Body as AsyncIterable<Uint8Array>, hash));
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

/** The name of a directory: its objects are below it, and the manifest does not have it. */
async function folderName(client: S3Client, bucket: string, id: StagingId): Promise<string> {
  const prefix = entryPrefix(id);
  const { CommonPrefixes = [] } = await client.send(
    new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, Delimiter: "/" }),
  );
  const [only, ...others] = CommonPrefixes.map(({ Prefix = "" }) => Prefix.slice(prefix.length, -1));
  if (only === undefined || others.length > 0) {
    throw new InputError(`the name of the directory ${id} cannot be told`, {
      why: `Below ${prefix} in ${bucket} there are ${CommonPrefixes.length} folders.`,
    });
  }
  return only;
}

/**
 * The TTL class, by the lifecycle rule that S3 names in its answer; undefined where it names none of ours.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
 */
function ttlOf({ Expiration }: HeadObjectCommandOutput): TtlDays | undefined {
  const [, days] = /rule-id="spawn-ttl-(\d{1,2})"/.exec(Expiration ?? "") ?? [];
  return days === undefined ? undefined : parseTtlDays(Number(days));
}
