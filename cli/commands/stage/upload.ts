import { Args, Flags } from "@oclif/core";
import { parseAccountList } from "../../../staging/accounts.ts";
import { parseBandwidthLimit } from "../../../staging/bandwidth.ts";
import { defaultDestination, parseDestination } from "../../../staging/destination.ts";
import {
  type EntrySpec,
  entryStackName,
  parseReplicationMethod,
  parseSweepId,
} from "../../../staging/entry.ts";
import { bucketOf } from "../../../staging/environment.ts";
import { parseExcludePattern } from "../../../staging/exclude-pattern.ts";
import { parseFilename } from "../../../staging/filename.ts";
import { newStagingId } from "../../../staging/ids.ts";
import { parseRegionList } from "../../../staging/regions.ts";
import { DEFAULT_TIMEOUT_SECONDS, parseTimeoutSeconds } from "../../../staging/timeout.ts";
import { parseTtlDays } from "../../../staging/ttl.ts";
import { BaseCommand } from "../../base-command.ts";
import type { Context } from "../../context.ts";
import { configured } from "../../flags.ts";
import { renderUploadPlan } from "../../render/summary.ts";
import {
  reportStaged,
  type StagedSummary,
  stagedFact,
  stagedMetadata,
  summaryOf,
} from "../../report-staged.ts";
import { findSameUpload } from "../../services/incomplete.ts";
import type { StagingMetadata } from "../../services/metadata.ts";
import { refuseOverlapIn } from "../../services/overlap.ts";
import { resumeUpload } from "../../services/resume.ts";
import { inspectSource } from "../../services/source.ts";
import { refuseStandardInput } from "../../services/stream-source.ts";
import { endUpload } from "../../services/unfinished.ts";
import { upload } from "../../services/upload.ts";
import { watchUpdate } from "../../watch-update.ts";

