import {
  DescribeTableCommand,
  type DynamoDBClient,
  ListTagsOfResourceCommand,
} from "@aws-sdk/client-dynamodb";
import { errorName } from "../../connection/errors/failure.ts";
import { isDenied } from "../../connection/errors/kinds.ts";
import { accountOfArn } from "../../staging/accounts.ts";
import { ownerOfTags } from "../../staging/ownership/names.ts";
import type { Owner, SurveyRequest, TableFact } from "../../staging/resources/environment-facts.ts";

type Options = { readonly abortSignal?: AbortSignal };

/** Whether the table exists, its account, and its owner. The owner is unknown without permission to read tags. */
export async function surveyTable(
  { region, name }: SurveyRequest["tables"][number],
  client: DynamoDBClient,
  options: Options,
): Promise<TableFact> {
  const arn = await arnOf(name, client, options);
  if (arn === undefined) return { region, name, exists: false, owner: {} };
  const account = accountOfArn(arn);
  return {
    ...{ region, name, exists: true },
    ...(account === undefined ? {} : { account }),
    owner: arn === "" ? {} : await tagsOf(arn, client, options),
  };
}

/** The table's ARN; "" without permission to describe it; undefined if the table does not exist. */
async function arnOf(name: string, client: DynamoDBClient, options: Options): Promise<string | undefined> {
  try {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: name }), options);
    return Table?.TableStatus === "DELETING" ? undefined : (Table?.TableArn ?? "");
  } catch (error) {
    if (errorName(error) === "ResourceNotFoundException") return undefined;
    if (isDenied(error)) return "";
    throw error;
  }
}

async function tagsOf(ResourceArn: string, client: DynamoDBClient, options: Options): Promise<Owner> {
  try {
    const { Tags = [] } = await client.send(new ListTagsOfResourceCommand({ ResourceArn }), options);
    return ownerOfTags(Object.fromEntries(Tags.map(({ Key = "", Value = "" }) => [Key, Value])));
  } catch (error) {
    if (errorName(error) === "ResourceNotFoundException" || isDenied(error)) return {};
    throw error;
  }
}
