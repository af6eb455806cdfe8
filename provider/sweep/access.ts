import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { SweepId } from "../../staging/sweep/id.ts";
import type { Settling } from "../store/retry.ts";
import type { SweepGroups } from "./groups.ts";

/** What the work on one sweep is done with. */
export interface SweepAccess {
  readonly sweepId: SweepId;
  /** The sweeps table, and a client of its region. */
  readonly table: string;
  readonly client: DynamoDBClient;
  readonly groups: SweepGroups;
  /** The server's time, once a request has been answered; see `staging/server-clock.ts`. */
  now(): Date;
  readonly signal: AbortSignal;
  /** How long a group is looked for that was made a moment ago. @default DEFAULT_SETTLING */
  readonly settling?: Settling;
  /** Shows what is being done: `Writing items 300 of 1000`. */
  progress(text: string): void;
  /** Says what the user should know afterwards, too. */
  note(text: string): void;
}

/** An Auto Scaling group of a sweep. */
export interface RegionGroup {
  readonly region: string;
  readonly group: string;
}
