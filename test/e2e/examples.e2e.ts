import { cp } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { SweepReportJson } from "../../cli/services/sweep/report.ts";
import { packageRoot } from "../../package-root.ts";
import { shellQuoted } from "../../staging/shell.ts";
import { succeed } from "./support/process.ts";
import { World } from "./support/world.ts";

/** The datasets to stage, as in examples/README.md, and the output of each index. */
interface Example {
  readonly folder: string;
  readonly file: string;
  /** Flags of `stage upload`, for each dataset. */
  readonly uploads: readonly string[];
  readonly makesData: boolean;
  readonly logs: readonly (string | RegExp)[];
}

const TWO = "--regions us-east-1,us-west-2";
const THREE = "--regions us-east-1,us-west-2,eu-west-1";

const EXAMPLES: readonly Example[] = [
  {
    folder: "genome-pipeline",
    file: "sweep.yaml",
    makesData: true,
    uploads: [`reference.fasta ${TWO} --dest /mnt/data/reference.fasta`],
    logs: [1, 2, 3, 4].map((chromosome) => new RegExp(`chr${chromosome}: 3000 bases, \\d\\d\\.\\d % GC`)),
  },
  {
    folder: "ml-training",
    file: "sweep.yaml",
    makesData: true,
    uploads: [`training-set.tar.gz ${THREE} --dest /mnt/data/training-set.tar.gz`],
    logs: [0, 1, 2, 3, 4, 5].map((seed) => `seed ${seed}: y = 3.0x + 2.0`),
  },
  {
    folder: "multiple-datasets",
    file: "sweep.yaml",
    makesData: true,
    uploads: [
      `reference.fasta ${TWO} --dest /data/reference.fasta`,
      `training.tar.gz ${TWO} --dest /data/training.tar.gz`,
    ],
    logs: ["points.csv", "points.csv"],
  },
  {
    folder: "bioinformatics",
    file: "my-analysis.yaml",
    makesData: true,
    uploads: [`hg38-reference.fasta ${TWO} --dest /mnt/data/reference.fasta --ttl 30`],
    logs: [191, 791, 1391].map((place) => `\tchr1\t${place}`),
  },
  {
    folder: "inference",
    file: "inference.yaml",
    makesData: true,
    uploads: [`model-v3.pt ${THREE} --dest /opt/model/weights.pt`],
    logs: Array.from({ length: 6 }, () => /\b10\b/),
  },
  {
    folder: "simulation",
    file: "simulation.yaml",
    makesData: false,
    uploads: [`simulation-inputs/ ${TWO} --dest /mnt/inputs`],
    logs: [0, 1, 2, 3].map(() => /100 degrees: \d+\.\d\d in the second cell/),
  },
  {
    folder: "cross-account",
    file: "sweep.yaml",
    makesData: true,
    uploads: [`dataset.tar.gz ${TWO}`],
    logs: ["500", "500"],
  },
];

describe("The examples", () => {
  let world: World;

  before(async () => {
    world = await World.make();
    await succeed(world.spawn("environment", "up"));
    await cp(join(packageRoot(), "examples"), join(world.folder, "examples"), { recursive: true });
  });
  after(async () => await world?.remove());

  for (const { folder, file, makesData, uploads, logs } of EXAMPLES) {
    it(`run as they are: ${folder}`, async () => {
      const flags = uploads.map((upload) => `--stage-id "$(spawn stage upload ${upload})"`).join(" ");
      const { stdout } = await succeed(
        world.bash(
          `cd ${shellQuoted(`examples/staging/${folder}`)}\n${makesData ? "./make-data.sh\n" : ""}spawn launch --params ${file} ${flags} --yes --wait`,
        ),
      );
      const id = stdout.trim();
      const info = await succeed(world.spawn("sweep", "info", id, "--format", "json"));
      const report = JSON.parse(info.stdout) as SweepReportJson;
      expect(report).to.deep.include({ state: "succeeded", done: logs.length, failed: 0 });
      for (const [index, text] of logs.entries()) {
        const log = (await succeed(world.spawn("sweep", "logs", id, "--index", String(index)))).stdout;
        if (typeof text === "string") expect(log).to.contain(text);
        else expect(log).to.match(text);
      }
      await succeed(world.spawn("sweep", "delete", id, "--yes"));
    });
  }
});
