import { expect } from "chai";
import type { Properties } from "../../../provider/plugin/types.ts";
import { UNKNOWN } from "../../../provider/plugin/values.ts";
import { sweepRun } from "../../../provider/sweep-run.ts";
import { TestContext } from "../cloud-fixture.ts";
import { FakeGroups } from "./fake-groups.ts";
import { runInputs } from "./sweep-cloud.ts";

const inputs = runInputs();
const [first, second] = inputs.regions;
const news = (changes: object = {}): Properties =>
  JSON.parse(JSON.stringify({ ...inputs, ...changes })) as Properties;
const handler = sweepRun(
  { now: () => new Date(0), settling: { attempts: 1, firstDelayMs: 1 } },
  () => expect.fail("a check asks no table"),
  new FakeGroups({}),
);
async function reasons(changes: object, olds?: typeof inputs): Promise<string[]> {
  const checked = await handler.check?.(news(changes), olds, new TestContext());
  return (checked?.failures ?? []).map(({ property, reason }) => `${property}: ${reason}`);
}

describe("the check of a run's inputs", () => {
  it("accepts a sweep", async () => {
    expect(await reasons({})).to.deep.equal([]);
    expect(await reasons({ timeoutSeconds: 60, rowsFile: "/a", rowsSha256: "0".repeat(64) })).to.deep.equal(
      [],
    );
  });

  it("accepts unknown values", async () => {
    expect(await reasons({ regions: [{ ...first, group: UNKNOWN }, second], table: UNKNOWN })).to.deep.equal(
      [],
    );
  });

  const wrong: [object, RegExp][] = [
    [{ sweepId: "sweep-1" }, /^sweepId: "sweep-1" is not the ID of a sweep/],
    [{ tableRegion: "mars-1" }, /^tableRegion: /],
    [{ count: 0 }, /^count: expected a whole number from 1 to 100000/],
    [{ count: 6 }, /^regions: the regions have 5 indices, and the sweep 6/],
    [{ regions: [first, { ...second, start: 4 }] }, /^regions: the indices of us-west-2 must begin at 3/],
    [{ regions: [first, { ...second, region: first?.region }] }, /^regions: us-east-1 is given twice/],
    [{ regions: [{ ...first, workers: 4 }, second] }, /^regions: workers of us-east-1: .* from 1 to 3/],
    [{ regions: [{ ...first, group: "" }, second] }, /^regions\[0\]\.group: expected a text/],
    [{ command: " " }, /^command: expected a text/],
    [{ entries: ["x"] }, /^entries\[0\]: /],
    [{ deadlineSeconds: 0.5 }, /^deadlineSeconds: expected a whole number/],
    [{ generation: 1, retryIndices: [5] }, /^retryIndices: expected a whole number from 0 to 4/],
    [{ rowsFile: "rows.jsonl", rowsSha256: "0".repeat(64) }, /^rowsFile: expected an absolute path/],
    [{ rowsFile: "/rows.jsonl" }, /^rowsSha256: expected the SHA-256/],
    [{ rowsSha256: "0".repeat(64) }, /^rowsSha256: there is no rowsFile/],
  ];
  for (const [changes, message] of wrong) {
    it(`refuses ${JSON.stringify(changes).slice(0, 60)}`, async () => {
      const found = await reasons(changes);
      expect(found[0]).to.match(message);
    });
  }

  it("allows changes of the generation and of the rows' location only, after the launch", async () => {
    expect(await reasons({ generation: 3, retryIndices: [1] }, inputs)).to.deep.equal([]);
    expect(await reasons({ command: "other" }, inputs)).to.deep.equal([
      `command: a sweep does not change after its launch\nFix: Undo the edit. Or delete the sweep and launch another one: spawn sweep delete ${inputs.sweepId}`,
    ]);
    expect((await reasons({}, { ...inputs, timeoutSeconds: 5 }))[0]).to.match(/^timeoutSeconds: /);
    expect(await reasons({ generation: 1 }, { ...inputs, generation: 2 })).to.deep.equal([
      "generation: it only goes up, with spawn sweep retry; it is 2",
    ]);
  });
});
