import type { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import { expect } from "chai";
import type { Dependencies } from "../../provider/deps.ts";
import type { Properties } from "../../provider/plugin/types.ts";
import { stagedData } from "../../provider/staged-data.ts";
import { newStagingId } from "../../staging/ids.ts";
import { RECORD_KEY } from "../../staging/record.ts";
import { TestContext } from "./cloud-fixture.ts";

const ID = newStagingId();
const INPUTS = { stagingId: ID, recordsTable: "records", recordsRegion: "eu-west-1" };

describe("The ID of new staged data", () => {
  const asked: string[] = [];
  /** The problems of the ID, if the table has these records. */
  async function problemsOf(
    news: Properties,
    olds: Properties | undefined,
    recorded: readonly string[] | Error,
  ) {
    const send = async ({ input }: GetItemCommand) => {
      if (recorded instanceof Error) throw recorded;
      expect(input.TableName).to.equal("records");
      const key = marshall({ [RECORD_KEY]: ID });
      expect(input.Key).to.deep.equal(key);
      return recorded.includes(ID) ? { Item: key } : {};
    };
    const client = { send } as unknown as DynamoDBClient;
    const dynamo = (region: string) => {
      asked.push(region);
      return client;
    };
    const { check } = stagedData({} as Dependencies, dynamo);
    const { failures = [] } = (await check?.(news, olds as never, new TestContext())) ?? {};
    return failures.flatMap(({ property, reason }) => (property === "stagingId" ? [reason] : []));
  }

  it("is refused if another stack has the entry, whose objects an upload would overwrite", async () => {
    const [reason] = await problemsOf(INPUTS, undefined, [ID]);
    expect(reason).to.contain(`${ID} exists already, and this stack does not have it`);
    expect(reason).to.contain("give the item another name");
    expect(reason).to.contain(`spawn stage adopt ${ID}`);
    expect(asked).to.deep.equal(["eu-west-1"]);
  });

  it("is accepted without a record, and before the first update has created the table", async () => {
    expect(await problemsOf(INPUTS, undefined, [])).to.deep.equal([]);
    const absent = Object.assign(new Error("no table"), { name: "ResourceNotFoundException" });
    expect(await problemsOf(INPUTS, undefined, absent)).to.deep.equal([]);
  });

  it("is not checked again in the stack that has the entry, nor if it is random", async () => {
    asked.length = 0;
    expect(await problemsOf(INPUTS, INPUTS, [ID])).to.deep.equal([]);
    expect(await problemsOf({ stagingId: ID }, undefined, [ID])).to.deep.equal([]);
    expect(asked).to.deep.equal([]);
  });
});
