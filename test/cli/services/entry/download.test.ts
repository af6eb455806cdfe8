import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import {
  countDownload,
  type DownloadRequest,
  endsOf,
  explainedTo,
  regionOfShell,
} from "../../../../cli/services/entry/download.ts";
import { parseRegion } from "../../../../staging/regions.ts";
import { failureOf } from "../../../support/failure.ts";
import { testRecord } from "../../records.ts";
import { Machine } from "../machine.ts";

const RECORD = testRecord();
const { filename } = RECORD;

describe("a download", () => {
  const machine = Machine.forEachTest();

  const ends = async (request: Partial<DownloadRequest>, record = RECORD) => {
    const notes: string[] = [];
    const all = { path: undefined, region: undefined, machineRegion: undefined, force: false, ...request };
    const found = await endsOf(record, all, "dev", (note) => notes.push(note));
    return { ...found, notes };
  };

  it("comes from the region of the option, of the machine, or else from the primary region", async () => {
    const west = parseRegion("us-west-2");
    expect(await ends({ region: west, machineRegion: "us-east-1" })).to.include({ region: west });
    expect(await ends({ machineRegion: west })).to.deep.include({ region: west, notes: [] });
    expect(await ends({})).to.deep.include({ region: "us-east-1", notes: [] });
    const far = await ends({ machineRegion: "eu-west-1" });
    expect(far.region).to.equal("us-east-1");
    expect(far.notes.join()).to.match(/no data in eu-west-1.*AWS charges for the transfer/);
    expect((await failureOf(ends({ region: parseRegion("eu-west-1") }))).message).to.contain("eu-west-1");
  });

  it("goes into an existing directory as cp does; a directory takes the place of the path", async () => {
    const folder = join(machine.home, "folder");
    await mkdir(folder);
    const directory = { ...RECORD, kind: "directory" } as const;
    for (const [path, record, expected] of [
      [undefined, RECORD, join(process.cwd(), filename)],
      [folder, RECORD, join(folder, filename)],
      [`${folder}/new/`, RECORD, join(folder, "new", filename)],
      [`${folder}/new`, RECORD, join(folder, "new")],
      [folder, directory, folder],
    ] as const)
      expect((await ends({ path }, record)).path, path).to.equal(expected);
  });

  it("is counted; a row that cannot be written is a warning, not a failure", async () => {
    const notes: unknown[] = [];
    const count = (dynamo?: () => object) =>
      countDownload(machine.context({ dynamo }), RECORD.stagingId, (...note) => notes.push(note));
    await count();
    expect(await machine.log()).to.deep.equal(["UpdateItem usage"]);
    await count(() => new Error("throttled"));
    expect(notes).to.deep.equal([
      ["The download is complete, but it could not be counted: throttled", "warning"],
    ]);
  });

  it("explains a full disk, and an error of S3 as such", async () => {
    const failing = (error: Error) =>
      failureOf(explainedTo("/data/it's/genome", parseRegion("us-east-1"), () => Promise.reject(error)));
    const full = Object.assign(new Error("ENOSPC: no space left on device, write"), {
      code: "ENOSPC",
      syscall: "write",
    });
    expect(await failing(full)).to.include({
      message: `no space is left in '/data/it'\\''s'`,
      fix: `Free some space, then run the command again. To see the usage: df -h '/data/it'\\''s'`,
    });
    for (const error of [
      Object.assign(new Error("Access Denied"), { name: "AccessDenied" }),
      Object.assign(new Error("connect EPERM"), { code: "EPERM", syscall: "connect" }),
    ])
      expect(await failing(error)).to.have.property("message", "download from us-east-1 failed");
  });

  it("reads the machine's region as AWS programs do", () => {
    expect(regionOfShell({ AWS_REGION: "a", AWS_DEFAULT_REGION: "b" })).to.equal("a");
    expect(regionOfShell({ AWS_REGION: "", AWS_DEFAULT_REGION: "b" })).to.equal("b");
    expect(regionOfShell({})).to.equal(undefined);
  });
});
