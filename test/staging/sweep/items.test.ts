import { unmarshall } from "@aws-sdk/util-dynamodb";
import { expect } from "chai";
import type { AttributeValue } from "../../../staging/attribute-value.ts";
import { parseStagingId } from "../../../staging/ids.ts";
import { parseRegionList, REGIONS, type Region } from "../../../staging/regions.ts";
import { parseStackName } from "../../../staging/stack-name.ts";
import { parseLaunchedSweepId } from "../../../staging/sweep/id.ts";
import {
  errorText,
  type IndexItem,
  indexItem,
  MAX_ERROR_BYTES,
  parseIndexItem,
} from "../../../staging/sweep/index-item.ts";
import { indexItemKey, parseItemKey, regionItemKey } from "../../../staging/sweep/item-keys.ts";
import { SweepItemError } from "../../../staging/sweep/item-reader.ts";
import { metaItem, parseMetaItem, type SweepMeta } from "../../../staging/sweep/meta-item.ts";
import { newRegionItem, parseRegionItem, regionItem } from "../../../staging/sweep/region-item.ts";

const sweepId = parseLaunchedSweepId("sweep-abc123def456");
const region: Region = "us-east-1" as Region;
const AT = new Date("2026-11-10T12:00:00Z");
const plain = (item: Record<string, AttributeValue>): Record<string, unknown> => unmarshall(item as never);

const base = {
  sweepId,
  index: 7,
  region,
  params: '{"alpha":"1"}',
  generation: 0,
  attempt: 1,
  interruptions: 0,
  errors: 0,
  exitCode: undefined,
  error: undefined,
} as const;
const owner = "i-0123456789abcdef0";
const pending: IndexItem = { ...base, state: "pending", attempt: 0 };
const running: IndexItem = { ...base, state: "running", owner, leaseUntil: 1_800_000_000, startedAt: AT };
const failed: IndexItem = {
  ...base,
  state: "failed",
  errors: 1,
  exitCode: 3,
  error: "x",
  owner,
  startedAt: AT,
  endedAt: AT,
};
const cancelled: IndexItem = {
  ...base,
  state: "cancelled",
  params: undefined,
  owner: undefined,
  startedAt: undefined,
  endedAt: AT,
};

const meta: SweepMeta = {
  sweepId,
  name: "genome",
  stack: parseStackName("dev.sweep-abc123def456"),
  count: 12,
  regions: parseRegionList("us-east-1,us-west-2"),
  entries: [parseStagingId("stage-abc123def456")],
  command: "#!/bin/sh\nexit 0\n",
  retries: { interrupted: 3, error: 0 },
  timeoutSeconds: 60,
  results: "s3://bucket/results/",
  generation: 0,
  createdAt: AT,
  deadlineAt: AT,
  startedAt: undefined,
  cancelledAt: undefined,
};

/** The attribute that the error names. */
function attributeOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (!(error instanceof SweepItemError)) throw error;
    expect(error.message).to.contain(`attribute ${error.attribute} is missing or malformed`);
    return error.attribute;
  }
  throw new Error("the item was accepted");
}

describe("the keys of the sweeps table", () => {
  it("sort by index", () => {
    expect(indexItemKey(42)).to.equal("index#000042");
    const keys = [0, 9, 10, 99_999].map(indexItemKey);
    expect(keys.toSorted()).to.deep.equal(keys);
  });

  it("are read back", () => {
    expect(parseItemKey("meta")).to.deep.equal({ kind: "meta" });
    expect(parseItemKey(indexItemKey(42))).to.deep.equal({ kind: "index", index: 42 });
    for (const name of REGIONS)
      expect(parseItemKey(regionItemKey(name))).to.deep.equal({ kind: "region", region: name });
    const [instance, stagingId] = ["i-0123456789abcdef0", "stage-abc123def456"];
    const download = { kind: "download", instance, stagingId };
    expect(parseItemKey(`instance#${instance}#${stagingId}`)).to.deep.equal(download);
  });

  for (const text of [
    "",
    "meta ",
    "region#",
    "region#nowhere-1",
    "region#constructor",
    "index#",
    "index#42",
    "instance#i-0123456789abcdef0",
    "index#0000420",
    "index#-00001",
    "index#00004a",
    "INDEX#000042",
  ]) {
    it(`are refused in another form: ${JSON.stringify(text)}`, () => {
      expect(parseItemKey(text)).to.equal(undefined);
    });
  }
});

