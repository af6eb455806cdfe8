import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Region } from "../../../staging/regions.ts";
import type { Context } from "../../context.ts";

/** The table of an environment's sweeps. */
export interface SweepTable {
  readonly client: DynamoDBClient;
  readonly name: string;
  readonly region: Region;
  /** The environment, for commands in errors. */
  readonly environment: string;
}

/** @throws InputError if the tables belong to another environment */
export async function sweepTable(context: Pick<Context, "settings" | "tables">): Promise<SweepTable> {
  const [{ client }, settings] = await Promise.all([context.tables(), context.settings()]);
  return {
    client,
    name: settings.sweepsTable,
    region: settings.tableRegion,
    environment: settings.name,
  };
}
