import { DescribeTableCommand } from "@aws-sdk/client-dynamodb";
import { serverClock } from "../../../staging/server-clock.ts";
import type { Context } from "../../context.ts";

/**
 * Makes sure that this process knows the server's time; a command that has sent a request already knows it.
 * @throws Error when no server answers
 */
export async function learnServerTime(context: Pick<Context, "tables">): Promise<void> {
  if (serverClock.isKnown) return;
  const { client, settings } = await context.tables();
  try {
    await client.send(new DescribeTableCommand({ TableName: settings.recordsTable }));
  } catch (error) {
    // A refusal has the time, too. The command's own requests will report the refusal itself.
    if (!serverClock.isKnown) throw error;
  }
}

/** The server's time; see {@link learnServerTime}. */
export async function serverTime(context: Pick<Context, "tables">): Promise<Date> {
  await learnServerTime(context);
  return serverClock.now();
}
