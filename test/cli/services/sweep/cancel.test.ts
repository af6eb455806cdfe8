import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { expect } from "chai";
import { cancelRun } from "../../../../cli/services/sweep/cancel.ts";
import { awsError, failureOf } from "../../../support/failure.ts";
import { fakeClient } from "../../../support/fake-client.ts";
import { SWEEP, testMeta } from "../../sweep-items.ts";
import { Machine } from "../machine.ts";

describe("The cancellation of a sweep", () => {
  const machine = Machine.forEachTest();

  const cancel = (respond: () => unknown, groups: string[]) =>
    cancelRun(machine.context(), testMeta(), {}, async () => ({
      client: fakeClient<DynamoDBClient>({ GetItemCommand: respond, QueryCommand: respond }).client,
      groups: {
        find: async () => ({ desired: 2, max: 2 }),
        setDesired: async (region, group, desired) => void groups.push(`${group} in ${region}: ${desired}`),
        endAt: async () => undefined,
      },
    }));

  it("ends the workers of every region, even if the sweep's items are gone", async () => {
    const groups: string[] = [];
    expect(await cancel(() => ({}), groups)).to.equal(0);
    expect(groups.sort()).to.deep.equal([`spawn-${SWEEP} in us-east-1: 0`, `spawn-${SWEEP} in us-west-2: 0`]);
  });

  it("that AWS refuses is an error that names the sweep", async () => {
    const denied = Object.assign(awsError("AccessDeniedException"), { $metadata: { httpStatusCode: 400 } });
    const error = await failureOf(cancel(() => denied, []));
    expect(error.message).to.contain(`cancelling ${SWEEP}`);
  });
});
