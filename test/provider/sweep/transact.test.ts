import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { expect } from "chai";
import { retryConflicts, transact } from "../../../provider/sweep/transact.ts";
import { errorOf } from "../../support/failure.ts";

const { signal } = new AbortController();
const cancelled = (...codes: string[]): Error =>
  Object.assign(new Error(), {
    name: "TransactionCanceledException",
    CancellationReasons: codes.map((Code) => ({ Code })),
  });

/** Returns these errors one after the other, then success. */
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
  it("is retried while others write the same items, or the table is throttled", async () => {
    const { client, sent } = clientOf(
      cancelled("TransactionConflict", "None"),
      cancelled("None", "ThrottlingError"),
      cancelled("ProvisionedThroughputExceeded"),
      Object.assign(new Error(), { name: "TransactionInProgressException" }),
    );
    expect(await transact(client, [], signal)).to.equal(undefined);
    expect(sent()).to.equal(5);
  });

  it("reports unmet conditions", async () => {
    const { client, sent } = clientOf(cancelled("None", "ConditionalCheckFailed", "TransactionConflict"));
    expect((await transact(client, [], signal))?.map(({ Code }) => Code)).to.deep.equal([
      "None",
      "ConditionalCheckFailed",
      "TransactionConflict",
    ]);
    expect(sent()).to.equal(1);
  });

  it("fails at once for any other error", async () => {
    for (const error of [cancelled("ValidationError", "TransactionConflict"), new Error("other")]) {
      const { client, sent } = clientOf(error);
      expect(await errorOf(transact(client, [], signal))).to.equal(error);
      expect(sent()).to.equal(1);
    }
  });

  it("delays a write only briefly", async () => {
    let tries = 0;
    const written = await retryConflicts(signal, async () => {
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
