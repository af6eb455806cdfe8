import { boolean, integer, list, object, string, strings } from "../schema/fields.ts";
import { declareComponent, refusedBy } from "../schema/resource.ts";
import { parseCommand } from "../sweep/command.ts";
import { parseIamAction, parseManagedPolicyArn } from "../sweep/iam-action.ts";
import { DEFAULT_INSTANCE_TYPES } from "../sweep/instance-types.ts";
import { DEFAULT_RETRIES, MAX_DEADLINE_SECONDS } from "../sweep/keys.ts";
import { parseResults } from "../sweep/results.ts";
import { MAX_INDICES } from "../sweep/row-checks.ts";
import { dataset, environment, isRegion } from "./fields.ts";

/** A day: `deadline: 24h` of a parameter file. */
const DEFAULT_DEADLINE_SECONDS = 86_400;

export const sweepComponent = declareComponent({
  token: "staging:index:Sweep",
  type: "spawn:index:Sweep",
  description:
    "A command that runs for many indices on workers in several regions. Creation starts it, deletion ends it. It does not change after its launch.",
  inputs: {
    environment,
    name: string({ description: "The sweep's name. Default: the name of the component." }),
    command: string({
      description:
        "The script that runs for each index, with SWEEP_INDEX from 0. Do not write secrets in it: the sweeps table stores it.",
      required: true,
      problem: refusedBy(parseCommand),
    }),
    count: integer({ description: "Number of indices.", required: true, min: 1, max: MAX_INDICES }),
    regions: list(
      object(
        {
          region: string({ ...isRegion, description: "The region.", required: true }),
          subnets: list(string({}), {
            description: "Subnets of the workers. Default: those of the default VPC.",
          }),
        },
        { name: "SweepRegion", description: "A region of a sweep." },
      ),
      {
        description: "The regions, which get even shares of the indices in their order.",
        required: true,
        min: 1,
      },
    ),
    datasets: list(dataset, {
      description: "Staged data that each worker downloads first: the outputs `dataset` of entries.",
    }),
    instanceTypes: list(string({}), {
      description: `Equivalent EC2 instance types of one architecture. Default: ${DEFAULT_INSTANCE_TYPES.join(", ")}.`,
      min: 1,
    }),
    spot: boolean({ description: "Runs on spot instances.", default: false }),
    maxConcurrent: integer({
      description: "Concurrent workers in all regions together. Default: one per index.",
      min: 1,
      max: MAX_INDICES,
    }),
    diskGib: integer({
      description: "GiB of the workers' root volume. Default: the data × 1.1 + 16 GiB.",
      min: 8,
      max: 16_384,
    }),
    retriesInterrupted: integer({
      description: "Retries of an index after its instance was interrupted.",
      default: DEFAULT_RETRIES.interrupted,
      max: 100,
    }),
    retriesError: integer({
      description: "Retries of an index after its command failed.",
      default: DEFAULT_RETRIES.error,
      max: 100,
    }),
    timeoutSeconds: integer({
      description: "Time limit of the command of an index. Default: until the deadline.",
      min: 1,
      max: MAX_DEADLINE_SECONDS,
    }),
    deadlineSeconds: integer({
      description: "Seconds from the start to the end of all workers.",
      default: DEFAULT_DEADLINE_SECONDS,
      min: 1,
      max: MAX_DEADLINE_SECONDS,
    }),
    results: string({
      description: "An `s3://` prefix for the files that the command writes into RESULTS_DIR.",
      problem: refusedBy(parseResults),
    }),
    iamActions: list(string({ problem: refusedBy(parseIamAction) }), {
      description: "Actions such as `s3:GetObject` that workers may do on all resources.",
    }),
    managedPolicies: list(string({ problem: refusedBy(parseManagedPolicyArn) }), {
      description: "ARNs of managed policies of the workers' role.",
    }),
    generation: integer({
      description: "0 at first. A higher one runs all failed and cancelled indices again.",
      default: 0,
      max: 1_000_000,
    }),
  },
  outputs: {
    sweepId: string({ description: "The sweep's ID: `sweep-` and 12 hexadecimal digits.", required: true }),
    groups: strings({ description: "The Auto Scaling group of each region.", required: true }),
    startedAt: string({ description: "When the workers started (ISO 8601, UTC).", required: true }),
    deadlineAt: string({ description: "When all workers end (ISO 8601, UTC).", required: true }),
  },
});
