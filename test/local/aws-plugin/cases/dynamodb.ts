import { type Case, json, REGION } from "./case.ts";

const TABLE = "aws:dynamodb/table:Table";

const ranged = (name: string) => ({
  name,
  region: REGION,
  billingMode: "PAY_PER_REQUEST",
  hashKey: "id",
  rangeKey: "n",
  attributes: [
    { name: "id", type: "S" },
    { name: "n", type: "N" },
  ],
});

export const dynamodbCases: readonly Case[] = [
  {
    name: "Table",
    type: TABLE,
    inputs: {
      name: "conf-table",
      region: REGION,
      billingMode: "PAY_PER_REQUEST",
      hashKey: "id",
      attributes: ["id", "kind", "at"].map((name) => ({ name, type: "S" })),
      globalSecondaryIndexes: [{ name: "by-kind", hashKey: "kind", rangeKey: "at", projectionType: "ALL" }],
      ttl: { attributeName: "expires", enabled: true },
      pointInTimeRecovery: { enabled: true },
      tags: { team: "genomics", old: "x" },
    },
    id: "conf-table",
    outputs: { tagsAll: { team: "genomics", old: "x" } },
    same: {
      attributes: ["at", "kind", "id"].map((name) => ({ name, type: "S" })),
      globalSecondaryIndexes: [
        {
          name: "by-kind",
          projectionType: "ALL",
          keySchemas: [
            { attributeName: "kind", keyType: "HASH" },
            { attributeName: "at", keyType: "RANGE" },
          ],
        },
      ],
    },
    change: {
      attributes: ["id", "sweep", "at"].map((name) => ({ name, type: "S" })),
      globalSecondaryIndexes: [
        {
          name: "by-sweep",
          hashKey: "sweep",
          rangeKey: "at",
          projectionType: "INCLUDE",
          nonKeyAttributes: ["b", "a"],
        },
        { name: "by-time", hashKey: "at", projectionType: "KEYS_ONLY" },
      ],
      ttl: { attributeName: "removed_at", enabled: true },
      pointInTimeRecovery: { enabled: false },
      tags: { team: "physics", new: "y" },
    },
    replacing: [
      { change: { name: "conf-table-two" } },
      { change: { hashKey: "other" }, deleteFirst: true },
      { change: { rangeKey: "at" }, deleteFirst: true },
    ],
  },
  {
    name: "Table with a range key, protected",
    type: TABLE,
    inputs: { ...ranged("conf-bare-table"), deletionProtectionEnabled: true },
    id: "conf-bare-table",
    change: { ttl: { attributeName: "expires", enabled: true }, deletionProtectionEnabled: false },
    replacing: [],
  },
  {
    name: "TableItem",
    type: "aws:dynamodb/tableItem:TableItem",
    needs: [
      {
        type: TABLE,
        inputs: {
          name: "conf-items",
          region: REGION,
          billingMode: "PAY_PER_REQUEST",
          hashKey: "id",
          attributes: [{ name: "id", type: "S" }],
        },
      },
    ],
    inputs: {
      tableName: "conf-items",
      region: REGION,
      hashKey: "id",
      item: json({
        id: { S: "stage|1" },
        size: { N: "107374182400" },
        done: { BOOL: false },
        none: { NULL: true },
        raw: { B: "AAEC" },
        regions: { L: [{ S: "us-east-1" }, { S: "us-west-2" }] },
        names: { SS: ["b", "a"] },
        cost: { M: { daily: { N: "0.153" } } },
      }),
    },
    id: "conf-items|id|stage|1",
    outputs: { hashKeyValue: "stage|1" },
    same: {
      item: json(
        {
          cost: { M: { daily: { N: "0.153" } } },
          names: { SS: ["a", "b"] },
          raw: { B: "AAEC" },
          none: { NULL: true },
          done: { BOOL: false },
          size: { N: "107374182400" },
          id: { S: "stage|1" },
          regions: { L: [{ S: "us-east-1" }, { S: "us-west-2" }] },
        },
        2,
      ),
    },
    change: {
      item: json({
        id: { S: "stage|1" },
        size: { N: "1" },
        done: { BOOL: true },
        regions: { L: [] },
        new: { S: "" },
      }),
    },
    replacing: [{ change: { tableName: "conf-other" } }, { change: { hashKey: "size" } }],
  },
  {
    name: "TableItem with a range key, its key changed in place",
    type: "aws:dynamodb/tableItem:TableItem",
    needs: [{ type: TABLE, inputs: ranged("conf-ranged") }],
    inputs: {
      tableName: "conf-ranged",
      region: REGION,
      hashKey: "id",
      rangeKey: "n",
      item: json({ id: { S: "a" }, n: { N: "1" }, text: { S: "one" } }),
    },
    id: "conf-ranged|id|a|n|1",
    outputs: { hashKeyValue: "a", rangeKeyValue: "1" },
    change: { item: json({ id: { S: "a" }, n: { N: "2" }, text: { S: "two" } }) },
    idAfterChange: "conf-ranged|id|a|n|2",
    replacing: [],
  },
];
