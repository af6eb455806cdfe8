/*
 * The contract between the dashboard's page and the program that serves it. Texts of users are printable: control characters are escapes.
 * Times are ISO 8601 in UTC, amounts are US dollars.
 */

/** The parts of the dashboard. Each is read at its own interval, and can fail alone. */
export interface Values {
  readonly transfers: readonly Transfer[];
  readonly sweeps: Sweeps;
  readonly entries: Entries;
  readonly presence: Presence;
  readonly cost: Cost;
}

export type PartName = keyof Values;
export const PART_NAMES = ["transfers", "sweeps", "entries", "presence", "cost"] as const;

/** The last value of a part. After a failed read it keeps its value and has an error. */
export interface Part<T> {
  /** `null` until the first successful read. */
  readonly value: T | null;
  /** The server's time of the value. */
  readonly readAt: string | null;
  /** The reason why the last read failed. */
  readonly error: Problem | null;
  /** Items that the value lacks because they cannot be read. */
  readonly problems: readonly Problem[];
}

export type Parts = { readonly [Name in PartName]: Part<Values[Name]> };

/** An error for the user. */
export interface Problem {
  readonly message: string;
  readonly why?: string;
  /** The command that fixes it. */
  readonly fix?: string;
}

/** An upload that has begun and has not ended. */
export interface Transfer {
  readonly id: string;
  readonly name: string;
  readonly source: string;
  readonly sizeBytes: number;
  readonly fileCount: number;
  readonly state: "uploading" | "interrupted" | "deleting";
  readonly startedAt: string;
  /** The machine that works on it, or worked on it last. */
  readonly host: string;
  /** The primary region first. Counts are `null` if the region does not respond. */
  readonly regions: readonly {
    readonly region: string;
    readonly bytes: number | null;
    readonly files: number | null;
  }[];
}

/** The newest sweeps. */
export interface Sweeps {
  readonly sweeps: readonly Sweep[];
  /** Whether there are older ones. */
  readonly more: boolean;
}

/** Numbers of indices. */
export interface Counts {
  readonly pending: number;
  readonly running: number;
  readonly done: number;
  readonly failed: number;
  readonly cancelled: number;
}

export interface Sweep {
  readonly id: string;
  readonly name: string;
  readonly state: "starting" | "running" | "succeeded" | "failed" | "cancelled" | "overdue";
  readonly count: number;
  readonly total: Counts;
  readonly regions: readonly (Counts & {
    readonly region: string;
    readonly workers: number;
    readonly alive: number;
  })[];
  readonly createdAt: string;
  readonly deadlineAt: string;
}

/** The failed indices of a sweep. */
export interface Failures {
  /** The first ones, in the order of their indices. */
  readonly failures: readonly {
    readonly index: number;
    readonly region: string;
    readonly attempt: number;
    readonly exitCode: number | null;
    readonly error: string;
    readonly endedAt: string;
  }[];
  /** The number of all. */
  readonly total: number;
}

/** The end of one attempt's log. */
export interface Log {
  readonly text: string;
  readonly sizeBytes: number;
  /** Bytes before `text`. */
  readonly omittedBytes: number;
}

/** The newest entries. */
export interface Entries {
  readonly entries: readonly Entry[];
  /** Whether there are older ones. */
  readonly more: boolean;
}

export interface Entry {
  readonly id: string;
  readonly name: string;
  readonly kind: "file" | "directory";
  readonly fileCount: number;
  readonly sizeBytes: number;
  /** The primary region first. */
  readonly regions: readonly string[];
  readonly uploadedAt: string;
  readonly expiresAt: string;
  readonly sweepId: string | null;
  readonly isDeleting: boolean;
}

/** By the ID of the entry and the region. An entry that is newer than the check is absent. */
export type Presence = Readonly<Record<string, Readonly<Record<string, RegionPresence>>>>;

export interface RegionPresence {
  readonly state: "whole" | "missing" | "different" | "unreachable";
  readonly why: string | null;
}

/** The cost of the last 30 days. */
export interface Cost {
  /** The name of the price book. */
  readonly prices: string;
  readonly total: number;
  readonly days: readonly DayCost[];
  /** By region. */
  readonly regions: Readonly<Record<string, number>>;
  /** Charges of unfinished uploads and remains, which the total excludes. */
  readonly unfinished: { readonly count: number; readonly bytes: number; readonly perDay: number };
}

export interface DayCost {
  /** `2026-11-24` */
  readonly date: string;
  readonly replication: number;
  readonly storage: number;
  readonly requests: number;
}

/** Facts that do not change while the page is open. */
export interface About {
  readonly environment: string;
  readonly cloud: "aws" | "local";
  /** Regions of the environment, each with its bucket. */
  readonly regions: readonly { readonly region: string; readonly bucket: string }[];
  /** The end of every command for this environment: empty, or `--environment NAME` after a space. */
  readonly commandEnd: string;
}

/** An event of the stream: the new state of one part. */
export interface PartEvent {
  readonly name: PartName;
  readonly part: Part<unknown>;
  /** The server's time. */
  readonly now: string;
}

/** A copy of the dashboard at one time, with the details that the live page requests. */
export interface Saved {
  readonly now: string;
  readonly parts: Parts;
  /** By {@link failuresName}. */
  readonly failures: Readonly<Record<string, Failures>>;
  /** By {@link logName}. */
  readonly logs: Readonly<Record<string, Log>>;
}

/** The data in the page's document. */
export interface Embedded {
  readonly about: About;
  /** Absent on the live page. */
  readonly saved?: Saved;
}

/** The path of a log: relative to the page's address, and its key in a saved page. */
export const logName = (
  sweepId: string,
  { region, index, attempt }: { readonly region: string; readonly index: number; readonly attempt: number },
): string => `sweeps/${sweepId}/logs/${region}/${index}/${attempt}`;

/** The path of a sweep's failures, relative to the page's address. */
export const failuresName = (sweepId: string): string => `sweeps/${sweepId}/failures`;

/** A part that was not read yet. */
export const UNREAD: Part<never> = { value: null, readAt: null, error: null, problems: [] };

export const UNREAD_PARTS: Parts = {
  transfers: UNREAD,
  sweeps: UNREAD,
  entries: UNREAD,
  presence: UNREAD,
  cost: UNREAD,
};
