import type { DynamoDBClient, QueryCommand } from "@aws-sdk/client-dynamodb";
import { expect } from "chai";
import {
  type ListOrder,
  parseSort,
  SORTS,
  sortedRecordPages,
} from "../../../../../cli/services/entry/listing/listing.ts";
import { statusOf } from "../../../../../cli/services/entry/metadata.ts";
import { InputError } from "../../../../../staging/errors.ts";
import { recordItem } from "../../../../../staging/record.ts";
import { parseTtlDays } from "../../../../../staging/ttl.ts";
import { testId, testRecord, testSettings } from "../../../records.ts";

const day = (number: number) => new Date(Date.UTC(2026, 0, number));
const DOLLAR_A_DAY = { replication: 0, storagePerDay: 1 };
/** The newest first, as the index has them. */
const RECORDS = [
  testRecord({
    stagingId: testId(1),
    uploadedAt: day(9),
    filename: "b10",
    sizeBytes: 5,
    ttl: parseTtlDays(30),
    cost: DOLLAR_A_DAY,
  }),
  testRecord({
    stagingId: testId(2),
    uploadedAt: day(8),
    filename: "b9",
    sizeBytes: 7,
    ttl: parseTtlDays(1),
    cost: DOLLAR_A_DAY,
  }),
  testRecord({
    stagingId: testId(3),
    uploadedAt: day(7),
    filename: "a",
    sizeBytes: 7,
    cost: { replication: 90, storagePerDay: 0 },
  }),
];

/** DynamoDB's index, in pages of the requested size, which it records. */
function tables(asked: number[] = []) {
  const client = {
    send: async ({ input }: QueryCommand) => {
      const items = input.ScanIndexForward === true ? RECORDS.toReversed() : RECORDS;
      const limit = input.Limit ?? 0;
      asked.push(limit);
      const at = Number(input.ExclusiveStartKey?.["at"]?.N ?? 0);
      const end = at + limit;
      return {
        Items: items.slice(at, end).map(recordItem),
        ...(end < items.length ? { LastEvaluatedKey: { at: { N: String(end) } } } : {}),
      };
    },
  };
  return {
    client: client as unknown as DynamoDBClient,
    settings: testSettings(),
  };
}

async function listed(order: ListOrder, asked?: number[]): Promise<number[]> {
  const fail = (error: Error) => {
    throw error;
  };
  const numbers: number[] = [];
  for await (const page of sortedRecordPages(tables(asked), {}, order, fail))
    numbers.push(...page.map(({ stagingId }) => Number(stagingId.at(-1))));
  return numbers;
}

describe("the order of a list", () => {
  const orders: Record<(typeof SORTS)[number], number[]> = {
    uploaded: [1, 2, 3],
    // Of equal ones the newest comes first, in both directions.
    size: [2, 3, 1],
    expires: [2, 3, 1],
    name: [3, 2, 1],
    cost: [3, 1, 2],
  };
  for (const sort of SORTS) {
    it(`follows ${sort} in both directions, up to a limit`, async () => {
      expect(await listed({ sort, reverse: false })).to.deep.equal(orders[sort]);
      expect(await listed({ sort, reverse: false, limit: 2 })).to.deep.equal(orders[sort].slice(0, 2));
      const reversed = sort === "size" ? [1, 2, 3] : orders[sort].toReversed();
      expect(await listed({ sort, reverse: true })).to.deep.equal(reversed);
    });
  }

  it("reads no more records than the limit needs", async () => {
    const asked: number[] = [];
    expect(await listed({ sort: "uploaded", reverse: true, limit: 1 }, asked)).to.deep.equal([3]);
    expect(asked.every((limit) => limit === 1)).to.equal(true);
  });

  it("is parsed with a sign; an unknown one is refused by name", () => {
    expect(parseSort("size")).to.deep.equal({ sort: "size", reverse: false });
    expect(parseSort("-expires")).to.deep.equal({ sort: "expires", reverse: true });
    for (const text of ["", "-", "SIZE", "--size", "age"]) {
      expect(() => parseSort(text), text).to.throw(InputError, `cannot be sorted by "${text}"`);
    }
  });
});

describe("the status of an entry", () => {
  it("is expiring in its last 24 hours, and expired from its expiry on", () => {
    const record = testRecord({ uploadedAt: day(1), ttl: parseTtlDays(7) });
    const at = (date: Date) => statusOf(record, date);
    expect(at(new Date(day(7).getTime() - 1))).to.equal("active");
    expect(at(day(7))).to.equal("expiring");
    expect(at(new Date(day(8).getTime() - 1))).to.equal("expiring");
    expect(at(day(8))).to.equal("expired");
  });
});
