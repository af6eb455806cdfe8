import { DescribeTableCommand } from "@aws-sdk/client-dynamodb";
import { serverClock } from "../../../staging/server-clock.ts";
import type { Context } from "../../context.ts";

/**
 * The server's time. It costs a request, unless an earlier response had it.
 * @throws Error if no server responds
 */
export async function serverTime(context: Pick<Context, "tables">, clock = serverClock): Promise<Date> {
  if (clock.isKnown) return clock.now();
  const { client, settings } = await context.tables();
  try {
    await client.send(new DescribeTableCommand({ TableName: settings.recordsTable }));
  } catch (error) {
    // A refusal has the time, too. The command's own requests report the refusal.
    if (!clock.isKnown) throw error;
  }
  return clock.now();
}
