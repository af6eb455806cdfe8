import { expect } from "chai";
import { parse } from "yaml";
import {
  DATA_COLUMN,
  LISTING_CSV_COLUMNS,
  listingColumns,
  writeListingCsv,
} from "../../../cli/render/listing.ts";
import { writeJsonArray, writeTable, writeYamlSequence } from "../../../cli/render/streams.ts";
import { renderTable } from "../../../cli/render/table.ts";
import type { CheckedRecord } from "../../../cli/services/entry/listing/list-presence.ts";
import type { ListedMetadata } from "../../../cli/services/entry/listing/listing.ts";
import { toMetadata } from "../../../cli/services/entry/metadata.ts";
import { presenceJson, type RegionPresence, type RegionState } from "../../../cli/services/entry/presence.ts";
import { parseStagingId } from "../../../staging/ids.ts";
import type { StagingRecord } from "../../../staging/record.ts";
import { parseRegionList } from "../../../staging/regions.ts";
import { parseTtlDays } from "../../../staging/ttl.ts";
import { parseCsv } from "../csv.ts";
import { testRecord } from "../records.ts";

const NOW = new Date("2024-01-23T00:00:00Z");
const GIB = 1024 ** 3;

async function* pages<T>(...all: T[][]): AsyncGenerator<T[]> {
  yield* all;
}

async function written(run: (write: (text: string) => Promise<void>) => Promise<unknown>): Promise<string> {
  let text = "";
  await run(async (piece) => {
    text += piece;
  });
  return text;
}

const FIRST = testRecord();
const SECOND = testRecord({
  stagingId: parseStagingId("stage-0123456789ab"),
  sizeBytes: 50 * GIB,
  regions: parseRegionList("us-east-1,us-west-2,eu-west-1"),
  uploadedAt: new Date("2024-01-21T23:59:59Z"),
  sweepId: undefined,
});
const EXPIRED = testRecord({
  stagingId: parseStagingId("stage-ffffffffffff"),
  sizeBytes: 25 * GIB,
  regions: parseRegionList("us-east-1"),
  uploadedAt: new Date("2024-01-01T00:00:00Z"),
  ttl: parseTtlDays(14),
  sweepId: "sweep-aaa111",
});

const FOUND: Readonly<Record<string, Partial<Record<string, [RegionState, string]>>>> = {
  [SECOND.stagingId]: { "us-west-2": ["missing", "it is gone"], "eu-west-1": ["unreachable", "no\nanswer"] },
  [EXPIRED.stagingId]: { "us-east-1": ["different", "its size is 7"] },
};

/** Rows one by one, as the check of their regions yields them. */
async function* checked(page: readonly StagingRecord[]): AsyncGenerator<CheckedRecord[]> {
  for (const record of page) {
    const presence = record.regions.map((region, at): RegionPresence => {
      const base = { region, bucket: record.buckets[at] ?? "", holdsSome: true };
      const found = FOUND[record.stagingId]?.[region];
      return found === undefined ? { ...base, state: "whole" } : { ...base, state: found[0], why: found[1] };
    });
    yield [{ ...record, presence }];
  }
}

