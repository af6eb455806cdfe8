import { join } from "node:path";
import { packageRoot } from "../package-root.ts";
import type { Command, Plan, Tools } from "./tools.ts";

export interface Dataset {
  readonly path: string;
  readonly isDirectory: boolean;
  /** The first gets it by an upload, the others by server-side copies. */
  readonly buckets: readonly string[];
  /** Whether spawn runs as the whole command, engine included, and not the data plane alone. */
  readonly isCommand: boolean;
}

export interface Contestant {
  readonly name: string;
  plan(dataset: Dataset): Plan;
}

/** Each makes the same upload, then the same server-side copies to both buckets concurrently. */
export function contestants(tools: Tools, stage: string): readonly Contestant[] {
  const copies = (dataset: Dataset, copy: (from: string, to: string) => Command): readonly Command[] =>
    dataset.buckets.slice(1).map((bucket) => copy(primaryOf(dataset), bucket));
  const steps = (...all: (readonly Command[])[]): Plan => all.filter((commands) => commands.length > 0);
  return [
    {
      name: "spawn",
      plan: ({ path, buckets, isCommand }) => {
        const program = join(packageRoot(), "bin", "spawn");
        if (isCommand) return [[[program, "stage", "upload", path, "--regions", regionsOf(buckets)]]];
        // With the provider's own options.
        return [[[process.execPath, "--max-semi-space-size=8", stage, path, ...buckets]]];
      },
    },
    {
      name: "s5cmd",
      plan: (data) => {
        const [from, to] = data.isDirectory ? ["data/*", "data/"] : ["data", "data"];
        const copy = (source: string, target: string) => [tools.s5cmd, "cp", source, target];
        return steps(
          [copy(data.isDirectory ? `${data.path}/` : data.path, `s3://${primaryOf(data)}/${to}`)],
          copies(data, (source, bucket) => copy(`s3://${source}/${from}`, `s3://${bucket}/${to}`)),
        );
      },
    },
    {
      name: "rclone",
      plan: (data) => {
        const copy = [
          ...[tools.rclone, data.isDirectory ? "copy" : "copyto", "--config", "/dev/null"],
          ...["--transfers", "32", "--checkers", "32", "--s3-no-check-bucket"],
        ];
        const remote = ":s3,provider=Other,env_auth=true,region=us-east-1:";
        return steps(
          [[...copy, data.path, `${remote}${primaryOf(data)}/data`]],
          copies(data, (source, bucket) => [...copy, `${remote}${source}/data`, `${remote}${bucket}/data`]),
        );
      },
    },
    {
      name: "aws s3 cp",
      plan: (data) => {
        const recursive = data.isDirectory ? ["--recursive"] : [];
        const copy = [...[tools.aws, "s3", "cp", "--only-show-errors"], ...recursive];
        return steps(
          [[...copy, data.path, `s3://${primaryOf(data)}/data`]],
          copies(data, (source, bucket) => [...copy, `s3://${source}/data`, `s3://${bucket}/data`]),
        );
      },
    },
  ];
}

const primaryOf = ({ buckets: [primary = ""] }: Dataset): string => primary;

/** Of the environment's buckets. */
const regionsOf = (buckets: readonly string[]): string =>
  buckets.map((bucket) => bucket.replace(/^spawn-staging-/, "")).join(",");
