import { BUCKETS } from "./server.ts";
import type { Command, Plan, Tools } from "./tools.ts";

export interface Dataset {
  readonly name: string;
  readonly path: string;
  readonly isDirectory: boolean;
  /** Destination buckets: an upload to the first, server-side copies to the others. */
  readonly buckets: number;
}

export interface Contestant {
  readonly name: string;
  plan(dataset: Dataset): Plan;
}

/** Each makes the same upload, then the same server-side copies to both buckets concurrently. */
export function contestants(tools: Tools, stage: string): readonly Contestant[] {
  const copies = (dataset: Dataset, copy: (from: string, to: string) => Command): readonly Command[] =>
    BUCKETS.slice(1, dataset.buckets).map((bucket) => copy(BUCKETS[0], bucket));
  const steps = (...all: (readonly Command[])[]): Plan => all.filter((commands) => commands.length > 0);
  return [
    {
      name: "spawn",
      // With the provider's own options.
      plan: ({ path, buckets }) => [
        [[process.execPath, "--max-semi-space-size=8", stage, path, ...BUCKETS.slice(0, buckets)]],
      ],
    },
    {
      name: "s5cmd",
      plan: (data) => {
        const [from, to] = data.isDirectory ? ["data/*", "data/"] : ["data", "data"];
        return steps(
          [[tools.s5cmd, "cp", data.isDirectory ? `${data.path}/` : data.path, `s3://${BUCKETS[0]}/${to}`]],
          copies(data, (source, bucket) => [
            tools.s5cmd,
            "cp",
            `s3://${source}/${from}`,
            `s3://${bucket}/${to}`,
          ]),
        );
      },
    },
    {
      name: "rclone",
      plan: (data) => {
        const copy = [
          ...[
            tools.rclone,
            data.isDirectory ? "copy" : "copyto",
            "--config",
            "/dev/null",
            "--transfers",
            "32",
          ],
          ...["--checkers", "32", "--s3-no-check-bucket"],
        ];
        const remote = ":s3,provider=Other,env_auth=true,region=us-east-1:";
        return steps(
          [[...copy, data.path, `${remote}${BUCKETS[0]}/data`]],
          copies(data, (source, bucket) => [...copy, `${remote}${source}/data`, `${remote}${bucket}/data`]),
        );
      },
    },
    {
      name: "aws s3 cp",
      plan: (data) => {
        const copy = [
          tools.aws,
          "s3",
          "cp",
          "--only-show-errors",
          ...(data.isDirectory ? ["--recursive"] : []),
        ];
        return steps(
          [[...copy, data.path, `s3://${BUCKETS[0]}/data`]],
          copies(data, (source, bucket) => [...copy, `s3://${source}/data`, `s3://${bucket}/data`]),
        );
      },
    },
  ];
}
