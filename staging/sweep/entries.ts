import type { AccountId } from "../accounts.ts";
import { durationText } from "../duration.ts";
import { InputError } from "../errors.ts";
import type { CommandText } from "../option.ts";
import type { StagingRecord } from "../record.ts";
import type { Region } from "../regions.ts";
import { expiresAt, isoSeconds, MAX_TTL_DAYS, MS_PER_DAY, type TtlDays } from "../ttl.ts";

/** A staged dataset for a sweep: part of its record, or values of its manifest and options. */
export interface SweepEntry
  extends Pick<
    StagingRecord,
    "stagingId" | "regions" | "sizeBytes" | "fileCount" | "destination" | "uploadedAt"
  > {
  /** Undefined if another account does not provide it. */
  readonly ttl: TtlDays | undefined;
  /** The account that staged it. Default: the sweep's own. */
  readonly account?: AccountId;
}

/**
 * The default regions of a sweep: those that hold every entry, in the order of the first entry.
 * @throws InputError if there is none
 */
export function commonRegions(entries: readonly SweepEntry[], command: CommandText): readonly Region[] {
  const [first, ...others] = entries;
  if (first === undefined) {
    throw new InputError("the sweep has no region", {
      why: "It names no region, and no staged data with regions.",
      fix: "Add regions to the parameter file, or give --stage-id.",
    });
  }
  const common = first.regions.filter((region) => others.every(({ regions }) => regions.includes(region)));
  if (common.length > 0) return common;
  throw new InputError("no region holds all datasets of the sweep", {
    why: entries.map(({ stagingId, regions }) => `${stagingId} is in ${regions.join(", ")}`).join("; "),
    fix: joined(others.map((entry) => updateCommand(entry, command, first.regions))),
  });
}

/** Requirements of a sweep that an entry does not meet. */
interface Lack {
  readonly text: string;
  readonly regions: readonly Region[];
  readonly ttl?: number;
}

/**
 * Checks that every region holds every entry until the deadline, and that the entries have different paths on a
 * worker.
 * @param now the server's time
 * @throws InputError that names each entry with its missing requirements; its fix has the commands that add them
 */
export function checkEntries(
  entries: readonly SweepEntry[],
  regions: readonly Region[],
  deadlineSeconds: number,
  now: Date,
  command: CommandText,
): void {
  refuseSamePlaces(entries, command);
  const lacking = entries
    .map((entry) => ({ entry, lack: lackOf(entry, regions, deadlineSeconds, now) }))
    .filter(({ lack }) => lack.text !== "");
  if (lacking.length === 0) return;
  const commands = lacking.flatMap(({ entry, lack }) => {
    if (lack.ttl !== undefined && lack.ttl > MAX_TTL_DAYS) return [];
    return [updateCommand(entry, command, lack.regions, lack.ttl)];
  });
  // Data at the maximum TTL must be staged again.
  const tooOld = lacking
    .filter(({ lack }) => (lack.ttl ?? 0) > MAX_TTL_DAYS)
    .map(({ entry }) => entry.stagingId);
  const again = `Stage the data of ${tooOld.join(", ")} again, or give the sweep a shorter deadline`;
  throw new InputError(lacking.map(({ lack }) => lack.text).join("; "), {
    why: "Each worker reads the data from its own region until the sweep's deadline.",
    fix: tooOld.length > 0 ? [again, ...commands].join("; then: ") : joined(commands),
  });
}

function lackOf(entry: SweepEntry, regions: readonly Region[], deadlineSeconds: number, now: Date): Lack {
  const { stagingId, ttl } = entry;
  const missing = regions.filter((region) => !entry.regions.includes(region));
  const until = new Date(now.getTime() + deadlineSeconds * 1000);
  const texts = missing.length === 0 ? [] : [`${stagingId} is not in ${missing.join(", ")}`];
  const expiry = ttl === undefined ? undefined : expiresAt(entry.uploadedAt, ttl);
  if (expiry === undefined || expiry > until) return { text: texts.join("; "), regions: missing };
  texts.push(
    expiry <= now
      ? `${stagingId} expired at ${isoSeconds(expiry)}`
      : `${stagingId} expires at ${isoSeconds(expiry)}, before the deadline of ${durationText(deadlineSeconds)} at ${isoSeconds(until)}`,
  );
  const days = Math.floor((until.getTime() - entry.uploadedAt.getTime()) / MS_PER_DAY) + 1;
  // The data of an expired entry may be deleted: no update restores them.
  return { text: texts.join("; "), regions: missing, ttl: expiry <= now ? Number.POSITIVE_INFINITY : days };
}

function updateCommand(
  { stagingId, regions, account }: SweepEntry,
  command: CommandText,
  more: readonly Region[],
  ttl?: number,
): string {
  const all = [...regions, ...more.filter((region) => !regions.includes(region))];
  const withRegions = all.length > regions.length ? ` --regions ${all.join(",")}` : "";
  const text = `spawn stage update ${stagingId}${withRegions}${ttl === undefined ? "" : ` --ttl ${ttl}`}`;
  // The name of their environment is unknown in this account.
  return account === undefined ? command(text) : `Account ${account} must run: ${text}`;
}

/** Commands on one line, run in sequence; commands for another account are separate. */
function joined(commands: readonly string[]): string {
  return commands.join(commands.some((text) => text.startsWith("Account ")) ? "; then: " : " && ");
}

/** Two datasets at the same path, or one inside the other, would overwrite each other. */
function refuseSamePlaces(entries: readonly SweepEntry[], command: CommandText): void {
  for (const [place, { stagingId, destination }] of entries.entries()) {
    for (const other of entries.slice(place + 1)) {
      if (other.stagingId === stagingId) {
        throw new InputError(`${stagingId} is given twice`, { fix: "Name each dataset once." });
      }
      const [outer, inner] =
        destination.length <= other.destination.length
          ? [destination, other.destination]
          : [other.destination, destination];
      if (inner !== outer && !inner.startsWith(`${outer.replace(/\/$/, "")}/`)) continue;
      throw new InputError(`the datasets ${stagingId} and ${other.stagingId} have overlapping paths`, {
        why: `Their paths are ${destination} and ${other.destination}.`,
        fix: command(`spawn stage update ${other.stagingId} --dest /mnt/data/${other.stagingId}`),
      });
    }
  }
}
