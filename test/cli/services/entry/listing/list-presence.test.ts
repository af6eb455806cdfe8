import { expect } from "chai";
import { DamagedEntries } from "../../../../../cli/services/entry/listing/list-damage.ts";
import {
  type CheckedRecord,
  checkPage,
  type Look,
} from "../../../../../cli/services/entry/listing/list-presence.ts";
import type { RegionPresence, RegionState } from "../../../../../cli/services/entry/presence.ts";
import { InputError, UserError } from "../../../../../staging/errors.ts";
import type { StagingRecord } from "../../../../../staging/record.ts";
import { parseRegionList } from "../../../../../staging/regions.ts";
import { errorOf } from "../../../../support/failure.ts";
import { testId, testRecord } from "../../../records.ts";

const NOW = new Date("2024-01-23T00:00:00Z");

const records = (count: number): StagingRecord[] =>
  Array.from({ length: count }, (_, at) => testRecord({ stagingId: testId(at) }));
const presenceOf = (record: StagingRecord, ...states: RegionState[]): RegionPresence[] =>
  record.regions.map((region, at) => {
    const state = states[at] ?? "whole";
    const why = state === "whole" ? {} : { why: `${region} is ${state}` };
    return { region, bucket: record.buckets[at] ?? "", holdsSome: true, state, ...why };
  });
const same = async (record: StagingRecord): Promise<StagingRecord> => record;
const noReread = (): Promise<never> => Promise.reject(new Error("the record was read again"));

async function collect(pages: AsyncIterable<CheckedRecord[]>): Promise<CheckedRecord[]> {
  const all: CheckedRecord[] = [];
  for await (const page of pages) all.push(...page);
  return all;
}

describe("The region check of a list", () => {
  it("checks a bounded number of entries concurrently and keeps their order", async () => {
    let [inFlight, most] = [0, 0];
    const ended: string[] = [];
    const look: Look = async (record) => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      // The first of each pair ends after the second.
      const turns = Number.parseInt(record.stagingId.slice(-1), 16) % 2 === 0 ? 20 : 1;
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      inFlight -= 1;
      ended.push(record.stagingId);
      return presenceOf(record);
    };
    const page = records(20);
    const checked = await collect(checkPage(page, look, noReread, 4));
    const ids = page.map(({ stagingId }) => stagingId);
    expect(checked.map(({ stagingId }) => stagingId)).to.deep.equal(ids);
    expect(ended).not.to.deep.equal(ids);
    expect(most).to.equal(4);
  });

  it("yields an entry before it checks the later ones", async () => {
    const looked: string[] = [];
    const look: Look = async (record) => {
      looked.push(record.stagingId);
      return presenceOf(record);
    };
    const pages = checkPage(records(100), look, noReread, 3);
    await pages.next();
    expect(looked).to.have.length(3);
    await pages.return(undefined);
  });

  it("aborts requests in flight when the reader stops", async () => {
    const signals: AbortSignal[] = [];
    const look: Look = (record, signal) => {
      signals.push(signal);
      if (signals.length === 1) return Promise.resolve(presenceOf(record));
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    };
    const pages = checkPage(records(10), look, noReread, 4);
    await pages.next();
    await pages.return(undefined);
    expect(signals.map(({ aborted }) => aborted)).to.deep.equal([true, true, true, true]);
  });

  it("reports an entry as unreachable if the check fails, and continues", async () => {
    const look: Look = async (record) => {
      if (record.stagingId === testId(1)) throw new UserError("no answer", { why: "The network is down." });
      return presenceOf(record);
    };
    const checked = await collect(checkPage(records(3), look, noReread));
    expect(checked.map(({ presence }) => presence.map(({ state }) => state))).to.deep.equal([
      ["whole", "whole"],
      ["unreachable", "unreachable"],
      ["whole", "whole"],
    ]);
    expect(checked[1]?.presence[1]).to.include({ region: "us-west-2", why: "The network is down" });
  });

  it("throws errors other than AWS's and the network's, also while an earlier entry is checked", async () => {
    for (const thrown of [new TypeError("a defect"), new InputError("the bucket of another environment")]) {
      const look: Look = async (record) => {
        if (record.stagingId === testId(2)) throw thrown;
        await new Promise(setImmediate);
        return presenceOf(record);
      };
      expect(await errorOf(collect(checkPage(records(5), look, noReread)))).to.equal(thrown);
    }
  });

  it("compares apparent damage with the current record", async () => {
    const [gone, changed, damaged] = records(3) as [StagingRecord, StagingRecord, StagingRecord];
    const regions = parseRegionList("us-east-1");
    const current = { ...changed, regions, buckets: ["spawn-staging-us-east-1"] };
    const look: Look = async (record) => presenceOf(record, "whole", "missing");
    const reread = async (record: StagingRecord) =>
      record === gone ? undefined : record === changed ? current : record;
    const checked = await collect(checkPage([gone, changed, damaged], look, reread));
    expect(
      checked.map(({ stagingId, presence }) => [stagingId, presence.map(({ state }) => state)]),
    ).to.deep.equal([
      [changed.stagingId, ["whole"]],
      [damaged.stagingId, ["whole", "missing"]],
    ]);
  });
});

describe("The damaged entries of a list", () => {
  const check = async (record: StagingRecord, ...states: RegionState[]): Promise<CheckedRecord> => {
    const [checked] = await collect(checkPage([record], async () => presenceOf(record, ...states), same));
    return checked as CheckedRecord;
  };
  const warningsOf = async (record: StagingRecord, ...states: RegionState[]): Promise<readonly string[]> => {
    const damaged = new DamagedEntries("dev", () => NOW, new Set([testId(0xde1)]));
    damaged.add(await check(record, ...states));
    return damaged.warnings;
  };

  it("name the repair command", async () => {
    const id = "stage-abc123def456";
    const record = testRecord();
    expect(await warningsOf(record, "whole", "whole")).to.deep.equal([]);
    expect(await warningsOf(record, "whole", "missing")).to.deep.equal([
      `the data of ${id} are missing in us-west-2. Fix: spawn stage repair ${id}`,
    ]);
    expect(await warningsOf(record, "different", "whole")).to.deep.equal([
      `the data of ${id} are different in us-east-1. Fix: spawn stage repair ${id}`,
    ]);
    expect((await warningsOf(record, "missing", "missing"))[0]).to.contain(`spawn stage delete ${id} --yes`);
    expect((await warningsOf(record, "whole", "unreachable"))[0]).to.contain("Check the network");
    const deleting = testRecord({ stagingId: testId(0xde1) });
    expect((await warningsOf(deleting, "whole", "missing"))[0]).to.contain(
      `Fix: spawn stage delete ${deleting.stagingId} --yes`,
    );
  });

  it("may be missing after their expiry, but not different", async () => {
    const record = testRecord({ uploadedAt: new Date("2024-01-01T00:00:00Z") });
    expect(await warningsOf(record, "missing", "missing")).to.deep.equal([]);
    expect(await warningsOf(record, "whole", "different")).to.have.length(1);
  });

  it("are named up to a limit, and then counted", async () => {
    const damaged = new DamagedEntries("dev", () => NOW);
    for (const record of records(53)) damaged.add(await check(record, "whole", "missing"));
    expect(damaged.warnings).to.have.length(51);
    expect(damaged.warnings.at(-1)).to.equal("the data of 3 more entries are not whole");
  });
});
