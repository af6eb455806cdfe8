import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { expect } from "chai";
import { serverTime } from "../../../../cli/services/common/server-time.ts";
import { ServerClock } from "../../../../staging/server-clock.ts";
import { awsError, errorOf } from "../../../support/failure.ts";
import { fakeClient } from "../../../support/fake-client.ts";
import { NOW } from "../../ledger.ts";
import { fullSettings } from "../../records.ts";

describe("The server's time", () => {
  const learn = (respond: (clock: ServerClock) => unknown, clock = new ServerClock()) => {
    const DescribeTableCommand = () => respond(clock);
    const { client, sent } = fakeClient<DynamoDBClient>({ DescribeTableCommand });
    const tables = async () => ({ client, settings: fullSettings() });
    return { time: serverTime({ tables }, clock), sent, clock };
  };
  const note = (clock: ServerClock) => clock.note(NOW.toUTCString(), clock.steady());

  it("comes from one request, even from a refused one, and then costs no request", async () => {
    for (const response of [{}, awsError("AccessDeniedException")]) {
      const { time, sent, clock } = learn((clock) => {
        note(clock);
        return response;
      });
      expect((await time).getTime()).to.be.closeTo(NOW.getTime(), 60_000);
      expect(sent).to.have.length(1);
      const again = learn(() => undefined, clock);
      await again.time;
      expect(again.sent).to.deep.equal([]);
    }
  });

  it("is unknown if no server responds", async () => {
    const refused = awsError("ECONNREFUSED");
    expect(await errorOf(learn(() => refused).time)).to.equal(refused);
  });
});