describe("lists", () => {
  it("print the guide's table", async () => {
    const text = await written((write) =>
      writeTable(
        pages([FIRST, SECOND]),
        listingColumns(() => NOW),
        write,
      ),
    );
    expect(text).to.equal(`STAGING ID          SIZE    REGIONS  UPLOADED    TTL   SWEEP ID
stage-abc123def456  100GB   2        2024-01-22  7d    sweep-xyz789
stage-0123456789ab  50GB    3        2024-01-21  7d    -
`);
  });

  it("fit the columns to the first page and mark expired entries", async () => {
    const text = await written((write) =>
      writeTable(
        pages([EXPIRED], [SECOND]),
        listingColumns(() => NOW),
        write,
      ),
    );
    expect(text).to.equal(`STAGING ID          SIZE    REGIONS  UPLOADED    TTL      SWEEP ID
stage-ffffffffffff  25GB    1        2024-01-01  expired  sweep-aaa111
stage-0123456789ab  50GB    3        2024-01-21  7d       -
`);
  });

  it("mark entries that expire within a day", async () => {
    const soon = new Date("2024-01-28T10:30:15Z");
    const [later, sooner] = [new Date(soon.getTime() - 1000), soon];
    const ttlAt = (now: Date) =>
      listingColumns(() => now)
        .find(({ title }) => title === "TTL")
        ?.value(FIRST);
    expect([ttlAt(later), ttlAt(sooner)]).to.deep.equal(["7d", "7d expiring"]);
  });

  it("write CSV that parses back, with quotes where names need them", async () => {
    const odd = testRecord({ filename: 'a "b", c\n.tar', sweepId: undefined });
    const entries = [odd, EXPIRED].map((record) => toMetadata(record, undefined, NOW));
    const text = await written((write) =>
      writeListingCsv(pages(...entries.map((entry) => [entry])), write, { form: "raw" }),
    );
    const [head, first, second] = parseCsv(text);
    expect(head).to.deep.equal(LISTING_CSV_COLUMNS);
    const row = Object.fromEntries(LISTING_CSV_COLUMNS.map((name, at) => [name, first?.[at]]));
    expect(row).to.include({
      staging_id: odd.stagingId,
      filename: odd.filename,
      size_bytes: "107374182400",
      regions: "us-east-1 us-west-2",
      sweep_id: "",
      replication_usd: "2",
      storage_per_day_usd: "0.153333",
      status: "active",
    });
    expect(second?.[LISTING_CSV_COLUMNS.indexOf("status")]).to.equal("expired");
    expect(await written((write) => writeListingCsv(pages(), write))).to.equal(
      `${LISTING_CSV_COLUMNS.join()}\r\n`,
    );
  });

  it("print the heading of an empty table, and count rows", async () => {
    let count = -1;
    const text = await written(async (write) => {
      count = await writeTable(
        pages([], []),
        listingColumns(() => NOW),
        write,
      );
    });
    expect(text).to.equal("STAGING ID          SIZE    REGIONS  UPLOADED    TTL   SWEEP ID\n");
    expect(count).to.equal(0);
  });

  it("print the state of the regions in a last column, row by row", async () => {
    const writes: string[] = [];
    const count = await writeTable(
      pages([FIRST, SECOND], [EXPIRED]),
      listingColumns(() => NOW),
      async (piece) => void writes.push(piece),
      { column: DATA_COLUMN, rows: checked },
    );
    expect(count).to.equal(3);
    expect(writes.filter((text) => text !== "")).to.deep.equal([
      "STAGING ID          SIZE    REGIONS  UPLOADED    TTL   SWEEP ID      DATA\n",
      "stage-abc123def456  100GB   2        2024-01-22  7d    sweep-xyz789  whole\n",
      "stage-0123456789ab  50GB    3        2024-01-21  7d    -             missing in us-west-2, not reachable in eu-west-1: no\\nanswer\n",
      "stage-ffffffffffff  25GB    1        2024-01-01  expired  sweep-aaa111  different in us-east-1\n",
    ]);
  });

  it("add a column to the CSV if the regions were checked", async () => {
    const metadata = async function* (): AsyncGenerator<ListedMetadata[]> {
      for await (const rows of checked([FIRST, SECOND])) {
        yield rows.map((row) => ({
          ...toMetadata(row, undefined, NOW),
          presence: presenceJson(row.presence),
        }));
      }
    };
    const text = await written((write) => writeListingCsv(metadata(), write, { hasPresence: true }));
    const [head, first, second] = parseCsv(text);
    expect(head).to.deep.equal([...LISTING_CSV_COLUMNS, "presence"]);
    expect(first?.at(-1)).to.equal("us-east-1=whole us-west-2=whole");
    expect(second?.at(-1)).to.equal("us-east-1=whole us-west-2=missing eu-west-1=unreachable");
  });

  it("fit wide characters", () => {
    const columns = [
      { title: "NAME", value: (row: { name: string; n: number }) => row.name },
      { title: "N", value: (row: { name: string; n: number }) => String(row.n) },
    ];
    const rows = [
      { name: "数据集", n: 1 },
      { name: "x", n: 2 },
    ];
    expect(renderTable(columns, rows)).to.equal("NAME    N\n数据集  1\nx       2\n");
  });

  it("write a JSON array page by page that parses back", async () => {
    for (const all of [[[]], [[1]], [[{ a: "x\ny" }], [], [{ b: [1, 2] }, null]], []]) {
      const text = await written((write) => writeJsonArray(pages<unknown>(...all), write));
      expect(JSON.parse(text)).to.deep.equal(all.flat());
      expect(text.endsWith("\n")).to.equal(true);
    }
  });

  it("write no JSON if the first page fails", async () => {
    const failing = (async function* (): AsyncGenerator<unknown[]> {
      throw new Error("no table");
      // biome-ignore lint/correctness/noUnreachable: makes it a generator of pages
      yield [];
    })();
    let text = "";
    const error = await writeJsonArray(failing, async (piece) => {
      text += piece;
    }).then(
      () => undefined,
      (reason: Error) => reason,
    );
    expect(error?.message).to.equal("no table");
    expect(text).to.equal("");
  });

  it("write a YAML sequence that parses back", async () => {
    const all: object[][] = [
      [{ id: "stage-1", sweep: null, at: "2024-01-22T10:30:15Z" }],
      [{ id: "on", list: ["a: b", "#"] }],
    ];
    expect(parse(await written((write) => writeYamlSequence(pages(...all), write)))).to.deep.equal(
      all.flat(),
    );
    expect(parse(await written((write) => writeYamlSequence(pages<object>([]), write)))).to.deep.equal([]);
  });
});
