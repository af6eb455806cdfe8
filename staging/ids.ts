import { hash, randomBytes } from "node:crypto";
import { InputError } from "./errors.ts";
import type { Region } from "./regions.ts";

declare const brand: unique symbol;

/** A staging entry's ID: `stage-` and 12 lower-case hexadecimal digits. */
export type StagingId = string & { readonly [brand]: "StagingId" };

/** The prefix of every ID, and so of every key of an entry's objects. */
export const ID_PREFIX = "stage-";

/** Hexadecimal digits after the prefix. */
export const ID_DIGITS = 12;

/** A whole ID. */
export const STAGING_ID = new RegExp(`^${ID_PREFIX}[0-9a-f]{${ID_DIGITS}}$`);

/** A placeholder with the length of every ID, to compute the length of keys. */
export const SAMPLE_ID = `${ID_PREFIX}${"0".repeat(ID_DIGITS)}` as StagingId;

export const isStagingId = (text: string): text is StagingId => STAGING_ID.test(text);

/** A new random ID of 48 bits, so that IDs of different users do not collide. */
export function newStagingId(): StagingId {
  return `stage-${randomBytes(6).toString("hex")}` as StagingId;
}

/** Other properties that decide which objects an entry has. */
interface DeclaredOptions {
  readonly exclude?: readonly string[];
  readonly noSha256?: boolean;
  readonly filename?: string | undefined;
  readonly followLinks?: boolean | undefined;
  /** A digest of the content, if the source has changed since the first upload. */
  readonly content?: string | undefined;
}

/**
 * The ID of a declared entry.
 *
 * It follows from the entry's name, its source with its exclude patterns, and its primary region, so it stays the
 * same at every `pulumi up`. Another source or primary region makes another entry, which is complete before the old
 * one is deleted. (With the same ID, moving the data to another primary region would delete them together with the
 * earlier replica there.)
 */
export function declaredStagingId(
  environment: string,
  name: string,
  source: string,
  primary: Region,
  { exclude = [], noSha256 = false, filename, followLinks = false, content }: DeclaredOptions = {},
): StagingId {
  const options = [
    ...exclude.map((pattern) => `exclude ${pattern}`),
    ...(noSha256 ? ["noSha256"] : []),
    ...(filename === undefined ? [] : [`filename ${filename}`]),
    ...(followLinks ? ["followLinks"] : []),
    ...(content === undefined ? [] : [`content ${content}`]),
  ];
  const digest = hash("sha256", [environment, name, source, primary, ...options].join("\0"));
  return `stage-${digest.slice(0, 12)}` as StagingId;
}

/** Minimum digits of a shortened ID: fewer would soon match a second entry. */
const MIN_SHORT_DIGITS = 4;

const SHORT = new RegExp(`^(?:${ID_PREFIX})?([0-9a-f]{${MIN_SHORT_DIGITS},${ID_DIGITS}})$`);

/**
 * Parses an ID from the command line: complete, or shortened to its first digits, with or without `stage-`.
 * @returns the prefix; a {@link StagingId} if it is complete
 * @throws InputError if `text` cannot begin an ID
 */
export function parseIdStart(text: string): string {
  const [, digits] = SHORT.exec(text) ?? [];
  if (digits !== undefined) return `${ID_PREFIX}${digits}`;
  throw new InputError(`"${text}" is not a staging ID`, {
    why: `A staging ID is ${ID_PREFIX} and ${ID_DIGITS} hexadecimal digits, such as stage-abc123def456, or its first ${MIN_SHORT_DIGITS} digits or more.`,
    fix: (_spell, command) => command("spawn stage list"),
  });
}

/** @throws InputError if `text` is not a staging ID */
export function parseStagingId(text: string): StagingId {
  if (!isStagingId(text)) {
    throw new InputError(`"${text}" is not a staging ID`, {
      why: "A staging ID is stage- and 12 hexadecimal digits, such as stage-abc123def456.",
      fix: (_spell, command) => command("spawn stage list"),
    });
  }
  return text;
}
