import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { expect } from "chai";
import { resolveSweepId } from "../../../../cli/services/sweep/resolve-id.ts";
import { InputError } from "../../../../staging/errors.ts";
import { parseLaunchedSweepId } from "../../../../staging/sweep/id.ts";
import { metaItem } from "../../../../staging/sweep/meta-item.ts";
import { fullSettings, testSettings } from "../../records.ts";
import { testMeta } from "../../sweep-items.ts";

const [FIRST, SECOND] = ["sweep-abcd10000000", "sweep-abcd20000000"].map(parseLaunchedSweepId);

describe("the ID of a sweep on the command line", () => {
  const resolve = (text: string, ids = [FIRST, SECOND]) => {
    const send = async () => ({
      Items: ids.flatMap((sweepId) => (sweepId === undefined ? [] : [metaItem(testMeta({ sweepId }))])),
    });
    return resolveSweepId(
      {
        environmentName: "prod",
        settings: async () => fullSettings(),
        tables: async () => ({ client: { send } as unknown as DynamoDBClient, settings: testSettings() }),
      },
      text,
    );
  };
  const refusal = (text: string) =>
    resolve(text).then(
      () => undefined,
      (error: unknown) => error,
    );

  it("is used as it is if it is complete, and completed if one sweep has its digits", async () => {
    expect(await resolve("sweep-0123456789ab", [])).to.equal("sweep-0123456789ab");
    expect(await resolve("sweep-abcd1")).to.equal(FIRST);
    expect(await resolve("abcd2")).to.equal(SECOND);
  });

  it("is refused if no sweep or more than one has its digits", async () => {
    const none = await refusal("ffff");
    expect(none).to.be.instanceOf(InputError);
    expect(none).to.have.property("fix", "spawn sweep list --environment prod");
    const two = await refusal("abcd");
    expect(two).to.have.property("message").that.contains("begin with sweep-abcd");
    expect(two).to.have.property("why").that.contains(FIRST).and.contains(SECOND);
  });
});
