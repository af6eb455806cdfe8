import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { clientOf } from "./call.ts";

export const dynamodb = clientOf("DYNAMODB", (settings) => new DynamoDBClient(settings));
