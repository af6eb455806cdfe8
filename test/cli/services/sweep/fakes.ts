import type { AttributeValue, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { ClearedStack } from "../../../../cli/engine/pending.ts";
import type { LaunchRequest, PreparedLaunch } from "../../../../cli/services/sweep/launch.ts";
import type { SweepStack } from "../../../../cli/services/sweep/stack.ts";
import type { SweepTable } from "../../../../cli/services/sweep/tables.ts";

import { GUIDE_PRICES } from "../../../../staging/price-book.ts";
import { priceBook } from "../../../../staging/price-books.ts";
import type { SweepEntry } from "../../../../staging/sweep/entries.ts";
import { parseSweepFile } from "../../../../staging/sweep/file.ts";
import { sweepStackName } from "../../../../staging/sweep/id.ts";
import { sweepParameters } from "../../../../staging/sweep/parameters.ts";
import { planSweep } from "../../../../staging/sweep/plan.ts";
import { parseRows } from "../../../../staging/sweep/rows.ts";
import { awsError } from "../../../support/failure.ts";
import { fullSettings } from "../../records.ts";
import { EAST, SWEEP } from "../../sweep-items.ts";
import type { AnswerDynamo, DynamoInput } from "../machine.ts";

type Item = Record<string, AttributeValue>;

/** A sweeps table in memory. */
export class SweepsTable {
  readonly items: Item[];
  readonly requests: DynamoInput[] = [];

  constructor(...items: readonly Item[]) {
    this.items = items.map((item) => ({ ...item }));
  }

  /** The response to a request, for `Machine.context`. */
  readonly dynamo: AnswerDynamo = (command, input) => {
    if (input.TableName !== "sweeps") return undefined;
    this.requests.push(input);
    const { IndexName, Key = {}, ExpressionAttributeValues: values = {} } = input;
    const item = this.items.find(
      ({ sweep_id, item }) => sweep_id?.S === Key["sweep_id"]?.S && item?.S === Key["item"]?.S,
    );
    switch (command) {
      case "GetItem":
        return { Item: item };
      case "Query":
        return {
          Items: this.items.filter((one) =>
            IndexName === undefined
              ? one["sweep_id"]?.S === values[":sweep"]?.S &&
                one["item"]?.S?.startsWith(values[":prefix"]?.S ?? "") === true &&
                (values[":running"] === undefined || one["state"]?.S === "running")
              : one["kind"] !== undefined,
          ),
        };
      case "UpdateItem":
        if (item?.["kind"] === undefined) return awsError("ConditionalCheckFailedException");
        delete item["kind"];
        return {};
      case "DescribeTable":
        return {};
      default:
        throw new Error(`unexpected ${command}`);
    }
  };

  get client(): DynamoDBClient {
    const send = async ({
      constructor: { name },
      input,
    }: {
      constructor: { name: string };
      input: DynamoInput;
    }) => {
      const response = this.dynamo(name.replace(/Command$/, ""), input);
      if (response instanceof Error) throw response;
      return response;
    };
    return { send } as unknown as DynamoDBClient;
  }

  get table(): SweepTable {
    return { client: this.client, name: "sweeps", region: EAST, environment: "dev" };
  }

  /** A context with this table and nothing else. */
  get context() {
    const settings = fullSettings();
    return {
      environmentName: "dev",
      settings: async () => settings,
      tables: async () => ({ client: this.client, settings }),
    };
  }
}

/** A stack that notes what is done to it. @param failures by the name of a method */
export const fakeStack = (
  log: string[],
  { exists = true, resources = [] }: Partial<ClearedStack> = {},
  failures: Readonly<Record<string, unknown>> = {},
) => {
  const step = async (name: string, text = name): Promise<void> => {
    log.push(text);
    if (name in failures) throw failures[name];
  };
  const stack: SweepStack = {
    name: sweepStackName("dev", SWEEP),
    recover: async (next) => {
      await step("recover", `recover to ${next}`);
      return { exists, resources, creating: [] };
    },
    create: () => step("create"),
    up: ({ spec }) => step("up", `up to generation ${spec.generation}`),
    destroy: () => step("destroy"),
    removeDamagedFiles: () => step("removeDamagedFiles"),
  };
  return stack;
};

export const testRequest = (
  text: string,
  more: Partial<LaunchRequest> = {},
  rows?: string,
): LaunchRequest => ({
  parameters: sweepParameters(
    parseSweepFile(text, "s.yaml"),
    rows === undefined ? undefined : parseRows(rows, "rows.csv"),
  ),
  ...{ stageAccount: undefined, stageBuckets: new Map(), stageDestinations: new Map() },
  ...{ iamActions: [], managedPolicies: [] },
  prices: GUIDE_PRICES,
  ...more,
});

/** A sweep that can start, without staged data unless `entries` has some. */
export function testLaunch(request: LaunchRequest, entries: readonly SweepEntry[] = []): PreparedLaunch {
  const { parameters, prices } = request;
  const plan = planSweep({
    ...{ parameters, entries, prices, now: new Date("2026-11-29T10:00:00Z") },
    ...{ hourOf: priceBook("aws").instanceHour, command: (command: string) => command },
  });
  return { ...request, plan, settings: fullSettings(), datasets: [], advice: { warnings: [], notes: [] } };
}
