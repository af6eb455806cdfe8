import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { SweepId } from "../../staging/sweep/id.ts";
import type { Settling } from "../store/retry.ts";
import type { SweepGroups } from "./groups.ts";

/** Clients, names and callbacks for the work on one sweep. */
export interface SweepAccess {
  readonly sweepId: SweepId;
  /** The name of the sweeps table. `client` is a client of its region. */
  readonly table: string;
  readonly client: DynamoDBClient;
  readonly groups: SweepGroups;
  /** The server's time after the first response; see `staging/server-clock.ts`. */
  now(): Date;
  readonly signal: AbortSignal;
  /** How long to wait for a newly created group to become visible. @default DEFAULT_SETTLING */
  readonly settling?: Settling;
  /** Shows the current step, such as `Writing items 300 of 1000`. */
  progress(text: string): void;
  /** Logs a message that stays visible after the run. */
  note(text: string): void;
}

/** An Auto Scaling group of a sweep. */
export interface RegionGroup {
  readonly region: string;
  readonly group: string;
}
