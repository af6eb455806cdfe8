import { Args, Flags } from "@oclif/core";
import { defaultDestination, parseDestination } from "../../../staging/destination.ts";
import { type EntrySpec, parseReplicationMethod, parseSweepId } from "../../../staging/entry.ts";
import { bucketOf } from "../../../staging/environment.ts";
import { newStagingId } from "../../../staging/ids.ts";
import { parseRegionList } from "../../../staging/regions.ts";
import { DEFAULT_TTL_DAYS, parseTtlDays } from "../../../staging/ttl.ts";
import { BaseCommand } from "../../base-command.ts";
import { renderUploadPlan } from "../../render/summary.ts";
import { reportStaged, stagedMetadata } from "../../report-staged.ts";
import { findSameUpload } from "../../services/incomplete.ts";
import type { StagingMetadata } from "../../services/metadata.ts";
import { resumeUpload } from "../../services/resume.ts";
import { inspectSource } from "../../services/source.ts";
import { upload } from "../../services/upload.ts";
import { watchUpdate } from "../../watch-update.ts";

export default class StageUpload extends BaseCommand {
  static override summary = "Upload a file and replicate it to every region.";
  static override description =
    `Uploads the file to the first of the regions, replicates it to the others, verifies every byte in every region, and only then records the entry. It expires by itself.

The same upload again, after one that was interrupted, goes on with that one under its ID.

At a terminal the summary is printed. Elsewhere stdout is the staging ID alone, for id=$(spawn stage upload …), and everything else goes to stderr.`;
  static override examples = [
    {
      description: "Stage a dataset in the default regions",
      command: "<%= config.bin %> stage upload dataset.tar.gz",
    },
    {
      description: "Choose the regions and where instances find it",
      command:
        "<%= config.bin %> stage upload model-weights.pt --regions us-east-1,us-west-2,eu-west-1 --dest /opt/model/weights.pt",
    },
    {
      description: "Keep it for 14 days, for one sweep",
      command: "<%= config.bin %> stage upload input.dat --sweep-id sweep-xyz789 --ttl 14",
    },
    {
      description: "Use the ID in a script",
      command: "genome_id=$(<%= config.bin %> stage upload reference.fasta --dest /data/reference.fasta)",
    },
  ];

  static override args = {
    "local-path": Args.string({ required: true, description: "File to stage." }),
  };

  static override flags = {
    regions: Flags.string({
      summary: "Regions that get the data, separated by commas; the first is the primary region.",
      default: "us-east-1,us-west-2",
      helpValue: "REGIONS",
    }),
    dest: Flags.string({
      summary: "Absolute path at which instances find the data. Default: /mnt/data/<filename>.",
      helpValue: "PATH",
    }),
    "sweep-id": Flags.string({ summary: "Sweep that the data belong to.", helpValue: "ID" }),
    ttl: Flags.string({
      summary: "Days from the upload until the data are deleted, 1 to 90.",
      default: String(DEFAULT_TTL_DAYS),
      helpValue: "DAYS",
    }),
    replication: Flags.string({
      summary: "How replicas are made: by S3's replication rule, or copied by the client's request.",
      description:
        "rule lets S3 replicate in the background of the upload and falls back to a copy where it does not; copy asks S3 for parallel server-side copies, which is quicker.",
      default: "rule",
      helpValue: "rule|copy",
    }),
  };

  async run(): Promise<StagingMetadata | undefined> {
    const { args, flags } = await this.parse(StageUpload);
    const regions = parseRegionList(flags.regions);
    const ttl = parseTtlDays(flags.ttl);
    const destination = flags.dest === undefined ? undefined : parseDestination(flags.dest);
    const sweepId = flags["sweep-id"] === undefined ? undefined : parseSweepId(flags["sweep-id"]);
    const replication = parseReplicationMethod(flags.replication);
    const source = await inspectSource(args["local-path"]);
    const context = this.contextOf(flags);
    const settings = await context.settings();
    for (const region of regions) bucketOf(settings, region);

    const spec: EntrySpec = {
      id: newStagingId(),
      source: source.path,
      regions,
      destination: destination ?? defaultDestination(source.filename),
      ttl,
      sweepId,
      replication,
      declaredAs: undefined,
    };
    this.note(renderUploadPlan({ ...source, regions, destination: spec.destination }));
    const interrupted = await findSameUpload(context, spec);
    if (interrupted !== undefined) {
      this.note(`Resuming ${interrupted.settings.spec.id}, which was interrupted\n`);
    }
    const details = await watchUpdate({ quiet: this.jsonEnabled(), verbose: flags.verbose }, (options) =>
      interrupted === undefined
        ? upload(context, spec, source, options)
        : resumeUpload(context, interrupted, options),
    );
    if (this.jsonEnabled()) return await stagedMetadata(context, details);
    await reportStaged(details, (line) => this.note(line));
    return undefined;
  }
}
