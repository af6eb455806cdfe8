import { parseStagingId } from "../ids.ts";
import { parseReadersTag } from "../readers.ts";
import { parseRegion } from "../regions.ts";
import { choice, integer, string } from "../schema/fields.ts";
import { refusedBy } from "../schema/resource.ts";
import { parseTtlDays } from "../ttl.ts";

/** Fields that several resource types declare. */

const isStagingId = refusedBy(parseStagingId);
const isRegion = refusedBy(parseRegion);

export const stagingId = string({
  description: "The entry's ID: `stage-` and 12 hexadecimal digits.",
  required: true,
  replaces: true,
  problem: isStagingId,
});

/** A region whose change makes another resource. */
export const region = (description: string) =>
  string({ description, required: true, replaces: true, problem: isRegion });

/** A name whose change makes another resource. */
export const fixedName = (description: string) => string({ description, required: true, replaces: true });

export const ttlDays = {
  description: "The time to live in days, 1 to 90. It counts from the upload.",
  problem: refusedBy(parseTtlDays),
} as const;

export const readersTag = {
  description:
    "The accounts that read by the bucket's name, with `/` between two. The objects carry it as the tag `spawn:readers`. Default: no tag.",
  problem: refusedBy(parseReadersTag),
} as const;

export const waitSeconds = integer({
  description:
    "Seconds to wait after versioning was enabled, before the bucket may be written: 900 on AWS, 0 on the local cloud.",
  required: true,
});

export const writableAt = {
  description:
    "The time from which the bucket may be written (ISO 8601, UTC). Versioning needs some minutes to take effect.",
} as const;

export const timeoutSeconds = integer({
  description: "Fail a request after this many seconds without data from S3. Default: 300.",
  ignored: true,
});

const SOURCE_KINDS = ["file", "directory"] as const;
export type SourceKind = (typeof SOURCE_KINDS)[number];
const KIND = { description: "Whether a file or a directory was staged.", required: true } as const;
export const kindOutput = choice(SOURCE_KINDS, KIND);
export const kindInput = choice(SOURCE_KINDS, { ...KIND, replaces: true });

/** Facts about staged data: outputs of the upload, and inputs of what follows it. */
export const facts = {
  sizeBytes: integer({ description: "Bytes of all files together.", required: true, wide: true }),
  fileCount: integer({ description: "Number of files.", required: true }),
  sha256: string({
    description:
      "The SHA-256 in lower-case hex: of a file's bytes, or of a directory's manifest. `none` where it was not computed.",
    required: true,
  }),
  manifestSha256: string({ description: "The SHA-256 of the manifest in lower-case hex.", required: true }),
} as const;

export const uploadedAt = {
  description: "The time of the upload, from which the TTL counts (ISO 8601, UTC, to the second).",
} as const;

export const usagePlace = {
  usageTable: string({ description: "The usage table, whose row notes this region.", ignored: true }),
  usageRegion: string({ description: "The region of the usage table.", ignored: true }),
} as const;
