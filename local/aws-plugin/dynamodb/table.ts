import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  ListTagsOfResourceCommand,
  type TableDescription,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateTableCommand,
} from "@aws-sdk/client-dynamodb";
import type { CheckFailure, Properties } from "../../../provider/plugin/types.ts";
import { containsUnknowns } from "../../../provider/plugin/values.ts";
import { undefinedIfEmpty } from "../../../staging/omit.ts";
import { boolean, choice, integer, list, object, string, strings } from "../../../staging/schema/fields.ts";
import { defineResource } from "../resource.ts";
import type { Call } from "../sdk/call.ts";
import { dynamodb } from "../sdk/dynamodb.ts";
import { trueUnless, undefinedIfCreated, undefinedOn } from "../sdk/errors.ts";
import { settle, settleGone } from "../sdk/settle.ts";
import { changeTags, fromTagList, toTagList } from "../sdk/tags.ts";
import { updateIndexes } from "./index-updates.ts";
import {
  fromIndex,
  globalSecondaryIndex,
  type Index,
  indexKeys,
  keyOfType,
  tableNameProblem,
  toIndex,
} from "./indexes.ts";
import { getPointInTimeRecovery, getTtl, setPointInTimeRecovery, setTtl } from "./table-settings.ts";

const fields = {
  name: string({ required: true, replaces: true, names: true, problem: tableNameProblem }),
  billingMode: choice(["PAY_PER_REQUEST", "PROVISIONED"], { default: "PROVISIONED", problem: onDemandOnly }),
  hashKey: string({ required: true, replaces: true }),
  rangeKey: string({ replaces: true }),
  attributes: list(
    object({ name: string({ required: true }), type: choice(["S", "N", "B"], { required: true }) }),
    { required: true, min: 1, keyOf: (attribute) => attribute.name },
  ),
  globalSecondaryIndexes: list(globalSecondaryIndex, { keyOf: (index) => index.name }),
  // DynamoDB drops the attribute when it is disabled.
  ttl: object(
    { attributeName: string({}), enabled: boolean() },
    { problem: ttlProblem, normal: (ttl) => (ttl["enabled"] ? ttl : {}) },
  ),
  pointInTimeRecovery: object({
    enabled: boolean({ required: true }),
    recoveryPeriodInDays: integer({ min: 1, max: 35, computed: true }),
  }),
  deletionProtectionEnabled: boolean({ default: false }),
  tags: strings(),
};

type Computed = { arn: string; tagsAll: Record<string, string> };

const GONE = ["ResourceNotFoundException"];

export default defineResource<typeof fields, Computed>({
  title: "table",
  fields,
  computed: ["arn", "tagsAll"],
  changing: ["tagsAll"],
  check: unusedAttributes,

  async create(inputs, call) {
    await undefinedIfCreated(
      ["ResourceInUseException"],
      dynamodb(call).send(
        new CreateTableCommand({
          TableName: inputs.name,
          BillingMode: "PAY_PER_REQUEST",
          AttributeDefinitions: toAttributes(inputs.attributes),
          KeySchema: [
            { AttributeName: inputs.hashKey, KeyType: "HASH" },
            ...(inputs.rangeKey ? [{ AttributeName: inputs.rangeKey, KeyType: "RANGE" as const }] : []),
          ],
          GlobalSecondaryIndexes: undefinedIfEmpty(inputs.globalSecondaryIndexes)?.map(toIndex),
          DeletionProtectionEnabled: inputs.deletionProtectionEnabled,
          Tags: inputs.tags && toTagList(inputs.tags),
        }),
      ),
    );
    return inputs.name;
  },
  async finish(name, inputs, call) {
    await active(name, call);
    await setTtl(name, inputs.ttl, call);
    await setPointInTimeRecovery(name, inputs.pointInTimeRecovery, call);
  },
  async update(TableName, inputs, actual, call) {
    const ResourceArn = actual.arn;
    await changeTags(
      actual.tags,
      inputs.tags,
      (TagKeys) => dynamodb(call).send(new UntagResourceCommand({ ResourceArn, TagKeys })),
      (Tags) => dynamodb(call).send(new TagResourceCommand({ ResourceArn, Tags })),
    );
    await active(TableName, call);
    await updateIndexes(
      TableName,
      actual.globalSecondaryIndexes ?? [],
      inputs.globalSecondaryIndexes ?? [],
      toAttributes(inputs.attributes),
      call,
      () => active(TableName, call),
    );
    if (inputs.deletionProtectionEnabled !== (actual.deletionProtectionEnabled ?? false)) {
      const DeletionProtectionEnabled = inputs.deletionProtectionEnabled;
      await dynamodb(call).send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled }));
      await active(TableName, call);
    }
    await setTtl(TableName, inputs.ttl, call);
    await setPointInTimeRecovery(TableName, inputs.pointInTimeRecovery, call);
  },

  async read(name, call) {
    const table = await describe(name, call);
    if (table === undefined || table.TableStatus === "DELETING") return undefined;
    const arn = table.TableArn ?? "";
    const tags = await getTags(arn, call);
    const rangeKey = keyOfType(table.KeySchema, "RANGE");
    const indexes = table.GlobalSecondaryIndexes ?? [];
    return {
      name,
      billingMode: table.BillingModeSummary?.BillingMode ?? "PROVISIONED",
      hashKey: keyOfType(table.KeySchema, "HASH") ?? "",
      ...(rangeKey && { rangeKey }),
      attributes: (table.AttributeDefinitions ?? []).map(({ AttributeName = "", AttributeType = "S" }) => ({
        name: AttributeName,
        type: AttributeType,
      })),
      ...(indexes.length > 0 && { globalSecondaryIndexes: indexes.map(fromIndex) }),
      ttl: await getTtl(name, call),
      pointInTimeRecovery: await getPointInTimeRecovery(name, call),
      deletionProtectionEnabled: table.DeletionProtectionEnabled ?? false,
      ...(tags && { tags }),
      arn,
      tagsAll: tags ?? {},
    };
  },

  async delete(TableName, _outputs, call) {
    // A table cannot be deleted while it is being created or changed.
    await settle(call, `the table ${TableName} to be free for deletion`, () => {
      const request = dynamodb(call).send(new DeleteTableCommand({ TableName }));
      return trueUnless(["ResourceInUseException"], undefinedOn(GONE, request));
    });
    await settleGone(call, `the table ${TableName}`, () => describe(TableName, call));
  },
});

