import { expect } from "chai";
import { readSaved } from "../../../../cli/services/dashboard/saved.ts";
import { failuresName, logName } from "../../../../dashboard/snapshot.ts";
import {
  busyParts,
  EMPTY_PARTS,
  FAILURES,
  failedPart,
  LOG,
  read,
  SWEEP,
} from "../../../dashboard/fake-data.ts";
import { FakeEnvironment } from "../../../dashboard/fake-environment.ts";

describe("A saved dashboard", () => {
  const details = {
    failures: async () => FAILURES,
    log: async (_id: string, { index }: { index: number }) => (index === 7 ? LOG : undefined),
  };

  it("contains every part, the failed indices and their logs", async () => {
    const fake = new FakeEnvironment(busyParts());
    const problems: string[] = [];
    const saved = await readSaved(fake.polling, details, fake.deps, (text) => problems.push(text));
    expect(problems).to.deep.equal([]);
    expect(saved.parts.entries.value).to.deep.equal(busyParts().entries.value);
    expect(saved.failures).to.deep.equal({ [failuresName(SWEEP.id)]: FAILURES });
    expect(saved.logs).to.deep.equal({
      [logName(SWEEP.id, { region: "us-east-1", index: 7, attempt: 1 })]: LOG,
    });
  });

  it("reports each part, item and detail that cannot be read, and contains the others", async () => {
    const fake = new FakeEnvironment({
      ...EMPTY_PARTS,
      sweeps: busyParts().sweeps,
      cost: failedPart({ message: "no answer" }),
      entries: read({ entries: [], more: false }, { problems: [{ message: "a record is corrupt" }] }),
    });
    const problems: string[] = [];
    const failing = { ...details, failures: () => Promise.reject(new Error("throttled")) };
    const saved = await readSaved(fake.polling, failing, fake.deps, (text) => problems.push(text));
    expect(problems).to.deep.equal([
      "a record is corrupt",
      "the cost cannot be read: no answer",
      `the failed indices of ${SWEEP.id} are not saved: throttled`,
    ]);
    expect(saved.parts.sweeps.value).to.deep.equal(busyParts().sweeps.value);
    expect(saved.failures).to.deep.equal({});
  });
});
