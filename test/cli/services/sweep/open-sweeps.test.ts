import type { DynamoDBClient, QueryCommand } from "@aws-sdk/client-dynamodb";
import { expect } from "chai";
import type { Context } from "../../../../cli/context.ts";
import { CorruptSweepItem } from "../../../../cli/services/sweep/corrupt-item.ts";
import { entryInUse, openSweeps, sweepsReading } from "../../../../cli/services/sweep/open-sweeps.ts";
import type { AttributeValue } from "../../../../staging/attribute-value.ts";
import { parseLaunchedSweepId } from "../../../../staging/sweep/id.ts";
import { metaItem } from "../../../../staging/sweep/meta-item.ts";
import { regionItem } from "../../../../staging/sweep/region-item.ts";
import { errorOf } from "../../../support/failure.ts";
import { testId, testSettings } from "../../records.ts";
import { EAST, testMeta, testRegion } from "../../sweep-items.ts";

const id = (number: number) => parseLaunchedSweepId(`sweep-${String(number).padStart(12, "0")}`);

/** The index returns all sweeps; the table returns the regions of one. */
function contextWith(
  metas: readonly Record<string, AttributeValue>[],
  regions: Readonly<Record<string, readonly Record<string, AttributeValue>[]>>,
  error?: Error,
): Context {
  const send = async ({ input }: QueryCommand) => {
    if (error !== undefined) throw error;
    if (input.IndexName !== undefined) return { Items: metas };
    return { Items: regions[input.ExpressionAttributeValues?.[":sweep"]?.S ?? ""] ?? [] };
  };
  return {
    environmentName: "dev",
    tables: async () => ({ client: { send } as unknown as DynamoDBClient, settings: testSettings() }),
    settings: async () => ({ ...testSettings(), sweepsTable: "sweeps" }),
  } as unknown as Context;
}

describe("sweeps that have not ended", () => {
  const [starting, running, ended] = [id(1), id(2), id(3)] as const;
  const sweeps = [starting, running, ended].map((sweepId, place) =>
    metaItem(testMeta({ sweepId, entries: [testId(place), testId(9)] })),
  );
  const regions = {
    [running]: [regionItem(testRegion(EAST, { sweepId: running, open: 1, done: 2 }))],
    [ended]: [regionItem(testRegion(EAST, { sweepId: ended, open: 0, done: 2, failed: 1 }))],
  };

  it("are starting or have open indices", async () => {
    const open = await openSweeps(contextWith(sweeps, regions));
    expect(open.map(({ sweepId }) => sweepId)).to.deep.equal([starting, running]);
  });

  it("block the deletion of their entries", async () => {
    const context = contextWith(sweeps, regions);
    const reading = await sweepsReading(context, [testId(1), testId(2), testId(9)]);
    expect([...reading]).to.deep.equal([
      [testId(9), [starting, running]],
      [testId(1), [running]],
    ]);
    const error = entryInUse(testId(1), reading.get(testId(1)) ?? [], "dev", "deleted");
    expect(error.message).to.equal(`${testId(1)} cannot be deleted: ${running} reads it`);
    expect(error.fix).to.contain(`spawn sweep cancel ${running}`);
  });

  it("are unknown if the item of one is corrupt, because it may read any entry", async () => {
    const corrupt = { ...metaItem(testMeta({ sweepId: starting })), entries: { S: "?" } };
    const error = await errorOf(sweepsReading(contextWith([corrupt], {}), [testId(1)]));
    expect(error)
      .to.be.instanceOf(CorruptSweepItem)
      .and.to.have.property("fix")
      .that.contains(`sweep delete ${starting}`);
  });

  it("are none without their table, and are read only if there are entries", async () => {
    const missing = Object.assign(new Error("no table"), { name: "ResourceNotFoundException" });
    expect(await openSweeps(contextWith([], {}, missing))).to.deep.equal([]);
    expect((await sweepsReading(contextWith([], {}, new Error("asked")), [])).size).to.equal(0);
  });
});
