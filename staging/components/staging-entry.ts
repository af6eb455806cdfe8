import { parseBandwidthLimit } from "../bandwidth.ts";
import { parseDestination } from "../destination.ts";
import { parseSweepId } from "../entry.ts";
import { parseExcludePattern } from "../exclude-pattern.ts";
import { parseFilename } from "../filename.ts";
import { STAGING_ENTRY } from "../resources/tokens.ts";
import { boolean, choice, integer, list, string, strings } from "../schema/fields.ts";
import { declareComponent, refusedBy } from "../schema/resource.ts";
import { DEFAULT_TTL_DAYS, parseTtlDays } from "../ttl.ts";
import { accountId, dataset, environment, regionName } from "./fields.ts";

/** The inputs have the names of the keys of `spawn:entries`. */
export const stagingEntryComponent = declareComponent({
  token: "staging:index:StagingEntry",
  type: STAGING_ENTRY,
  description:
    "A dataset: uploaded to its primary region, replicated to the other regions, verified and recorded. Another source or primary region makes another entry.",
  inputs: {
    environment,
    source: string({
      description:
        "What to stage: a path on the machine that runs the update, relative to the program's folder or absolute, or an `s3://` URL. Outside of the program's folder, the absolute path identifies the entry.",
      required: true,
    }),
    filename: string({
      description: "The name of the staged data. Default: the source's own name.",
      problem: refusedBy(parseFilename),
    }),
    exclude: list(string({ problem: refusedBy(parseExcludePattern) }), {
      description: "Patterns of files to leave out of a directory, in the syntax of .gitignore.",
    }),
    followLinks: boolean({ description: "Stages the targets of a directory's links in place of the links." }),
    noSha256: boolean({
      description: "For an S3 source: skips the SHA-256 if spawn would have to read the data to compute it.",
    }),
    requestPayer: boolean({
      description: "For an S3 source: accepts the charges for reading a Requester Pays bucket.",
    }),
    bandwidthLimit: string({
      description: "Maximum bytes per second that this machine sends, such as `50MB/s`. Default: no limit.",
      problem: refusedBy(parseBandwidthLimit),
    }),
    regions: list(regionName, {
      description:
        "The regions of the data; the upload goes to the first one. Default: all regions of the environment.",
      min: 1,
    }),
    dest: string({
      description: "The path on the instances. Default: `/mnt/data/<filename>`.",
      problem: refusedBy(parseDestination),
    }),
    ttl: integer({
      description: "Days from the upload to the expiry, 1 to 90.",
      default: DEFAULT_TTL_DAYS,
      problem: refusedBy(parseTtlDays),
    }),
    sweep: string({
      description: "The label of the sweep that the entry belongs to.",
      problem: refusedBy(parseSweepId),
    }),
    replication: choice(["rule", "copy"], {
      description: "`rule`: S3 replicates by the buckets' rules. `copy`: spawn copies.",
      default: "rule",
    }),
    allowAccounts: list(accountId, { description: "Other AWS accounts that may read the entry." }),
  },
  outputs: {
    stagingId: string({
      description: "The entry's ID: `stage-` and 12 hexadecimal digits.",
      required: true,
    }),
    sizeBytes: integer({ description: "Bytes of all files.", required: true, wide: true }),
    fileCount: integer({ description: "Number of files.", required: true }),
    destination: string({ description: "The path on the instances.", required: true }),
    uris: strings({ description: "The `s3://` URL in each region.", required: true }),
    expiresAt: string({ description: "When the entry expires (ISO 8601, UTC).", required: true }),
    dataset,
  },
});
