import { expect } from "chai";
import { metaPages, sweepNames } from "../../../../cli/services/sweep/all-sweeps.ts";
import { CorruptSweepItem } from "../../../../cli/services/sweep/corrupt-item.ts";
import {
  countRunning,
  findMeta,
  findRegions,
  generationBegun,
  indexPages,
  isListed,
  unlist,
} from "../../../../cli/services/sweep/items.ts";
import { sweepTable } from "../../../../cli/services/sweep/tables.ts";
import { parseLaunchedSweepId } from "../../../../staging/sweep/id.ts";
import { indexItem } from "../../../../staging/sweep/index-item.ts";
import { metaItem } from "../../../../staging/sweep/meta-item.ts";
import { regionItem } from "../../../../staging/sweep/region-item.ts";
import { failureOf } from "../../../support/failure.ts";
import {
  EAST,
  endedIndex,
  pendingIndex,
  runningIndex,
  SWEEP,
  testMeta,
  testRegion,
  WEST,
} from "../../sweep-items.ts";
import { SweepsTable } from "./fakes.ts";

const OTHER = parseLaunchedSweepId("sweep-000000000001");
const broken = { ...metaItem(testMeta()), count: { S: "many" } };
const all = async <T>(pages: AsyncIterable<readonly T[]>): Promise<T[]> => {
  const found: T[] = [];
  for await (const page of pages) found.push(...page);
  return found;
};

describe("The items of a sweep", () => {
  it("are read strongly consistent, from the environment's table", async () => {
    const sweeps = new SweepsTable(
      metaItem(testMeta()),
      regionItem(testRegion(WEST)),
      regionItem(testRegion(EAST)),
    );
    const table = await sweepTable(sweeps.context);
    expect(table).to.include({ name: "sweeps", region: EAST, environment: "dev" });
    expect(await findMeta(table, SWEEP)).to.deep.equal(testMeta());
    expect((await findRegions(table, SWEEP)).map(({ region }) => region)).to.deep.equal([EAST, WEST]);
    expect(await findMeta(table, OTHER)).to.equal(undefined);
    for (const request of sweeps.requests) expect(request).to.include({ ConsistentRead: true });
  });

  it("that are corrupt are errors with the table and the command that deletes the sweep", async () => {
    const { table } = new SweepsTable(broken, { ...regionItem(testRegion(EAST)), open: { N: "-1" } });
    for (const error of [
      await failureOf(findMeta(table, SWEEP)),
      await failureOf(findRegions(table, SWEEP)),
    ]) {
      expect(error).to.be.instanceOf(CorruptSweepItem);
      expect(error.why).to.contain("The table is sweeps in us-east-1.");
      expect(error.fix).to.equal(`spawn sweep delete ${SWEEP} --yes`);
    }
  });

  it("that are corrupt are reported and left out of lists", async () => {
    const { table } = new SweepsTable(
      broken,
      metaItem(testMeta({ sweepId: OTHER })),
      indexItem(pendingIndex(0)),
      { ...indexItem(pendingIndex(1)), state: { S: "lost" } },
    );
    const problems: string[] = [];
    const note = ({ message }: Error) => void problems.push(message);
    expect((await all(metaPages(table, note))).map(({ sweepId }) => sweepId)).to.deep.equal([OTHER]);
    expect((await all(indexPages(table, SWEEP, note))).map(({ index }) => index)).to.deep.equal([0]);
    expect(problems).to.have.length(2);
    // Only the ID and the name are read, so a corrupt item can still be selected.
    expect((await all(sweepNames(table))).map(([id]) => id)).to.deep.equal([SWEEP, OTHER]);
  });

  it("leave the index of all sweeps when they are unlisted, once or twice", async () => {
    const sweeps = new SweepsTable(metaItem(testMeta()));
    expect(await isListed(sweeps.table, SWEEP)).to.equal(true);
    for (const _ of [1, 2]) {
      await unlist(sweeps.table, SWEEP);
      expect(await isListed(sweeps.table, SWEEP)).to.equal(false);
    }
    expect(await findMeta(sweeps.table, SWEEP)).to.deep.equal(testMeta());
    // A sweep without items does not get one.
    await unlist(sweeps.table, OTHER);
    expect(sweeps.items).to.have.length(1);
  });

  it("count the running indices by region, and the generation that a retry has begun", async () => {
    const ended = endedIndex(2, "done");
    const { table } = new SweepsTable(
      { ...metaItem(testMeta()), deadline_generation: { N: "2" } },
      ...[runningIndex(0), runningIndex(1), ended, pendingIndex(3), runningIndex(4)].map(indexItem),
    );
    expect([...(await countRunning(table, SWEEP))]).to.deep.equal([
      [EAST, 2],
      [WEST, 1],
    ]);
    expect(await generationBegun(table, SWEEP)).to.equal(2);
    expect(await generationBegun(table, OTHER)).to.equal(0);
  });
});
