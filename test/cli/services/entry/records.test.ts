import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { expect } from "chai";
import {
  findRecord,
  listRecordPages,
  type Tables,
  undefinedIfCorrupt,
} from "../../../../cli/services/entry/records.ts";
import type { AttributeValue } from "../../../../staging/attribute-value.ts";
import type { UserError } from "../../../../staging/errors.ts";
import { CorruptRecordError, recordItem } from "../../../../staging/record.ts";
import { testId, testRecord, testSettings } from "../../records.ts";

const ID = testId(1);
const right = recordItem(testRecord({ stagingId: ID }));

function tablesWith(items: Record<string, AttributeValue>[], others: Partial<Tables> = {}): Tables {
  const send = async () => ({ Item: items[0], Items: items });
  return { client: { send } as unknown as DynamoDBClient, settings: testSettings(), ...others };
}
const errorOf = async (item: Record<string, AttributeValue>): Promise<UserError> =>
  (await findRecord(tablesWith([item]), ID).catch((error: unknown) => error)) as UserError;

describe("records of the table", () => {
  it("name their contradiction, and a command that needs the ID alone", async () => {
    const error = await errorOf({ ...right, stack: { S: "dev" } });
    expect(error).to.be.instanceOf(CorruptRecordError);
    expect(error.message).to.equal(
      `the record of ${ID} is corrupt: stack is "dev" instead of "dev.stage-000000000001"`,
    );
    expect(error.fix).to.equal(`spawn stage delete ${ID} --yes`);
  });

  it("are corrupt, without other errors, if numbers or texts exceed the SDK or the terminal", async () => {
    for (const size of ["1e400", "99999999999999999999", "-1", "1.5", "x"])
      expect((await errorOf({ ...right, size_bytes: { N: size } })).message).to.contain("size_bytes");
    const long = await errorOf({ ...right, key: { S: `\u001b]52;${"x".repeat(100_000)}` } });
    expect(long.message.length).to.be.lessThan(600);
    expect(long.message).to.contain('"\\u001b]52;xxx');
  });

  it("with an invalid key are removed by a command that is quoted for the shell", async () => {
    const error = await errorOf({ ...right, staging_id: { S: "'; touch /tmp/x #" } });
    expect(error.fix).to.equal(
      `aws dynamodb delete-item --region us-east-1 --table-name records --key '{"staging_id":{"S":"'\\''; touch /tmp/x #"}}'`,
    );
  });

  it("are listed without the corrupt ones, each of which is reported", async () => {
    const second = recordItem(testRecord({ stagingId: testId(2) }));
    const problems: string[] = [];
    const listed: string[] = [];
    const items = [right, { ...second, buckets: { L: [{ S: "evil" }, { S: "evil-2" }] } }, second];
    for await (const page of listRecordPages(tablesWith(items), {}, ({ message }) => problems.push(message)))
      listed.push(...page.map(({ stagingId }) => stagingId));
    expect(listed).to.deep.equal([ID, testId(2)]);
    expect(problems).to.have.length(1);
    expect(problems[0]).to.contain('buckets is "evil" instead of "spawn-staging-us-east-1"');
  });

  it("may name a bucket of the stack's state or the user's settings file, which are read only then", async () => {
    const asked: string[] = [];
    const otherBuckets: Tables["otherBuckets"] = async ({ stagingId }) => {
      asked.push(stagingId);
      return new Map([["us-east-1", new Set(["former"])]]);
    };
    const moved = recordItem(testRecord({ stagingId: ID, buckets: ["former", "spawn-staging-us-west-2"] }));
    await findRecord(tablesWith([right], { otherBuckets }), ID);
    await undefinedIfCorrupt(
      findRecord(tablesWith([{ ...moved, stack: { S: "dev" } }], { otherBuckets }), ID),
    );
    expect(asked).to.deep.equal([]);
    const found = await findRecord(tablesWith([moved], { otherBuckets }), ID);
    expect(found?.buckets[0]).to.equal("former");
    expect(asked).to.deep.equal([ID]);
  });
});
