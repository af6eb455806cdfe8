import { expect } from "chai";
import type { Properties } from "../../../provider/plugin/types.ts";
import { UNKNOWN } from "../../../provider/plugin/values.ts";
import { checkRun } from "../../../provider/sweep/check.ts";
import { runInputs } from "./sweep-cloud.ts";

const inputs = runInputs();
const [first, second] = inputs.regions;
const news = (changes: object = {}): Properties =>
  JSON.parse(JSON.stringify({ ...inputs, ...changes })) as Properties;
const reasons = (changes: object, olds?: typeof inputs): string[] =>
  checkRun(news(changes), olds).failures.map(({ property, reason }) => `${property}: ${reason}`);

describe("the check of a run's inputs", () => {
  it("accepts a sweep", () => {
    expect(reasons({})).to.deep.equal([]);
    expect(reasons({ timeoutSeconds: 60, rowsFile: "/a", rowsSha256: "0".repeat(64) })).to.deep.equal([]);
  });

  it("leaves alone what is not known yet", () => {
    expect(reasons({ regions: [{ ...first, group: UNKNOWN }, second], table: UNKNOWN })).to.deep.equal([]);
  });

  const wrong: [object, RegExp][] = [
    [{ sweepId: "sweep-1" }, /^sweepId: "sweep-1" is not the ID of a sweep/],
    [{ tableRegion: "mars-1" }, /^tableRegion: /],
    [{ count: 0 }, /^count: expected a whole number from 1 to 100000/],
    [{ count: 6 }, /^regions: the regions have 5 indices, and the sweep 6/],
    [{ regions: [first, { ...second, start: 4 }] }, /^regions: the indices of us-west-2 must begin at 3/],
    [{ regions: [first, { ...second, region: first?.region }] }, /^regions: us-east-1 is given twice/],
    [{ regions: [{ ...first, workers: 4 }, second] }, /^regions: workers of us-east-1: .* from 1 to 3/],
    [{ regions: [{ ...first, group: "" }, second] }, /^regions: expected a text/],
    [{ command: " " }, /^command: expected a text/],
    [{ entries: ["x"] }, /^entries: /],
    [{ deadlineSeconds: 0.5 }, /^deadlineSeconds: expected a whole number/],
    [{ generation: 1, retryIndices: [5] }, /^retryIndices: expected a whole number from 0 to 4/],
    [{ rowsFile: "rows.jsonl", rowsSha256: "0".repeat(64) }, /^rowsFile: expected an absolute path/],
    [{ rowsFile: "/rows.jsonl" }, /^rowsSha256: expected the SHA-256/],
    [{ rowsSha256: "0".repeat(64) }, /^rowsSha256: there is no rowsFile/],
  ];
  for (const [changes, message] of wrong) {
    it(`refuses ${JSON.stringify(changes).slice(0, 60)}`, () => {
      const found = reasons(changes);
      expect(found[0]).to.match(message);
    });
  }

  it("lets a sweep that was launched change its generation, and the place of its rows, only", () => {
    expect(reasons({ generation: 3, retryIndices: [1] }, inputs)).to.deep.equal([]);
    expect(reasons({ command: "other" }, inputs)).to.deep.equal([
      `command: a sweep does not change after its launch. Undo the edit, or end the sweep (spawn sweep delete ${inputs.sweepId}) and launch another`,
    ]);
    expect(reasons({}, { ...inputs, timeoutSeconds: 5 })[0]).to.match(/^timeoutSeconds: /);
    expect(reasons({ generation: 1 }, { ...inputs, generation: 2 })).to.deep.equal([
      "generation: it only goes up, with spawn sweep retry; it is 2",
    ]);
  });
});