async function describe(TableName: string, call: Call): Promise<TableDescription | undefined> {
  return (await undefinedOn(GONE, dynamodb(call).send(new DescribeTableCommand({ TableName }))))?.Table;
}

/** Waits until the table and all its indexes are active and can be changed again. */
async function active(name: string, call: Call): Promise<void> {
  await settle(call, `the table ${name} to be active`, async () => {
    const table = await describe(name, call);
    const indexes = table?.GlobalSecondaryIndexes ?? [];
    return table?.TableStatus === "ACTIVE" && indexes.every(({ IndexStatus }) => IndexStatus === "ACTIVE")
      ? true
      : undefined;
  });
}

async function getTags(ResourceArn: string, call: Call): Promise<Record<string, string> | undefined> {
  const tags = [];
  let NextToken: string | undefined;
  do {
    const page = await dynamodb(call).send(new ListTagsOfResourceCommand({ ResourceArn, NextToken }));
    tags.push(...(page.Tags ?? []));
    NextToken = page.NextToken;
  } while (NextToken);
  return fromTagList(tags);
}

const toAttributes = (attributes: readonly { name: string; type: "S" | "N" | "B" }[]) =>
  attributes.map(({ name, type }) => ({ AttributeName: name, AttributeType: type }));

/** Attributes are declared for exactly the keys. */
function unusedAttributes(inputs: Properties): CheckFailure[] {
  const {
    hashKey,
    rangeKey,
    attributes,
    globalSecondaryIndexes = [],
  } = inputs as {
    hashKey: string;
    rangeKey?: string;
    attributes: { name: string }[];
    globalSecondaryIndexes?: Index[];
  };
  if (containsUnknowns([hashKey, rangeKey ?? null, attributes, globalSecondaryIndexes])) return [];
  const keys = new Set([
    hashKey,
    ...(rangeKey ? [rangeKey] : []),
    ...globalSecondaryIndexes.flatMap(indexKeys),
  ]);
  const declared = new Set(attributes.map(({ name }) => name));
  const missing = [...keys].filter((key) => !declared.has(key));
  const unused = [...declared].filter((name) => !keys.has(name));
  return [
    ...(missing.length > 0
      ? [{ property: "attributes", reason: `these are keys, but not declared: ${missing.join(", ")}` }]
      : []),
    ...(unused.length > 0
      ? [
          {
            property: "attributes",
            reason: `these are declared, but no key of the table or an index: ${unused.join(", ")}`,
          },
        ]
      : []),
  ];
}

function onDemandOnly(mode: string): string | undefined {
  return mode === "PAY_PER_REQUEST"
    ? undefined
    : 'the local cloud\'s aws plugin supports "PAY_PER_REQUEST" only, and AWS\'s default is "PROVISIONED"';
}

function ttlProblem({
  attributeName,
  enabled,
}: {
  attributeName?: string;
  enabled?: boolean;
}): string | undefined {
  return enabled && !attributeName ? "needs an attributeName to be enabled" : undefined;
}
