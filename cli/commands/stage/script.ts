import { Flags } from "@oclif/core";
import { parseDestination } from "../../../staging/destination.ts";
import { parseRegion } from "../../../staging/regions.ts";
import { BaseCommand } from "../../base-command.ts";
import { ifGiven, stagingIdArg } from "../../flags.ts";
import { writeForPrograms } from "../../output.ts";
import { resolveId } from "../../services/entry/resolve-id.ts";
import { stageScript } from "../../services/entry/stage-script.ts";

interface StageScriptResult {
  readonly staging_id: string;
  readonly script: string;
}

export default class StageScript extends BaseCommand {
  static override summary = "Print a shell script that downloads and verifies an entry.";
  static override description =
    `Prints a script for jobs of other schedulers: AWS Batch, ParallelCluster, SkyPilot, Nextflow. The script needs sh, awk, coreutils and the AWS CLI (version 1 or 2), but neither spawn nor its tables. It needs only the permissions s3:GetObject and s3:ListBucket; without s3:ListBucket, it downloads a directory object by object, which is slower.

The script reads from the bucket in the machine's region, which it takes from SPAWN_REGION, AWS_REGION, AWS_DEFAULT_REGION or the instance metadata service. If the entry has no replica there, it prints a warning and reads from the primary region. It verifies the SHA-256 of every file while it downloads others, and restores permissions, links and empty folders. A file appears at its path only after its verification. The script keeps correct files, and replaces missing and different ones. After an interruption, the next run downloads only the missing files.

It prints the path of the data on stdout. Exit codes: 0 complete and verified, 1 other failure, 2 bad input, 3 SHA256 checksum mismatch, 4 403 Forbidden, 5 missing object, 6 disk full.`;
  static override examples = [
    {
      description: "Write the script, then run it on any machine",
      command: "<%= config.bin %> stage script stage-abc123def456 > stage.sh",
    },
    {
      description: "In a job: download to the job's folder, and use the path",
      command: 'data=$(sh stage.sh ./reference) && ./analyze "$data"',
    },
    {
      description: "Download to another path, from a given region",
      command:
        "<%= config.bin %> stage script stage-abc123def456 --dest /scratch/reference --region us-west-2 > stage.sh",
    },
  ];

  static override args = { "staging-id": stagingIdArg };

  static override flags = {
    dest: Flags.string({
      summary: "Destination, an absolute path. The script's first argument overrides it.",
      helpValue: "PATH",
      defaultHelp: async () => "the entry's destination",
    }),
    region: Flags.string({
      summary: "Source region, in place of the machine's region. SPAWN_REGION overrides it.",
      helpValue: "REGION",
    }),
  };

  async run(): Promise<StageScriptResult | undefined> {
    const { args, flags } = await this.parse(StageScript);
    const destination = ifGiven(flags.dest, parseDestination);
    const region = ifGiven(flags.region, parseRegion);
    const context = this.contextOf(flags);
    const id = await resolveId(context, args["staging-id"]);
    const script = await stageScript(context, id, { destination, region });
    if (this.jsonEnabled()) return { staging_id: id, script };
    await writeForPrograms(script);
    return undefined;
  }
}
