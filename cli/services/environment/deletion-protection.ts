import { UpdateTableCommand } from "@aws-sdk/client-dynamodb";
import { errorName } from "../../../connection/errors/failure.ts";
import { UserError } from "../../../staging/errors.ts";
import { DATA_TYPES } from "../../../staging/ownership/held.ts";
import type { Context } from "../../context.ts";
import { type EngineSettings, reasonOf, runEngine } from "../../engine/process.ts";
import type { StateResource } from "../../engine/state.ts";

/*
 * On AWS, the program protects the tables and buckets of an environment in the engine's state (`protect`), and the tables in DynamoDB
 * as well. Commands that delete them first remove the protection.
 */

/** Whether the program has protected the resource, and not the user. */
export const isProtectedByProgram = (
  cloud: "local" | "aws",
  { type, protect }: Pick<StateResource, "type" | "protect">,
): boolean => cloud === "aws" && protect === true && DATA_TYPES.has(type);

/** Lets the engine delete resources. @throws UserError if the state cannot be written */
export async function unprotect(
  settings: EngineSettings,
  stack: string,
  resources: readonly StateResource[],
): Promise<void> {
  if (resources.length === 0) return;
  const urns = resources.map(({ urn }) => urn);
  const run = await runEngine(settings, ["state", "unprotect", ...urns, "--yes", "--stack", stack]);
  if (run.exitCode === 0) return;
  throw new UserError(`the tables and buckets of ${stack} could not be made ready for deletion`, {
    why: reasonOf(run),
    fix: "Run the command again.",
  });
}

/**
 * Removes DynamoDB's protection of tables for a deletion. If the deletion fails, the remaining tables are protected again; the next update
 * of the environment restores the engine's protection.
 */
export async function withDeletableTables<T>(
  context: Pick<Context, "dynamo">,
  tables: readonly string[],
  deletion: () => Promise<T>,
): Promise<T> {
  for (const table of tables) await protectTable(context, table, false);
  try {
    return await deletion();
  } catch (error) {
    // The error of the deletion takes precedence.
    await Promise.allSettled(tables.map((table) => protectTable(context, table, true)));
    throw error;
  }
}

async function protectTable(
  context: Pick<Context, "dynamo">,
  TableName: string,
  DeletionProtectionEnabled: boolean,
): Promise<void> {
  const client = await context.dynamo();
  try {
    await client.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled }));
  } catch (error) {
    if (errorName(error) !== "ResourceNotFoundException") throw error;
  }
}

/** Names of the tables that DynamoDB protects, from their state. */
export const protectedTables = (resources: readonly StateResource[]): string[] =>
  resources.flatMap(({ inputs = {} }) =>
    inputs["deletionProtectionEnabled"] === true && typeof inputs["name"] === "string" ? inputs["name"] : [],
  );
