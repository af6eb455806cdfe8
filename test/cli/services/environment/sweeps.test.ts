import { expect } from "chai";
import { openSession } from "../../../../cli/engine/session.ts";
import { deleteLogsLeft, refuseWithSweeps } from "../../../../cli/services/environment/sweeps.ts";
import { parseRegion } from "../../../../staging/regions.ts";
import { errorOf, failureOf } from "../../../support/failure.ts";
import { fullSettings } from "../../records.ts";
import { Machine, type World } from "../machine.ts";

const idOf = (number: number) => `sweep-${number.toString(16).padStart(12, "0")}`;
const EAST = parseRegion("us-east-1");
const WEST = parseRegion("us-west-2");

describe("the sweeps of an environment at its destruction", () => {
  const machine = Machine.forEachTest();

  const refuse = async () => {
    const context = machine.context({
      dynamo: (command) => (command === "Query" ? { Items: [] } : undefined),
    });
    await refuseWithSweeps(context, await openSession(context));
  };

  it("are named by their stacks, with the commands that delete them", async () => {
    await refuse();
    for (let number = 1; number <= 7; number++) await machine.stack(`dev.${idOf(number)}`);
    await machine.stack(`prod.${idOf(8)}`);
    const error = await failureOf(refuse());
    expect(error.message).to.equal("environment dev still has 7 sweeps");
    expect(error.why).to.match(new RegExp(`${idOf(1)}, .*${idOf(5)}, and 2 more\\.$`));
    expect(error.fix).to.match(/^(spawn sweep delete sweep-\S+ --yes( && )?){5}$/);
  });

  /** A bucket with one log of each sweep, until it is deleted. */
  function logsOf(...ids: readonly string[]): World["s3"] {
    const left = new Set(ids);
    return ({ method, query }) => {
      const prefix = String(query["prefix"]);
      if (method === "POST") {
        left.clear();
        return { body: "<DeleteResult/>" };
      }
      if (!("versions" in query)) return undefined;
      const found = [...left].map((id) =>
        "delimiter" in query
          ? `<CommonPrefixes><Prefix>${id}/</Prefix></CommonPrefixes>`
          : `<Version><Key>${prefix}x</Key><VersionId>v</VersionId><Size>1</Size></Version>`,
      );
      return { body: `<R>${found.join("")}</R>` };
    };
  }

  it("leave logs, which are deleted in the environment's own buckets only", async () => {
    const buckets = new Map([
      [EAST, "own"],
      [WEST, "adopted"],
    ]);
    const settings = fullSettings({ buckets, adopted: new Set([WEST]) });
    const notes: string[] = [];
    const s3 = logsOf(idOf(1), "other");
    await deleteLogsLeft(machine.context({ settings, s3 }), {
      onNote: (message) => notes.push(message),
    });
    expect(notes).to.deep.equal(["Deleting the logs of 1 sweep in us-east-1"]);
    expect(await machine.log()).to.deep.equal(["POST s3://own/"]);
  });

  it("leave none in a missing bucket; any other failure ends the deletion", async () => {
    const settings = fullSettings({ buckets: new Map([[EAST, "own"]]) });
    const fail = (status: number, code: string) =>
      deleteLogsLeft(machine.context({ settings, s3: () => ({ status, code }) }), {});
    await fail(404, "NoSuchBucket");
    expect(await errorOf(fail(403, "AccessDenied"))).to.have.property("name", "AccessDenied");
  });
});
