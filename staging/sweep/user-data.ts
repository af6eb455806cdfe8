import { gzipSync } from "node:zlib";
import { encodeTags } from "../classes.ts";
import { InputError } from "../errors.ts";
import { compact, parameterLines, parseTemplate } from "../script-template.ts";
import { renderSharedStageScript, stageParameters } from "../stage-script.ts";
import { formatInteger } from "../units.ts";
import { logPrefix } from "./names.ts";
import type { SweepDataset } from "./spec.ts";
import type { WorkerFacts, WorkerTemplates } from "./worker-facts.ts";

/** Before base64. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html */
export const MAX_USER_DATA_BYTES = 16_384;

/** The folder of `boot.sh`'s files. */
const FILES = "# Files.";
/** The delimiter of a file within `boot.sh`. A check ensures that no script or value has such a line. */
const END_OF_FILE = "SPAWN_END_OF_FILE";

/**
 * The user data of all instances of a sweep: a gzipped shell script that installs the worker; cloud-init unpacks it
 * (https://cloudinit.readthedocs.io/en/latest/explanation/format.html). The same inputs give the same bytes.
 * @throws InputError if it exceeds the limit of user data
 */
export function renderUserData(templates: WorkerTemplates, facts: WorkerFacts): Uint8Array {
  const packed = gzipSync(renderBootScript(templates, facts), { level: 9 });
  packed[9] = 255; // operating system: unknown. https://www.rfc-editor.org/rfc/rfc1952#page-8
  if (packed.length > MAX_USER_DATA_BYTES) {
    throw new InputError(
      `the sweep does not fit into the user data of an instance: ${formatInteger(packed.length)} bytes`,
      {
        why: `EC2 allows ${formatInteger(MAX_USER_DATA_BYTES)} bytes, including the names, destinations and buckets of ${facts.datasets.length} datasets.`,
        fix: "Stage the datasets as one directory, or give the sweep fewer datasets.",
      },
    );
  }
  return packed;
}

/** The user data before compression. */
export function renderBootScript(templates: WorkerTemplates, facts: WorkerFacts): string {
  const files: Record<string, string> = {
    "worker.sh": renderWorker(templates.worker, facts),
    "stage.sh": renderSharedStageScript(templates.stage),
  };
  for (const [place, dataset] of facts.datasets.entries())
    files[`dataset-${place}`] = datasetParameters(dataset, facts);
  const [before, after] = templates.boot.split(`${FILES}\n`);
  if (before === undefined || after === undefined) throw new Error("the boot script has no place for files");
  return `#!/bin/sh\n${compact(before)}${Object.entries(files).map(hereDocument).join("")}${compact(after)}`;
}

function hereDocument([name, text]: [string, string]): string {
  if (text.split("\n").includes(END_OF_FILE)) throw new Error(`${name} has the line ${END_OF_FILE}`);
  return `cat >"$spawn/${name}" <<'${END_OF_FILE}'\n${text}${END_OF_FILE}\n`;
}

function renderWorker(template: string, facts: WorkerFacts): string {
  const counted = facts.datasets.filter(({ account }) => account === undefined);
  const parameters = parameterLines({
    sweep: facts.sweepId,
    table: facts.table,
    table_region: facts.tableRegion,
    usage_table: facts.usageTable,
    datasets: String(facts.datasets.length),
    counted: counted.map(({ stagingId }) => stagingId).join(" "),
    logs: facts.logBuckets.map(({ region, bucket }) => `${region} ${bucket}`).join("\n"),
    log_prefix: logPrefix(facts.sweepId),
    log_tags: encodeTags({ [facts.logTtlTag.key]: facts.logTtlTag.value }),
  });
  return `#!/bin/sh\n${parameters}${parseTemplate(template).code}`;
}

function datasetParameters({ copies, ...entry }: SweepDataset, { logBuckets }: WorkerFacts): string {
  const used = copies.filter(({ region }) => logBuckets.some((place) => place.region === region));
  return stageParameters({
    ...entry,
    regions: used.map(({ region }) => region),
    buckets: used.map(({ bucket }) => bucket),
  });
}
