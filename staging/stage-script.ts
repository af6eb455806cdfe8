import { UserError } from "./errors.ts";
import type { StagingRecord } from "./record.ts";
import type { Region } from "./regions.ts";
import { shellWord } from "./shell.ts";

/** What a script that downloads an entry is made for. */
export interface StageScriptOptions {
  /** Where the data go, in place of the record's destination. A relative path is relative to the folder in which the script runs. */
  readonly destination?: string | undefined;
  /** The region to read from, in place of the region of the machine. */
  readonly region?: Region | undefined;
}

type Entry = Pick<
  StagingRecord,
  "stagingId" | "filename" | "kind" | "manifestSha256" | "regions" | "buckets" | "destination"
>;

const BEGIN = "# Parameters.";
const END = "# End of the parameters.";

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html; access points' aliases have the same form. */
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const SHA256 = /^[0-9a-f]{64}$/;

/**
 * The self-contained script that downloads an entry and verifies it: the template with the entry's values in place of its examples.
 * Values come from a record that others may write: each is checked, or is in single quotes, which the script never evaluates.
 * @param template the text of `worker/stage.sh`
 * @throws UserError when the record has values that no entry can have
 */
export function renderStageScript(template: string, entry: Entry, options: StageScriptOptions = {}): string {
  const { stagingId, kind, filename, manifestSha256, regions, buckets } = entry;
  const isValid =
    SHA256.test(manifestSha256) &&
    regions.length === buckets.length &&
    buckets.every((bucket) => BUCKET.test(bucket)) &&
    filename !== "" &&
    !filename.includes("\0") &&
    !filename.includes("/");
  if (!isValid) {
    throw new UserError(`the record of ${stagingId} cannot be used for a script`, {
      why: "Its file name, its buckets or the SHA-256 of its manifest have an impossible value: the item in DynamoDB was changed by hand.",
    });
  }
  const copies = regions.map((region, at) => `${region} ${buckets[at]}`).join("\n");
  const values = {
    id: stagingId,
    kind,
    name: filename,
    manifest_sha256: manifestSha256,
    copies,
    destination: options.destination ?? entry.destination,
    fixed_region: options.region ?? "",
  };
  const lines = Object.entries(values).map(([name, value]) => `${name}=${shellWord(value)}`);
  const [before, after] = split(template);
  return `${before}\n${lines.join("\n")}\n${compact(after)}`;
}

/** @returns the template's text before and after its example values */
function split(template: string): [string, string] {
  const begin = template.indexOf(BEGIN);
  const end = template.indexOf(END);
  if (begin < 0 || end < begin) throw new Error("the template of the script has no parameters");
  return [template.slice(0, begin).trimEnd(), template.slice(end + END.length)];
}

/** Without comments, empty lines and indentation: user data of an instance have at most 16 KB. */
const compact = (code: string): string =>
  code
    .split("\n")
    .map((line) => line.trimStart())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .join("\n")
    .concat("\n");
