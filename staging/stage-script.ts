import { isAccessPointArn } from "./access-point.ts";
import { UserError } from "./errors.ts";
import type { StagingRecord } from "./record.ts";
import type { Region } from "./regions.ts";
import { parameterLines, parseTemplate } from "./script-template.ts";

/** Options of a script that downloads an entry. */
export interface StageScriptOptions {
  /** The destination, in place of the record's. A relative path is relative to the folder in which the script runs. */
  readonly destination?: string | undefined;
  /** The source region, in place of the machine's region. */
  readonly region?: Region | undefined;
}

type Entry = Pick<StagingRecord, "stagingId" | "filename" | "kind" | "manifestSha256" | "buckets"> & {
  readonly regions: readonly Region[];
  readonly destination: string;
};

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html; access points' aliases have the same form. */
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const SHA256 = /^[0-9a-f]{64}$/;

/**
 * The self-contained script that downloads and verifies an entry: the template with the entry's values in place of
 * its examples.
 * @param template the text of `worker/stage.sh`
 * @throws UserError if the record has values that no entry can have
 */
export function renderStageScript(template: string, entry: Entry, options: StageScriptOptions = {}): string {
  const { head, code } = parseTemplate(template);
  return `${head}\n${stageParameters(entry, options)}${code}`;
}

/** The variable with the file of an entry's parameters, for {@link renderSharedStageScript}. */
const STAGE_PARAMETERS = "SPAWN_STAGE_PARAMETERS";

/** Parts that a worker does not need: it states its region and runs alone. User data have little room. */
const ELSEWHERE = /^# Not on workers of sweeps.*\n(?:.*\n)*?# End\.\n/gm;

/** In place of a lock. */
const ALONE = 'take_lock() { mkdir -p "$work" && lock=$work/lock; }';

/**
 * The same script for any number of entries, one at a time: it reads the lines of {@link stageParameters} from a
 * file. Requires SPAWN_REGION.
 * @param template the text of `worker/stage.sh`
 */
export const renderSharedStageScript = (template: string): string =>
  `. "$${STAGE_PARAMETERS}" || exit 2\n${ALONE}\n${parseTemplate(template.replace(ELSEWHERE, "")).code}`;

/**
 * An entry's values as lines of the script. They come from an untrusted record: each is validated, or in single
 * quotes, which the script never evaluates.
 * @throws UserError if the record has values that no entry can have
 */
export function stageParameters(entry: Entry, options: StageScriptOptions = {}): string {
  const { stagingId, kind, filename, manifestSha256, regions, buckets } = entry;
  const isValid =
    SHA256.test(manifestSha256) &&
    regions.length === buckets.length &&
    buckets.every((bucket) => BUCKET.test(bucket) || isAccessPointArn(bucket)) &&
    filename !== "" &&
    !filename.includes("\0") &&
    !filename.includes("/");
  if (!isValid) {
    throw new UserError(`the record of ${stagingId} is not valid for a script`, {
      why: "Its file name, its buckets or the SHA-256 of its manifest have an impossible value: the item in DynamoDB was changed by hand.",
    });
  }
  return parameterLines({
    id: stagingId,
    kind,
    name: filename,
    manifest_sha256: manifestSha256,
    copies: regions.map((region, at) => `${region} ${buckets[at]}`).join("\n"),
    destination: options.destination ?? entry.destination,
    fixed_region: options.region ?? "",
  });
}
