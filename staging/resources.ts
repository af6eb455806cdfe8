import type { ReplicationMethod } from "./entry.ts";

/**
 * The contract between the components, which declare resources, and the staging provider, which makes them: the type
 * tokens, inputs and outputs. Plain JSON values; every output set repeats its inputs.
 */
export const STAGED_DATA = "staging:index:StagedData";
export const REPLICATION = "staging:index:Replication";
export const EXPIRATION = "staging:index:Expiration";
export const USAGE_ROW = "staging:index:UsageRow";
export const VERSIONING_READINESS = "staging:index:VersioningReadiness";
export const BUCKET_ADOPTION = "staging:index:BucketAdoption";
export const BUCKET_RULES = "staging:index:BucketRules";
export const SWEEP_RUN = "staging:index:SweepRun";

/** The type of an entry's record, which the official provider makes. */
export const RECORD_TYPE = "aws:dynamodb/tableItem:TableItem";

/** Function: a {@link SurveyRequest} to {@link EnvironmentFacts}, both in `staging/ownership/names.ts`. */
export const SURVEY_ENVIRONMENT = "staging:index:surveyEnvironment";

export type SourceKind = "file" | "directory";

/** The entry's objects in its primary region. Replaced never: another id or bucket is another entry. */
export interface StagedDataInputs {
  stagingId: string;
  /** An absolute path or an `s3://` URL. */
  source: string;
  /** The name under which the data are stored. Absent: the source's own. Another name is another entry. */
  name?: string;
  /** Patterns of what of a directory is left out. Another choice is another entry. */
  exclude?: string[];
  /** Stages what the links of a local directory lead to in their place. Another choice is another entry. */
  followLinks?: boolean;
  /** Of a source on S3, to leave out the SHA-256 where it would have to be computed by reading. */
  noSha256?: boolean;
  /** How it is sent, which changes nothing about what is there: whether small files go in parts, too. */
  multipart?: boolean;
  /** Seconds for which S3 may leave a request without an answer. Absent: `DEFAULT_TIMEOUT_SECONDS`. */
  timeoutSeconds?: number;
  /** Of a source on S3, that the credentials in use pay for its requests and transfer. */
  requestPayer?: boolean;
  /** Bytes a second that this machine sends at most, and reads of a source on S3. Absent: no limit. */
  bandwidthLimit?: number;
  /** For a source on S3: the buckets of the environment. The source must not contain the objects that the upload writes there. */
  environmentBuckets?: string[];
  region: string;
  bucket: string;
  /** Regions that a rule replicates to: their tags are on the objects from their creation. */
  replicateTo: string[];
  /** The TTL class at creation; afterwards {@link ExpirationInputs} rules, so a change here is none. */
  ttlDays: number;
  /** The tag of accounts that read by the bucket's name, at creation; afterwards {@link ExpirationInputs} rules. Absent: no tag. */
  readersTag?: string;
  /** ISO time before which the bucket must not be written (versioning was enabled shortly before), if any. */
  writableAt?: string;
}

export interface StagedDataOutputs extends StagedDataInputs {
  filename: string;
  kind: SourceKind;
  /** A file: its key. A directory: the prefix of its keys, ending in `/`. */
  key: string;
  sizeBytes: number;
  fileCount: number;
  /** Lower-case hex. A file: of its bytes. A directory: of its manifest. `none` where it was not wanted. */
  sha256: string;
  manifestKey: string;
  manifestSha256: string;
  /** Bytes of each part but the last; 0 where no object is in parts. */
  partSizeBytes: number;
  /** UTC to the second; the time from which the TTL counts. */
  uploadedAt: string;
  /** Why the data are not whole any more, where a refresh has found that. The next update looks again. */
  lost?: string;
}

/** The entry's replica in one region and the rule that makes it. */
export interface ReplicationInputs {
  stagingId: string;
  sourceRegion: string;
  sourceBucket: string;
  region: string;
  bucket: string;
  method: ReplicationMethod;
  /** See {@link StagedDataInputs}. */
  timeoutSeconds?: number;
  /** Where the data are, from {@link StagedDataOutputs}. */
  key: string;
  kind: SourceKind;
  sizeBytes: number;
  fileCount: number;
  sha256: string;
  manifestKey: string;
  manifestSha256: string;
  /** The usage table and its region, and the upload's time, to note there when the copy is there. Absent: nothing is noted. */
  usageTable?: string;
  usageRegion?: string;
  uploadedAt?: string;
  /** Of the entry, to tell what has expired from what was lost; a change here is none. */
  ttlDays?: number;
  writableAt?: string;
}

export interface ReplicationOutputs extends ReplicationInputs {
  /** The id of the bucket's replication rule towards the region; "" where the method is `copy`. */
  ruleId: string;
  /** How the objects came: by the rule, by server-side copies, or some each way. */
  via: "rule" | "copy" | "mixed";
  objects: number;
  /** Seconds from the start until the last object was verified. */
  seconds: number;
  /** What was compared, the weakest of all objects: checksums that the server computed, or size and ETag. */
  verifiedBy: "checksum" | "etag";
}

/** The tags of an entry's objects in one region: the class of their TTL, by which S3 deletes them, and who reads by the bucket's name. */
export interface ExpirationInputs {
  stagingId: string;
  region: string;
  bucket: string;
  ttlDays: number;
  /** See `readersTagOf`. Absent: no tag. */
  readersTag?: string;
  /** From {@link StagedDataOutputs}. */
  uploadedAt: string;
  manifestSha256: string;
  /** Where the entry's usage row is: it notes what goes later than the entry. Absent in stacks of earlier versions. */
  usageTable?: string;
  usageRegion?: string;
}