export default class StageUpload extends BaseCommand {
  static override summary =
    "Upload a file or a directory, or copy one from S3, and replicate it to every region.";
  static override description =
    `Uploads the data to the first of the regions, replicates them to the others, verifies every byte in every region, and only then records the entry. It expires by itself.

Of a directory every file is staged, hidden ones too, with its permissions; symbolic links are kept as links, empty folders as folders. A link that leaves the directory (without --follow-links), a pipe, a socket, a device, and a file whose content does not match its size are refused before anything is created.

What is on S3 is copied from bucket to bucket: an object (s3://bucket/key), or all that is below a prefix (s3://bucket/prefix/, with a slash at its end). Only where S3 has no SHA-256 of an object is it read once, for that. Copies keep Content-Type, Content-Encoding, Cache-Control, Content-Disposition, Content-Language, Expires and user metadata. They do not keep ACLs, tags, the storage class, website redirects and encryption settings.

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
      description: "Stage a directory without what need not be there",
      command: "<%= config.bin %> stage upload data/ --dest /opt/app/data --exclude .git/ --exclude '*.tmp'",
    },
    {
      description: "Stage what is on S3 already",
      command: "<%= config.bin %> stage upload s3://example-sources/grch38/",
    },
    {
      description: "Stage from a bucket whose requester pays",
      command: "<%= config.bin %> stage upload s3://example-sources/grch38/ --request-payer",
    },
    {
      description: "Leave room on the network for others",
      command: "<%= config.bin %> stage upload dataset.tar.gz --bandwidth-limit 50MB/s",
    },
    {
      description: "Let two other AWS accounts read it",
      command: "<%= config.bin %> stage upload dataset.tar.gz --allow-accounts 123456789012,987654321098",
    },
    {
      description: "Store it under another name",
      command: "<%= config.bin %> stage upload build/out.bin --name model-v3.bin",
    },
    {
      description: "Over a connection that comes and goes: wait for up to an hour, and send small parts",
      command: "<%= config.bin %> stage upload large-file.tar.gz --timeout 3600 --multipart",
    },
    {
      description: "Use the ID in a script",
      command: "genome_id=$(<%= config.bin %> stage upload reference.fasta --dest /data/reference.fasta)",
    },
  ];

  static override args = {
    "local-path": Args.string({
      required: true,
      description: "File or directory to stage, or an s3:// URL.",
      // Else a missing path would be read from a pipe, data and all.
      ignoreStdin: true,
    }),
  };

  static override flags = {
    regions: Flags.string({
      summary: "Regions that get the data, separated by commas; the first is the primary region.",
      ...configured("staging.regions"),
      helpValue: "REGIONS",
    }),
    dest: Flags.string({
      summary: "Absolute path at which instances find the data. Default: /mnt/data/<filename>.",
      helpValue: "PATH",
    }),
    exclude: Flags.string({
      summary: "Leave out of a directory what matches. Can be given several times.",
      description:
        "In the syntax of .gitignore, relative to the directory: '*.tmp' at any depth, 'build/' a folder with all that is in it, '/notes.txt' or './notes.txt' only at the top, '!keep.tmp' after another pattern to keep what that one leaves out, but not below a folder that it leaves out. An absolute path below the directory is read as relative to it. Upper and lower case count. A pattern that matches nothing is named in a warning.",
      multiple: true,
      multipleNonGreedy: true,
      helpValue: "PATTERN",
    }),
    "follow-links": Flags.boolean({
      default: false,
      summary: "Stage what the links of a directory lead to in their place, each link's content once.",
      description:
        "Also of links that leave the directory. A link that leads to nothing, or in a circle, is refused. Without it, links inside the directory stay links.",
    }),
    name: Flags.string({
      summary: "Name under which the data are stored. Default: the last part of the path.",
      description: "Also the last part of the default destination. A name, without a path.",
      helpValue: "NAME",
    }),
    "no-sha256": Flags.boolean({
      default: false,
      summary: "Do without the SHA-256 of a source on S3, which has to be read for it.",
      description:
        "The copies are compared by S3's checksums, ETags and sizes all the same. Instances then have no SHA-256 to check, and stage info says that it was not computed.",
    }),
    "sweep-id": Flags.string({ summary: "Sweep that the data belong to.", helpValue: "ID" }),
    ttl: Flags.string({
      summary: "Days from the upload until the data are deleted, 1 to 90.",
      ...configured("staging.ttl"),
      helpValue: "DAYS",
    }),
    "allow-accounts": Flags.string({
      summary: "AWS accounts that may read the data, too, separated by commas.",
      description:
        "They read by an S3 access point in each region, which stage info shows: nothing but this entry, once it is verified, until it is deleted. IAM policies of their own say which of their users may.",
      helpValue: "ACCOUNTS",
    }),
    multipart: Flags.boolean({
      default: false,
      summary: "Send in parts whatever the size.",
      description:
        "Files of more than 16 MiB always go in parts; with this, smaller ones go in parts of 5 MiB, too, of which only the missing ones are sent again. It does nothing for what is on S3 already, which is copied.",
    }),
    timeout: Flags.string({
      summary: `Seconds for which S3 may answer nothing and no byte may move. Default: ${DEFAULT_TIMEOUT_SECONDS}.`,
      description:
        "Of each request, with its retries on other connections. An upload takes as long as it takes while bytes move.",
      helpValue: "SECONDS",
    }),
    "bandwidth-limit": Flags.string({
      summary: "Bytes a second that this machine sends at most. Default: no limit.",
      description:
        "A number with a unit: 50MB/s, 500KiB/s or 200Mbit/s. KB, MB and GB are powers of 1,024, bits powers of 1,000. All connections share it. It also limits what is read of a source on S3 for its SHA-256. Copies that S3 makes from bucket to bucket send nothing from here, and have no limit.",
      helpValue: "RATE",
    }),
    "request-payer": Flags.boolean({
      default: false,
      summary: "Pay for reading a source on S3 whose bucket has the requester pay.",
      description:
        "AWS charges your account for the requests to the source and for the transfer out of its region.",
    }),
    replication: Flags.string({
      summary: "How replicas are made: by S3's replication rule, or copied by the client's request.",
      description:
        "rule lets S3 replicate in the background of the upload and falls back to a copy where it does not; copy asks S3 for parallel server-side copies, which is quicker.",
      ...configured("staging.replication"),
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
    const exclude = (flags.exclude ?? []).map(parseExcludePattern);
    const name = flags.name === undefined ? undefined : parseFilename(flags.name);
    const timeoutSeconds = flags.timeout === undefined ? undefined : parseTimeoutSeconds(flags.timeout);
    const limit = flags["bandwidth-limit"];
    const bandwidthLimit = limit === undefined ? undefined : parseBandwidthLimit(limit);
    const requestPayer = flags["request-payer"];
    const accounts = flags["allow-accounts"];
    const allowAccounts = accounts === undefined ? [] : parseAccountList(accounts);
    const context = this.contextOf(flags);
    const noSha256 = flags["no-sha256"];
    refuseStandardInput(args["local-path"]);
    const followLinks = flags["follow-links"];
    const id = newStagingId();
    await refuseOverlapIn(context, { source: args["local-path"], exclude, id });
    const options = { exclude, followLinks, noSha256, requestPayer, name };
    const inspected = await inspectSource(context, args["local-path"], options);
    for (const warning of inspected.warnings) this.warn(warning);
    const source = { ...inspected, filename: name ?? inspected.filename };
    const settings = await context.settings();
    for (const region of regions) bucketOf(settings, region);

    const spec: EntrySpec = {
      id,
      source: source.path,
      ...(name === undefined ? {} : { filename: name }),
      ...(flags.multipart ? { multipart: true } : {}),
      ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
      ...(requestPayer ? { requestPayer } : {}),
      ...(bandwidthLimit === undefined ? {} : { bandwidthLimit }),
      exclude,
      ...(followLinks ? { followLinks } : {}),
      noSha256,
      regions,
      destination: destination ?? defaultDestination(source.filename),
      ttl,
      sweepId,
      replication,
      allowAccounts,
      declaredAs: undefined,
    };
    this.note(renderUploadPlan({ ...source, regions, destination: spec.destination, requestPayer }));
    const interrupted = await findSameUpload(context, spec, source);
    const whole = interrupted?.record;
    if (whole !== undefined && sameSet(whole.allowAccounts, allowAccounts)) {
      this.note(`${whole.stagingId} is whole: the upload ended before it could tell its ID\n`);
      return await this.#tell(context, summaryOf(whole), entryStackName(settings.name, whole.stagingId));
    }
    if (interrupted !== undefined && whole === undefined) {
      this.note(`Resuming ${interrupted.settings.spec.id}, which was interrupted\n`);
    }
    const watching = {
      ...{ quiet: this.jsonEnabled(), verbose: flags.verbose, told: source.warnings },
      onQuietWarning: (text: string) => this.warn(text),
    };
    const details = await watchUpdate(watching, (options) =>
      interrupted === undefined
        ? upload(context, spec, source, options)
        : resumeUpload(context, interrupted, options),
    );
    return await this.#tell(context, details, details.stack);
  }

  /** Tells of an entry that is whole, and forgets the upload once that is told. */
  async #tell(context: Context, staged: StagedSummary, stack: string): Promise<StagingMetadata | undefined> {
    this.whenTold(stagedFact(staged.id), () => endUpload(stack));
    if (this.jsonEnabled()) return await stagedMetadata(context, staged);
    await reportStaged(staged, (line) => this.note(line));
    return undefined;
  }
}

/** Whether two lists hold the same, in whatever order. */
const sameSet = (some: readonly string[], others: readonly string[]): boolean =>
  some.length === others.length && some.every((one) => others.includes(one));
