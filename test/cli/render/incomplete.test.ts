import { hostname } from "node:os";
import { expect } from "chai";
import { INCOMPLETE_COLUMNS, renderIncompleteCsv } from "../../../cli/render/incomplete.ts";
import { renderTable } from "../../../cli/render/table.ts";
import type { IncompleteMetadata } from "../../../cli/services/entry/listing/incomplete-listing.ts";
import { parseCsv } from "../csv.ts";

const entry: IncompleteMetadata = {
  staging_id: "stage-0123456789ab",
  filename: "data.bin",
  source: "/home/ada/data.bin",
  size_bytes: 100 * 1024 ** 2,
  file_count: 1,
  regions: ["us-east-1", "us-west-2"],
  arrived_bytes: { "us-east-1": 48 * 1024 ** 2, "us-west-2": 0 },
  arrived_files: { "us-east-1": 0, "us-west-2": 0 },
  state: "interrupted",
  started_at: "2026-01-02T03:04:05.678Z",
  destination: "/mnt/data/data.bin",
  ttl_days: 7,
  sweep_id: null,
  stack: "dev.stage-0123456789ab",
  host: hostname(),
};

describe("The table of incomplete uploads", () => {
  const arrived = (changes: Partial<IncompleteMetadata>): string => {
    const column = INCOMPLETE_COLUMNS.find(({ title }) => title === "ARRIVED");
    return column?.value({ ...entry, ...changes }) ?? "";
  };

  it("shows the progress of each region", () => {
    expect(renderTable(INCOMPLETE_COLUMNS, [entry])).to.equal(
      [
        "STAGING ID          SIZE    ARRIVED                      STARTED               STATE        SOURCE\n",
        "stage-0123456789ab  100MB   us-east-1 48%, us-west-2 0%  2026-01-02 03:04 UTC  interrupted  /home/ada/data.bin\n",
      ].join(""),
    );
  });

  it("names the machine of an upload from elsewhere", () => {
    const column = INCOMPLETE_COLUMNS.find(({ title }) => title === "STATE");
    expect(column?.value({ ...entry, host: "node-7" })).to.equal("interrupted on node-7");
  });

  it("counts the files of a directory, and files alone if all are empty", () => {
    const files = { file_count: 8, arrived_files: { "us-east-1": 2, "us-west-2": 0 } };
    expect(arrived(files)).to.equal("us-east-1 48% (2/8 files), us-west-2 0% (0/8 files)");
    expect(arrived({ ...files, size_bytes: 0, arrived_bytes: { "us-east-1": 0, "us-west-2": 0 } })).to.equal(
      "us-east-1 25% (2/8 files), us-west-2 0% (0/8 files)",
    );
  });

  it("does not guess if a region does not respond", () => {
    expect(arrived({ arrived_bytes: { "us-east-1": null, "us-west-2": 0 } })).to.equal(
      "us-east-1 ?, us-west-2 0%",
    );
  });

  it("has a CSV form", () => {
    const unknown = { ...entry, arrived_bytes: { "us-east-1": null, "us-west-2": 5 } };
    const [head = [], row = []] = parseCsv(renderIncompleteCsv([unknown]));
    expect(Object.fromEntries(head.map((name, at) => [name, row[at]]))).to.include({
      staging_id: "stage-0123456789ab",
      source: "/home/ada/data.bin",
      regions: "us-east-1 us-west-2",
      arrived_bytes: "? 5",
      state: "interrupted",
      sweep_id: "",
    });
  });
});
