import { Args, Flags } from "@oclif/core";
import { parseDestination } from "../../../staging/destination.ts";
import { parseRegion } from "../../../staging/regions.ts";
import { BaseCommand } from "../../base-command.ts";
import { writeForPrograms } from "../../output.ts";
import { resolveId } from "../../services/entry/resolve-id.ts";
import { stageScript } from "../../services/entry/stage-script.ts";

export interface StageScriptResult {
  readonly staging_id: string;
  readonly script: string;
}

export default class StageScript extends BaseCommand {
  static override summary = "Print a shell script that downloads an entry and verifies it.";
  static override description =
    `Prints a script for jobs of other schedulers: AWS Batch, ParallelCluster, SkyPilot, Nextflow. The script needs sh, awk, coreutils and the AWS CLI (version 1 or 2); spawn and its tables are not needed where it runs. Its only permissions are s3:GetObject and s3:ListBucket; without s3:ListBucket, a directory is downloaded object by object, which takes longer.

The script reads from the bucket of the machine's own region, which it takes from SPAWN_REGION, AWS_REGION, AWS_DEFAULT_REGION or the instance metadata service. If the entry has no replica there, it warns, and reads from the primary region. It verifies the SHA-256 of every file while other files arrive, and restores permissions, links and empty folders. A file appears at its place only when it is verified. Files that are there and right are kept; files that are missing or differ are replaced. If it is interrupted, the next run continues with the files that are missing.

It prints the path of the data on stdout. Exit codes: 0 complete and verified, 1 another failure, 2 bad input, 3 SHA256 checksum mismatch, 4 403 Forbidden, 5 an object is missing, 6 the disk is full.`;
  static override examples = [
    {
      description: "Write the script, then run it on any machine",
      command: "<%= config.bin %> stage script stage-abc123def456 > stage.sh",
    },
    {
      description: "In a job: download to a folder of the job, and use the path",
      command: 'data=$(sh stage.sh ./reference) && ./analyze "$data"',
    },
    {
      description: "For a node whose disk is elsewhere, from a given region",
      command:
        "<%= config.bin %> stage script stage-abc123def456 --dest /scratch/reference --region us-west-2 > stage.sh",
    },
  ];

  static override args = {
    "staging-id": Args.string({
      required: true,
      description: "ID of the entry, such as stage-abc123def456, or its first digits, such as abc1.",
    }),
  };

  static override flags = {
    dest: Flags.string({
      summary: "Where the data go, an absolute path. The first argument of the script goes before it.",
      helpValue: "PATH",
      defaultHelp: async () => "the entry's destination",
    }),
    region: Flags.string({
      summary: "Region to read from, whatever region the machine is in. SPAWN_REGION goes before it.",
      helpValue: "REGION",
    }),
  };

  async run(): Promise<StageScriptResult | undefined> {
    const { args, flags } = await this.parse(StageScript);
    const destination = flags.dest === undefined ? undefined : parseDestination(flags.dest);
    const region = flags.region === undefined ? undefined : parseRegion(flags.region);
    const context = this.contextOf(flags);
    const id = await resolveId(context, args["staging-id"]);
    const script = await stageScript(context, id, { destination, region });
    if (this.jsonEnabled()) return { staging_id: id, script };
    await writeForPrograms(script);
    return undefined;
  }
}
