import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect } from "chai";
import { runCommand } from "../../../local/command.ts";
import { parseStagingId } from "../../../staging/ids.ts";
import { parseRegion } from "../../../staging/regions.ts";
import { parseLaunchedSweepId } from "../../../staging/sweep/id.ts";
import type { SweepDataset } from "../../../staging/sweep/spec.ts";
import { MAX_USER_DATA_BYTES, renderBootScript, renderUserData } from "../../../staging/sweep/user-data.ts";
import type { WorkerFacts } from "../../../staging/sweep/worker-facts.ts";
import { sha256Of } from "../../support/staged.ts";
import { ensureVenv } from "../../support/venv.ts";
import { readTemplates } from "../../worker/sweep-fixture.ts";

const regions = ["us-east-1", "us-west-2", "eu-west-1", "ap-southeast-2"].map((name) => parseRegion(name));
/** Incompressible text. */
const noise = (seed: string, length: number): string =>
  Array.from({ length: Math.ceil(length / 64) }, (_, at) => sha256Of(`${seed}${at}`))
    .join("")
    .slice(0, length);

const dataset = (number: number, length: number): SweepDataset => ({
  stagingId: parseStagingId(`stage-${noise(`id${number}`, 12)}`),
  kind: "directory",
  filename: noise(`name${number}`, length),
  sizeBytes: 1,
  manifestSha256: sha256Of(String(number)),
  destination: `/mnt/data/${noise(`name${number}`, length)}`,
  copies: regions.map((region) => ({ region, bucket: `${noise(`bucket${number}`, 40)}-${region}` })),
});

const facts = (datasets: readonly SweepDataset[]): WorkerFacts => ({
  sweepId: parseLaunchedSweepId("sweep-abc123def456"),
  table: "spawn-sweeps-dev",
  tableRegion: parseRegion("us-east-1"),
  usageTable: "spawn-usage-dev",
  datasets,
  logBuckets: regions.map((region) => ({ region, bucket: `spawn-staging-${region}` })),
  logTtlTag: { key: "spawn:ttl-days", value: "30" },
});

describe("The user data of an instance", () => {
  it("fit with four datasets of long names, and are the same bytes each time", async () => {
    const templates = await readTemplates();
    const four = facts([1, 2, 3, 4].map((number) => dataset(number, 120)));
    const packed = renderUserData(templates, four);
    expect(packed.length).to.be.below(MAX_USER_DATA_BYTES);
    expect(gunzipSync(packed).toString()).to.equal(renderBootScript(templates, four));
    expect(renderUserData(templates, four)).to.deep.equal(packed);
    const few = renderUserData(templates, facts([dataset(1, 20)])).length;
    expect(few).to.be.below(MAX_USER_DATA_BYTES - 1000);
  });

  it("are refused if they do not fit", async () => {
    const templates = await readTemplates();
    const many = facts(Array.from({ length: 40 }, (_, number) => dataset(number, 250)));
    expect(() => renderUserData(templates, many)).to.throw("does not fit into the user data of an instance");
  });

  it("are found correct by shellcheck, as templates and as rendered", async () => {
    const templates = await readTemplates();
    const shellcheck = join(await ensureVenv("aws"), "shellcheck");
    const rendered = renderBootScript(templates, facts([dataset(1, 20)]));
    for (const script of [templates.boot, templates.worker, rendered]) {
      const check = await runCommand("sh", [
        "-c",
        'printf "%s" "$2" | "$1" -s sh -',
        "sh",
        shellcheck,
        script,
      ]);
      expect(check).to.include({ code: 0, stdout: "" });
    }
  });
});
