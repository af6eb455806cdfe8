import { RECORD_KEY } from "./record.ts";
import { ENTRY_GUARD, RECORD_TYPE, STAGED_DATA, STAGING_ENTRY } from "./resources/tokens.ts";
import { isRecord, isStringArray } from "./type-guards.ts";

/** A resource of a stack's state, with its inputs or its outputs. */
export interface StateEntry {
  readonly urn: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** The properties of an item that decide which objects its entry has. */
interface EntryOrigin {
  /** The primary region. */
  readonly region: string;
  readonly filename: string | undefined;
  readonly exclude: readonly string[];
  readonly followLinks: boolean;
  readonly noSha256: boolean;
}

/** The staged data of an entry, for a comparison with its source. */
export interface StagedVersion {
  readonly stagingId: string;
  /** Of the file, or of a directory's manifest; lower-case hex, or a mark that it was not computed. */
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly fileCount: number;
  readonly uploadedAt: string;
  /** Absent in states of version 0.1.0. */
  readonly sourceVersion?: string;
}

/** An entry in the state of an environment's stack. */
export interface HeldEntry {
  readonly stagingId: string;
  /** The name of its item at the last complete update; undefined if there was none since its creation. */
  readonly item: string | undefined;
  /** The canonical spelling of its source (`staging/declared-source.ts`); undefined in states of version 0.1.0. */
  readonly declaredSource: string | undefined;
  /** The source relative to the project's folder, if it is outside of that folder. */
  readonly relativeSource: string | undefined;
  readonly origin: EntryOrigin;
  /** Undefined while the upload to the primary region is incomplete. */
  readonly staged: StagedVersion | undefined;
  /** ISO 8601. */
  readonly expiresAt: string | undefined;
  /**
   * Whether it has a guard, or gets one with the next update; false if version 0.1.0 completed it. A deletion that was interrupted
   * has deleted the guard, and then the record.
   */
  readonly guarded: boolean;
}

const textAt = (properties: Readonly<Record<string, unknown>>, key: string): string | undefined => {
  const value = properties[key];
  return typeof value === "string" ? value : undefined;
};

/** The entries with data in a stack's state. */
export function heldEntries(resources: readonly StateEntry[]): HeldEntry[] {
  const details = new Map(
    resources
      .filter(({ type }) => type === STAGING_ENTRY)
      .map(({ properties }) => [textAt(properties, "id"), properties] as const),
  );
  const guarded = new Set(
    resources
      .filter(({ type }) => type === ENTRY_GUARD)
      .map(({ properties }) => textAt(properties, "stagingId")),
  );
  const recorded = new Map(resources.flatMap(itemOfRecord));
  return resources
    .filter(({ type }) => type === STAGED_DATA)
    .flatMap(({ properties }) => {
      const stagingId = textAt(properties, "stagingId");
      if (stagingId === undefined) return [];
      const own = details.get(stagingId) ?? {};
      return {
        stagingId,
        item: textAt(own, "declaredAs") ?? recorded.get(stagingId),
        declaredSource: textAt(own, "declaredSource"),
        relativeSource: textAt(own, "relativeSource"),
        expiresAt: textAt(own, "expiresAt"),
        guarded: guarded.has(stagingId) || !details.has(stagingId) || !recorded.has(stagingId),
        origin: originIn(properties),
        staged: stagedIn(stagingId, properties),
      };
    });
}

function originIn(properties: Readonly<Record<string, unknown>>): EntryOrigin {
  const { exclude } = properties;
  return {
    region: textAt(properties, "region") ?? "",
    filename: textAt(properties, "name"),
    exclude: isStringArray(exclude) ? exclude : [],
    followLinks: properties["followLinks"] === true,
    noSha256: properties["noSha256"] === true,
  };
}

function stagedIn(
  stagingId: string,
  properties: Readonly<Record<string, unknown>>,
): StagedVersion | undefined {
  const { sizeBytes, fileCount } = properties;
  const [sha256, uploadedAt] = [textAt(properties, "sha256"), textAt(properties, "uploadedAt")];
  if (sha256 === undefined || uploadedAt === undefined) return undefined;
  if (typeof sizeBytes !== "number" || typeof fileCount !== "number") return undefined;
  const sourceVersion = textAt(properties, "sourceVersion");
  return {
    ...{ stagingId, sha256, sizeBytes, fileCount, uploadedAt },
    ...(sourceVersion === undefined ? {} : { sourceVersion }),
  };
}

/** The ID in a record, and the item's name if it has one. The record exists before the component has its outputs. */
function itemOfRecord({ type, properties }: StateEntry): (readonly [string, string | undefined])[] {
  const { item } = properties;
  if (type !== RECORD_TYPE || typeof item !== "string") return [];
  let attributes: unknown;
  try {
    attributes = JSON.parse(item);
  } catch {
    return []; // Another writer's item; the record's own checks report it.
  }
  const id = attributeIn(attributes, RECORD_KEY);
  return id === undefined ? [] : [[id, attributeIn(attributes, "declared_as")]];
}

function attributeIn(attributes: unknown, name: string): string | undefined {
  const attribute = isRecord(attributes) ? attributes[name] : undefined;
  return isRecord(attribute) ? textAt(attribute, "S") : undefined;
}
