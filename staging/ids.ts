import { createHash, randomBytes } from "node:crypto";
import { InputError } from "./errors.ts";
import type { Region } from "./regions.ts";

declare const brand: unique symbol;

/** A staging entry's id: `stage-` and 12 lower-case hexadecimal digits. */
export type StagingId = string & { readonly [brand]: "StagingId" };

/** Begins every id, and so every key of an entry's objects. */
export const ID_PREFIX = "stage-";

/** Hexadecimal digits after the prefix. */
export const ID_DIGITS = 12;

const PATTERN = new RegExp(`^${ID_PREFIX}[0-9a-f]{${ID_DIGITS}}$`);

/** No entry's id, but as long as every one: tells how long keys get. */
export const SAMPLE_ID = `${ID_PREFIX}${"0".repeat(ID_DIGITS)}` as StagingId;

export const isStagingId = (text: string): text is StagingId => PATTERN.test(text);

/** A new random id: 48 bits, so that ids of different people do not meet. */
export function newStagingId(): StagingId {
  return `stage-${randomBytes(6).toString("hex")}` as StagingId;
}

/** What else decides which objects an entry has. */
interface DeclaredOptions {
  readonly exclude?: readonly string[];
  readonly noSha256?: boolean;
  readonly filename?: string | undefined;
  readonly followLinks?: boolean;
}

/**
 * The id of an entry declared in the environment's configuration.
 *
 * It comes from the entry's name, its source with what of it is left out, and its primary region, so it stays the same at
 * every `pulumi up`, and another source or primary region is another entry: the new one is complete before the old one is deleted. (Under the
 * same id, data moved to another primary region would be deleted with the replica that was there before.)
 */
export function declaredStagingId(
  environment: string,
  name: string,
  source: string,
  primary: Region,
  { exclude = [], noSha256 = false, filename, followLinks = false }: DeclaredOptions = {},
): StagingId {
  const options = [
    ...exclude.map((pattern) => `exclude ${pattern}`),
    ...(noSha256 ? ["noSha256"] : []),
    ...(filename === undefined ? [] : [`filename ${filename}`]),
    ...(followLinks ? ["followLinks"] : []),
  ];
  const digest = createHash("sha256")
    .update([environment, name, source, primary, ...options].join("\0"))
    .digest("hex");
  return `stage-${digest.slice(0, 12)}` as StagingId;
}

/** Digits that a shortened id has at least: fewer would soon fit a second entry. */
export const MIN_SHORT_DIGITS = 4;

const SHORT = new RegExp(`^(?:${ID_PREFIX})?([0-9a-f]{${MIN_SHORT_DIGITS},${ID_DIGITS}})$`);

/**
 * Parses an id as a user types it: whole, or shortened to its first digits, with or without `stage-`.
 * @returns the beginning of the id; a {@link StagingId} when no digit is missing
 * @throws InputError when `text` cannot begin an id
 */
export function parseIdStart(text: string): string {
  const [, digits] = SHORT.exec(text) ?? [];
  if (digits !== undefined) return `${ID_PREFIX}${digits}`;
  throw new InputError(`"${text}" is not a staging ID`, {
    why: `A staging ID is ${ID_PREFIX} and ${ID_DIGITS} hexadecimal digits, such as stage-abc123def456, or its first ${MIN_SHORT_DIGITS} digits or more.`,
    fix: "spawn stage list",
  });
}

/** @throws InputError when `text` is no staging id. */
export function parseStagingId(text: string): StagingId {
  if (!isStagingId(text)) {
    throw new InputError(`"${text}" is not a staging ID`, {
      why: "A staging ID is stage- and 12 hexadecimal digits, such as stage-abc123def456.",
      fix: "spawn stage list",
    });
  }
  return text;
}
