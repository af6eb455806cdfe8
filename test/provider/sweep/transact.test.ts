import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { expect } from "chai";
import { transact, whileBusy } from "../../../provider/sweep/transact.ts";
import { errorOf } from "../cloud-fixture.ts";

const { signal } = new AbortController();
const cancelled = (...codes: string[]): Error =>
  Object.assign(new Error(), {
    name: "TransactionCanceledException",
    CancellationReasons: codes.map((Code) => ({ Code })),
  });

/** Answers with these errors one after the other, then with success. */
function clientOf(...errors: Error[]): { client: DynamoDBClient; sent(): number } {
  let sent = 0;
  const send = async (): Promise<object> => {
    const error = errors[sent++];
    if (error !== undefined) throw error;
    return {};
  };
  return { client: { send } as unknown as DynamoDBClient, sent: () => sent };
}

describe("a transaction", () => {
  it("is sent again while others write the same items, or the table is busy", async () => {
    const { client, sent } = clientOf(
      cancelled("TransactionConflict", "None"),
      cancelled("None", "ThrottlingError"),
      cancelled("ProvisionedThroughputExceeded"),
      Object.assign(new Error(), { name: "TransactionInProgressException" }),
    );
    expect(await transact(client, [], signal)).to.equal(undefined);
    expect(sent()).to.equal(5);
  });

  it("tells which conditions are not met", async () => {
    const { client, sent } = clientOf(cancelled("None", "ConditionalCheckFailed", "TransactionConflict"));
    expect((await transact(client, [], signal))?.map(({ Code }) => Code)).to.deep.equal([
      "None",
      "ConditionalCheckFailed",
      "TransactionConflict",
    ]);
    expect(sent()).to.equal(1);
  });

  it("fails for anything else, at once", async () => {
    for (const error of [cancelled("ValidationError", "TransactionConflict"), new Error("other")]) {
      const { client, sent } = clientOf(error);
      expect(await errorOf(transact(client, [], signal))).to.equal(error);
      expect(sent()).to.equal(1);
    }
  });

  it("is not in the way of a write for long", async () => {
    let tries = 0;
    const written = await whileBusy(signal, async () => {
      if (++tries < 3) throw Object.assign(new Error(), { name: "TransactionConflictException" });
      return "written";
    });
    expect(written).to.equal("written");
  });

  it("stops waiting when it is interrupted", async () => {
    const controller = new AbortController();
    const reason = new Error("interrupted");
    const endless = Array.from({ length: 100 }, () => cancelled("TransactionConflict"));
    const { client } = clientOf(...endless);
    const work = transact(client, [], controller.signal);
    controller.abort(reason);
    expect(await errorOf(work)).to.equal(reason);
  });
});