describe("the item of an index", () => {
  for (const item of [pending, running, failed, cancelled]) {
    it(`is read back when it is ${item.state}`, () => {
      expect(parseIndexItem(plain(indexItem(item)))).to.deep.equal(item);
    });
  }

  it("has the attributes that workers use", () => {
    expect(plain(indexItem(running))).to.deep.equal({
      sweep_id: "sweep-abc123def456",
      item: "index#000007",
      region: "us-east-1",
      state: "running",
      generation: 0,
      attempt: 1,
      interruptions: 0,
      errors: 0,
      params: '{"alpha":"1"}',
      owner,
      started_at: "2026-11-10T12:00:00Z",
      lease_until: 1_800_000_000,
    });
  });

  for (const [item, change, attribute] of [
    [pending, { sweep_id: "../etc" }, "sweep_id"],
    [pending, { sweep_id: "my-label" }, "sweep_id"],
    [pending, { item: "meta" }, "item"],
    [pending, { item: 7 }, "item"],
    [pending, { region: "nowhere-1" }, "region"],
    [pending, { region: "toString" }, "region"],
    [pending, { state: "constructor" }, "state"],
    [pending, { state: undefined }, "state"],
    [pending, { owner }, "owner"],
    [pending, { lease_until: 1 }, "lease_until"],
    [pending, { params: "[1]" }, "params"],
    [pending, { params: '{"a":1}' }, "params"],
    [pending, { params: "{" }, "params"],
    [pending, { attempt: -1 }, "attempt"],
    [pending, { attempt: "1" }, "attempt"],
    [pending, { errors: 1.5 }, "errors"],
    [pending, { interruptions: Number.MAX_VALUE }, "interruptions"],
    [pending, { generation: undefined }, "generation"],
    [pending, { exit_code: 256 }, "exit_code"],
    [pending, { error: ["x"] }, "error"],
    [running, { owner: undefined }, "owner"],
    [running, { owner: "i-1; rm -rf /" }, "owner"],
    [running, { owner: `${owner}\n` }, "owner"],
    [running, { lease_until: undefined }, "lease_until"],
    [running, { started_at: "yesterday" }, "started_at"],
    [running, { started_at: "2026-13-40T00:00:00Z" }, "started_at"],
    [running, { ended_at: "2026-11-10T12:00:00Z" }, "ended_at"],
    [failed, { ended_at: undefined }, "ended_at"],
    [failed, { lease_until: 5 }, "lease_until"],
  ] as const) {
    it(`is refused when it is ${item.state} with ${JSON.stringify(change)}`, () => {
      expect(attributeOf(() => parseIndexItem({ ...plain(indexItem(item)), ...change }))).to.equal(attribute);
    });
  }

  for (const hostile of [
    undefined,
    null,
    7,
    "x",
    [],
    {},
    Object.create({ sweep_id: sweepId, item: "index#000001" }),
  ]) {
    it(`is refused when it is ${JSON.stringify(hostile) ?? "undefined"}`, () => {
      expect(attributeOf(() => parseIndexItem(hostile))).to.equal("sweep_id");
    });
  }

  it("keeps the beginning of a long error, in whole characters", () => {
    expect(errorText("short")).to.equal("short");
    for (const text of ["x".repeat(10_000), "é".repeat(10_000), `x${"😀".repeat(10_000)}`]) {
      const kept = errorText(text);
      expect(Buffer.byteLength(kept)).to.be.within(MAX_ERROR_BYTES - 4, MAX_ERROR_BYTES);
      expect(kept.endsWith("…") && text.startsWith(kept.slice(0, -1))).to.equal(true);
    }
  });
});

describe("the item of a region", () => {
  const counters = newRegionItem(sweepId, { region, start: 10, end: 35 }, 5);

  it("begins with all indices open and all workers alive, and is read back", () => {
    expect(counters).to.include({ open: 25, alive: 5, nextTicket: 0, generation: 0 });
    const used = { ...counters, open: 3, alive: 2, nextTicket: 40 };
    expect(parseRegionItem(plain(regionItem(used)))).to.deep.equal(used);
  });

  for (const [change, attribute] of [
    [{ open: 26 }, "open"],
    [{ open: -1 }, "open"],
    [{ alive: 6 }, "alive"],
    [{ end: 9 }, "end"],
    [{ end: 1e9 }, "end"],
    [{ next_ticket: undefined }, "next_ticket"],
    [{ item: "index#000001" }, "item"],
    [{ item: "region#__proto__" }, "item"],
  ] as const) {
    it(`is refused with ${JSON.stringify(change)}`, () => {
      expect(attributeOf(() => parseRegionItem({ ...plain(regionItem(counters)), ...change }))).to.equal(
        attribute,
      );
    });
  }
});

describe("the item of a sweep", () => {
  for (const item of [
    meta,
    { ...meta, startedAt: AT, cancelledAt: AT, timeoutSeconds: undefined, results: undefined, entries: [] },
  ]) {
    it(`is read back, ${item.startedAt === undefined ? "before" : "after"} its start`, () => {
      expect(parseMetaItem(plain(metaItem(item)))).to.deep.equal(item);
    });
  }

  for (const [change, attribute] of [
    [{ name: "a b" }, "name"],
    [{ stack: "../x" }, "stack"],
    [{ stack: "..x" }, "stack"],
    [{ count: 0 }, "count"],
    [{ regions: [] }, "regions"],
    [{ regions: ["us-east-1", "us-east-1"] }, "regions"],
    [{ entries: ["stage-x"] }, "entries"],
    [{ entries: [7] }, "entries"],
    [{ command: " " }, "command"],
    [{ results: "/etc" }, "results"],
    [{ deadline_at: 7 }, "deadline_at"],
    [{ timeout_seconds: 0 }, "timeout_seconds"],
  ] as const) {
    it(`is refused with ${JSON.stringify(change)}`, () => {
      expect(attributeOf(() => parseMetaItem({ ...plain(metaItem(meta)), ...change }))).to.equal(attribute);
    });
  }
});