export interface ExpirationOutputs extends ExpirationInputs {
  ruleId: string;
  /** ISO date-time of the 00:00 UTC at which S3 may remove the objects. */
  removedAt: string;
}

/** The ledger row that outlives the entry: opened at creation, closed at deletion; workers count in it. */
export interface UsageRowInputs {
  table: string;
  region: string;
  stagingId: string;
  filename: string;
  sizeBytes: number;
  /** Of a directory; what its requests cost depends on it. */
  fileCount?: number;
  regions: string[];
  uploadedAt: string;
  ttlDays: number;
  sweepId?: string;
  /** Where the entry's record is once every region has its copy; a row that is made again after that notes no arrivals. */
  recordsTable?: string;
}

export interface UsageRowOutputs extends UsageRowInputs {
  openedAt: string;
}

/** When a bucket whose versioning was just enabled may be written (AWS asks for 15 minutes). */
export interface VersioningReadinessInputs {
  region: string;
  bucket: string;
  /** Seconds to wait after versioning was enabled: 900 on AWS, 0 on the local cloud. */
  waitSeconds: number;
}

export interface VersioningReadinessOutputs extends VersioningReadinessInputs {
  writableAt: string;
}

/** A bucket that the user made: looked at, and versioned from now on. Never made, emptied or deleted. */
export interface BucketAdoptionInputs {
  region: string;
  bucket: string;
  /** `Enabled`: replication needs it. After a refresh it is what the bucket has. */
  versioning: string;
  /** Seconds to wait where versioning was enabled only now: 900 on AWS, 0 on the local cloud. */
  waitSeconds: number;
}

export interface BucketAdoptionOutputs extends BucketAdoptionInputs {
  writableAt: string;
}

/** Configurations of which a bucket has one, written whole. */
export const RULE_KINDS = ["lifecycle", "replication", "policy"] as const;
export type RuleKind = (typeof RULE_KINDS)[number];

/** A lifecycle rule, a replication rule or a statement of a policy, as S3's API has it. */
export type BucketRule = Readonly<Record<string, unknown>>;

/** Our rules among those that the user's bucket has. */
export interface BucketRulesInputs {
  region: string;
  bucket: string;
  kind: RuleKind;
  /** Only ours; those of the user are never listed here. */
  rules: BucketRule[];
  /** The ARN of the role that S3 replicates with; for replication only. */
  role?: string;
}

export interface BucketRulesOutputs extends BucketRulesInputs {
  /** What it takes to write the user's part in its own form again, where ours made another one necessary. */
  before?: string;
}

/**
 * A progress report of the provider. It travels as an ephemeral debug message on the resource's URN, beside a text for
 * people, so that `pulumi up` shows the text and the command line draws bars: {@link encodeProgress},
 * {@link decodeProgress}.
 */
export interface Progress {
  /** What is being done. `wait`: for a rule or a bucket; nothing can be counted. */
  phase: "upload" | "download" | "copy" | "wait" | "verify" | "delete" | "tag";
  region: string;
  /** Bytes (phases upload, download, copy, verify) or objects (others) done and to do. */
  done: number;
  total: number;
  /** Objects done and to do. */
  objectsDone: number;
  objectsTotal: number;
  /** Whether this is the last report of the phase. */
  finished: boolean;
}

/** Begins every report: no other program's message does. */
const PROGRESS_MARK = "spawn-progress:";

export function encodeProgress(progress: Progress): string {
  return PROGRESS_MARK + JSON.stringify(progress);
}

/** The report in a log message, or undefined for any other message. */
export function decodeProgress(message: string): Progress | undefined {
  if (!message.startsWith(PROGRESS_MARK)) return undefined;
  try {
    return JSON.parse(message.slice(PROGRESS_MARK.length)) as Progress;
  } catch {
    return undefined; // another program's message that happens to begin like one
  }
}

/** A sweep's region as {@link SweepRunInputs} has it. */
export interface SweepRunRegion {
  region: string;
  /** The region's indices are `start` to `end` - 1. */
  start: number;
  end: number;
  /** Workers at a time; the maximum of the group. */
  workers: number;
  /** The name of the Auto Scaling group. */
  group: string;
}

/**
 * The run of a sweep: its items in the sweeps table, and the capacity of its groups. Creation starts the sweep, once; an update with a
 * higher generation opens indices again; deletion ends it. Progress is no difference.
 */
export interface SweepRunInputs {
  sweepId: string;
  /** The sweeps table and its region. */
  table: string;
  tableRegion: string;
  name: string;
  stack: string;
  count: number;
  regions: SweepRunRegion[];
  /** Ids of the staged data. */
  entries: string[];
  command: string;
  /** How many times an index runs again after an interruption, or after an error. */
  retriesInterrupted: number;
  retriesError: number;
  timeoutSeconds?: number;
  results?: string;
  /** Seconds from the start to the end of all workers. */
  deadlineSeconds: number;
  /** An absolute path to JSON lines, one object of texts for each index. A change of the path alone is none. */
  rowsFile?: string;
  /** Of that file, lower-case hex. */
  rowsSha256?: string;
  /** 0 at first. A higher one opens indices again. */
  generation: number;
  /** What the generation opens. Absent: all that failed or were cancelled. */
  retryIndices?: number[];
}

export interface SweepRunOutputs extends SweepRunInputs {
  /** ISO times, UTC to the second. */
  createdAt: string;
  deadlineAt: string;
  startedAt: string;
}
