import type { DynamoDBClient, QueryCommand } from "@aws-sdk/client-dynamodb";
import { expect } from "chai";
import { entryGuard } from "../../provider/entry-guard.ts";
import type { AttributeValue } from "../../staging/attribute-value.ts";
import { UserError } from "../../staging/errors.ts";
import { metaItem } from "../../staging/sweep/meta-item.ts";
import { regionItem } from "../../staging/sweep/region-item.ts";
import { testId } from "../cli/records.ts";
import { EAST, SWEEP, testMeta, testRegion } from "../cli/sweep-items.ts";
import { TestContext } from "./cloud-fixture.ts";

const INPUTS = { stagingId: testId(1), table: "sweeps", region: "eu-west-1", environment: "prod" };

/** Deletes the guard in an environment with one sweep. @returns the error; undefined if it was deleted */
async function deletion(
  meta: Record<string, AttributeValue> | Error,
  regions: readonly Record<string, AttributeValue>[],
): Promise<unknown> {
  // This machine's clock is a century ahead; the first response corrects it.
  let now = new Date("2130-01-01T00:00:00Z");
  const send = async ({ input }: QueryCommand) => {
    if (meta instanceof Error) throw meta;
    expect(input.TableName).to.equal(INPUTS.table);
    now = new Date("2026-11-29T11:00:00Z");
    return { Items: input.IndexName === undefined ? regions : [meta] };
  };
  const dynamo = (region: string) => {
    expect(region).to.equal(INPUTS.region);
    return { send } as unknown as DynamoDBClient;
  };
  const guard = entryGuard({ now: () => now }, dynamo);
  return await guard.delete("prod/x", INPUTS, new TestContext()).then(
    () => undefined,
    (error: unknown) => error,
  );
}

const named = (command: string) => `${command} --environment prod`;
const reads = metaItem(testMeta({ entries: [testId(1)] }));
const open = [regionItem(testRegion(EAST))];

describe("The guard of an entry", () => {
  it("refuses its deletion while a sweep reads the entry, and names the commands that end the sweep", async () => {
    const error = await deletion(reads, open);
    expect(error).to.be.instanceOf(UserError);
    const { message, fix } = (error as UserError).inEnvironment(named);
    expect(message).to.equal(`${testId(1)} cannot be deleted: ${SWEEP} reads it`);
    expect(fix).to.contain(`spawn sweep watch ${SWEEP} --environment prod`);
    expect(fix).to.contain(`spawn sweep cancel ${SWEEP} --environment prod`);
  });

  it("refuses it while a sweep starts, which has no counters yet", async () => {
    expect(await deletion(reads, [])).to.be.instanceOf(UserError);
  });

  it("is deleted if the sweep has ended, reads another entry, or is past its deadline", async () => {
    expect(await deletion(reads, [regionItem(testRegion(EAST, { open: 0, done: 3 }))])).to.equal(undefined);
    expect(await deletion(metaItem(testMeta({ entries: [testId(2)] })), open)).to.equal(undefined);
    const deadlineAt = new Date("2026-11-29T10:59:59Z");
    expect(await deletion(metaItem(testMeta({ entries: [testId(1)], deadlineAt })), open)).to.equal(
      undefined,
    );
  });

  it("is deleted without a table of sweeps, and refused if the table cannot be read", async () => {
    const failure = (name: string) => deletion(Object.assign(new Error("no"), { name }), []);
    expect(await failure("ResourceNotFoundException")).to.equal(undefined);
    expect(await failure("AccessDeniedException")).to.be.instanceOf(UserError);
  });

  it("refuses it if the counters of the sweep cannot be read, and names the command that removes it", async () => {
    const error = await deletion(reads, [{ ...open[0], open: { S: "many" } }]);
    expect(error).to.be.instanceOf(UserError);
    expect((error as UserError).inEnvironment(named).fix).to.equal(
      `spawn sweep delete ${SWEEP} --yes --environment prod`,
    );
  });
});
