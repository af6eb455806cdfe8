// Loaded by a dynamic import when a command first needs it; the static one in here lets the bundler leave out the rest.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { ClientConfig } from "../../connection/access.ts";
import { followServerTime } from "../../provider/store/server-time.ts";

export function makeDynamoDBClient(config: ClientConfig): DynamoDBClient {
  const client = new DynamoDBClient(config);
  followServerTime(client);
  return client;
}
