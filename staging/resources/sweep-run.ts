import { parseStagingId } from "../ids.ts";
import { parseRegion } from "../regions.ts";
import { integer, list, object, string } from "../schema/fields.ts";
import {
  declareResource,
  type InputsOfResource,
  type OutputsOfResource,
  refusedBy,
} from "../schema/resource.ts";
import { parseStackName } from "../stack-name.ts";
import { parseLaunchedSweepId } from "../sweep/id.ts";
import { MAX_INDICES } from "../sweep/row-checks.ts";
import { SWEEP_RUN } from "./tokens.ts";

/** A launched sweep is fixed, so a change is refused (`provider/sweep/check.ts`) and no difference. */
const FIXED = { required: true, ignored: true } as const;

const notEmpty = (value: string): string | undefined =>
  value.trim() === "" ? "expected a text that is not empty" : undefined;
const sha256 = (value: string): string | undefined =>
  /^[0-9a-f]{64}$/.test(value) ? undefined : "expected the SHA-256 of rowsFile in lower-case hex";
const absolute = (value: string): string | undefined =>
  value.startsWith("/") ? undefined : "expected an absolute path";

const sweepRunRegion = {
  region: string({ description: "The region.", required: true, problem: refusedBy(parseRegion) }),
  start: integer({ description: "The first index of the region.", required: true }),
  end: integer({ description: "The index after the region's last one.", required: true }),
  workers: integer({
    description: "Workers at a time: the maximum size of the group.",
    required: true,
    min: 1,
  }),
  group: string({ description: "The name of the Auto Scaling group.", required: true, problem: notEmpty }),
};

export const sweepRunResource = declareResource({
  token: SWEEP_RUN,
  description:
    "The run of a sweep: its items in the sweeps table, and the capacity of its Auto Scaling groups. Creation starts the sweep, an update with a higher generation runs indices again, and deletion ends it.",
  inputs: {
    sweepId: string({
      description: "The sweep's ID: `sweep-` and 12 hexadecimal digits.",
      ...FIXED,
      problem: refusedBy(parseLaunchedSweepId),
    }),
    table: string({ description: "The sweeps table.", ...FIXED, problem: notEmpty }),
    tableRegion: string({
      description: "The region of the sweeps table.",
      ...FIXED,
      problem: refusedBy(parseRegion),
    }),
    name: string({ description: "The sweep's name.", ...FIXED, problem: notEmpty }),
    stack: string({ description: "The stack of the sweep.", ...FIXED, problem: refusedBy(parseStackName) }),
    count: integer({ description: "Number of indices.", ...FIXED, min: 1, max: MAX_INDICES }),
    regions: list(
      object(sweepRunRegion, { name: "SweepRunRegion", description: "A region of a sweep and its indices." }),
      {
        description: "The regions, which divide the indices in their order.",
        ...FIXED,
      },
    ),
    entries: list(string({ problem: refusedBy(parseStagingId) }), {
      description: "The IDs of the staged datasets.",
      ...FIXED,
    }),
    command: string({ description: "The command that runs for each index.", ...FIXED, problem: notEmpty }),
    retriesInterrupted: integer({
      description: "How many times an index runs again after an interruption.",
      ...FIXED,
    }),
    retriesError: integer({ description: "How many times an index runs again after an error.", ...FIXED }),
    timeoutSeconds: integer({ description: "Seconds that one index may run.", ignored: true, min: 1 }),
    results: string({ description: "Where workers upload results: an `s3://` URL.", ignored: true }),
    deadlineSeconds: integer({
      description: "Seconds from the start until all workers end.",
      ...FIXED,
      min: 1,
    }),
    rowsFile: string({
      description: "An absolute path to JSON lines: for each index an object of strings.",
      ignored: true,
      problem: absolute,
    }),
    rowsSha256: string({
      description: "The SHA-256 of that file in lower-case hex.",
      ignored: true,
      problem: sha256,
    }),
    generation: integer({ description: "0 at first. A higher one runs indices again.", ...FIXED }),
    retryIndices: list(integer({}), {
      description: "The indices that the generation runs again. Default: all that failed or were cancelled.",
      ignored: true,
    }),
  },
  outputs: {
    createdAt: string({
      description: "When the items were created (ISO 8601, UTC).",
      required: true,
      changes: true,
    }),
    deadlineAt: string({
      description: "When all workers end (ISO 8601, UTC).",
      required: true,
      changes: true,
    }),
    startedAt: string({
      description: "When the workers started (ISO 8601, UTC).",
      required: true,
      changes: true,
    }),
  },
});

export type SweepRunInputs = InputsOfResource<typeof sweepRunResource>;
export type SweepRunOutputs = OutputsOfResource<typeof sweepRunResource>;
export type SweepRunRegion = SweepRunInputs["regions"][number];
