import { formatBytes, formatInteger } from "../../../../staging/units.ts";
import type { InspectedSource, SourceVersion } from "./source.ts";

/** A source at the start of its upload. */
interface Measured extends Pick<SourceVersion, "modifiedMs" | "changedMs" | "fingerprint" | "changes"> {
  readonly sizeBytes: number;
  readonly fileCount: number;
}

/** Whether the source was a single file and is a directory now, or the other way round. */
export const isOfOtherKind = (then: Measured, { version }: MeasuredSource): boolean =>
  (then.modifiedMs !== undefined && version.modifiedMs === undefined) ||
  (then.fingerprint !== undefined && version.fingerprint === undefined);

/** The kind of a local source. */
export const kindOf = ({ modifiedMs }: Measured): string => (modifiedMs === undefined ? "directory" : "file");

/** A source as it is now. */
export type MeasuredSource = Pick<InspectedSource, "sizeBytes" | "fileCount" | "version">;

export function measuredOf({ sizeBytes, fileCount = 1, version }: MeasuredSource): Measured {
  const { modifiedMs, changedMs, fingerprint, changes } = version;
  return {
    ...{ sizeBytes, fileCount },
    ...(modifiedMs === undefined ? {} : { modifiedMs }),
    ...(changedMs === undefined ? {} : { changedMs }),
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ...(changes === undefined ? {} : { changes }),
  };
}

interface Remembered extends Measured {
  readonly damaged?: true;
}

/** The change of a source since its upload began, in words; undefined without a change. */
export function changeOf(then: Remembered, source: MeasuredSource): string | undefined {
  if (then.damaged) return "Its earlier size and time are not known: the journal of the upload is damaged.";
  const { sizeBytes, fileCount = 1, version } = source;
  if (fileCount !== then.fileCount) {
    return `It had ${filesOf(then.fileCount)} with ${bytesOf(then.sizeBytes)} and has ${filesOf(fileCount)} with ${bytesOf(sizeBytes)} now.`;
  }
  if (sizeBytes !== then.sizeBytes) {
    return `It had ${bytesOf(then.sizeBytes)} and has ${bytesOf(sizeBytes)} now.`;
  }
  const { modifiedMs, fingerprint, newest } = version;
  if (then.modifiedMs !== undefined && then.modifiedMs !== modifiedMs) {
    const now = modifiedMs === undefined ? "it is no file" : `on ${utc(modifiedMs)}`;
    return `It was last changed on ${utc(then.modifiedMs)} then, and ${now} now.`;
  }
  if (then.fingerprint === undefined || then.fingerprint === fingerprint) return changedSince(then, version);
  return newest === undefined
    ? "It has the same size and is another version."
    : `It has as many files with as many bytes, but not the same ones. The last change is that of ${JSON.stringify(newest.path)}, on ${utc(newest.modifiedMs)}.`;
}

/** Changes that size and time do not show. Journals of older versions lack these times; on another machine they always differ. */
function changedSince(then: Remembered, { changedMs, changes }: SourceVersion): string | undefined {
  if (then.changedMs !== undefined && then.changedMs !== changedMs) {
    return "It has the same size and time, but its attributes changed, or a program wrote to it and restored the time.";
  }
  if (then.changes !== undefined && then.changes !== changes) {
    return "Its files have the same sizes and times, but attributes changed, or a program wrote to a file and restored the time.";
  }
  return undefined;
}

const filesOf = (count: number): string => (count === 1 ? "1 file" : `${formatInteger(count)} files`);
const bytesOf = (bytes: number): string => `${bytes} bytes (${formatBytes(bytes)})`;
const utc = (milliseconds: number): string => new Date(milliseconds).toISOString();
