import { ScanCommand } from "@aws-sdk/client-dynamodb";
import { InputError } from "../../../staging/errors.ts";
import { isStagingId, parseIdStart, type StagingId } from "../../../staging/ids.ts";
import { printable } from "../../../staging/printable.ts";
import { RECORD_KEY } from "../../../staging/record.ts";
import { USAGE_KEY } from "../../../staging/usage.ts";
import { commandLine } from "../../command-line.ts";
import type { Context } from "../../context.ts";
import { openSession, type SessionSource } from "../../engine/session.ts";
import { entryStacks } from "../cleanup/owners.ts";
import { itemPages } from "../common/items.ts";
import { onlyMatch } from "../common/only-match.ts";
import { unfinishedStacks } from "./upload/unfinished.ts";

/** `entries`: existing entries. `ledger`: also deleted ones, for reports. */
export type IdScope = "entries" | "ledger";

/** Matching IDs, each with its file name if that is known. */
type Candidates = Map<StagingId, string>;

/** In place of the file name of an entry without a record. */
const NO_NAME = "interrupted";

/**
 * The ID that a whole or shortened ID stands for. A whole ID costs no request and is not looked up.
 * @throws InputError if no entry or more than one matches; it lists the candidates
 */
export async function resolveId(
  context: SessionSource & Pick<Context, "environmentName" | "tables">,
  text: string,
  scope: IdScope = "entries",
): Promise<StagingId> {
  const start = parseIdStart(text);
  if (isStagingId(start)) return start;
  const { environmentName } = context;
  const none = new InputError(`no staging ID in environment ${environmentName} begins with ${start}`, {
    fix: commandLine(scope === "ledger" ? "spawn stage cost" : "spawn stage list", environmentName),
  });
  const candidates = await candidatesFor(context, start, scope);
  return onlyMatch(candidates, none, (count) => `${count} staging IDs begin with ${start}`);
}

/** Resolves all IDs before any is used. @throws as {@link resolveId} */
export const resolveIds = (
  context: SessionSource & Pick<Context, "environmentName" | "tables">,
  texts: readonly string[],
): Promise<StagingId[]> => Promise.all(texts.map((text) => resolveId(context, text)));

async function candidatesFor(
  context: SessionSource & Pick<Context, "environmentName" | "tables">,
  start: string,
  scope: IdScope,
): Promise<Candidates> {
  const stored = await storedIds(context, start, scope);
  if (scope === "ledger") return stored;
  for (const stack of await unfinishedStacks(context.environmentName)) {
    const id = stack.slice(`${context.environmentName}.`.length);
    if (isStagingId(id) && id.startsWith(start) && !stored.has(id)) stored.set(id, NO_NAME);
  }
  if (stored.size > 0) return stored;
  // Only a stack may have the entry. The engine is started for that only if nothing else matches.
  const stacks = await entryStacks(context, (await openSession(context)).entryProject);
  return new Map([...stacks].filter((id) => id.startsWith(start)).map((id) => [id, NO_NAME]));
}

/** The scan is strongly consistent, so that a new entry counts. DynamoDB reads the whole table for it. */
async function storedIds(
  context: Pick<Context, "tables">,
  start: string,
  scope: IdScope,
): Promise<Candidates> {
  const { client, settings } = await context.tables();
  const [table, key] =
    scope === "ledger" ? [settings.usageTable, USAGE_KEY] : [settings.recordsTable, RECORD_KEY];
  const found: Candidates = new Map();
  const pages = itemPages((from) =>
    client.send(
      new ScanCommand({
        TableName: table,
        ConsistentRead: true,
        FilterExpression: "begins_with(#id, :start)",
        ProjectionExpression: "#id, #filename",
        ExpressionAttributeNames: { "#id": key, "#filename": "filename" },
        ExpressionAttributeValues: { ":start": { S: start } },
        ...from,
      }),
    ),
  );
  for await (const page of pages)
    for (const { [key]: id, filename } of page)
      if (id?.S !== undefined && isStagingId(id.S))
        found.set(id.S, filename?.S === undefined ? NO_NAME : printable(filename.S));
  return found;
}
