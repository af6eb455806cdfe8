// Loaded by a dynamic import when a command first needs it; the static one in here lets the bundler leave out the rest.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { ClientConfig } from "../context.ts";

export const makeDynamoDBClient = (config: ClientConfig): DynamoDBClient => new DynamoDBClient(config);
