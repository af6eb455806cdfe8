import { Args } from "@oclif/core";
import { parseAccountList } from "../../../staging/accounts.ts";
import { parseBandwidthLimit } from "../../../staging/bandwidth.ts";
import { defaultDestination, parseDestination } from "../../../staging/destination.ts";
import {
  type EntrySpec,
  entryStackName,
  parseReplicationMethod,
  parseSweepId,
  storedName,
} from "../../../staging/entry.ts";
import { bucketOf } from "../../../staging/environment.ts";
import { parseExcludePattern } from "../../../staging/exclude-pattern.ts";
import { parseFilename } from "../../../staging/filename.ts";
import { newStagingId } from "../../../staging/ids.ts";
import type { StagingRecord } from "../../../staging/record.ts";
import { parseRegionList } from "../../../staging/regions.ts";
import { parseTimeoutSeconds } from "../../../staging/timeout.ts";
import { parseTtlDays } from "../../../staging/ttl.ts";
import { BaseCommand } from "../../base-command.ts";
import type { Context } from "../../context.ts";
import { ifGiven } from "../../flags.ts";
import { uploadPlanLines } from "../../render/summary.ts";
import {
  reportStaged,
  type StagedSummary,
  stagedFact,
  stagedMetadata,
  summaryOf,
  summaryOfDetails,
} from "../../report-staged.ts";
import { updateKnownIds } from "../../services/completion/known-ids.ts";
import { findSameUpload } from "../../services/entry/listing/incomplete.ts";
import type { StagingMetadata } from "../../services/entry/metadata.ts";
import { continuationOf } from "../../services/entry/upload/continuation.ts";
import { refuseOverlapIn } from "../../services/entry/upload/overlap.ts";
import { resumeUpload } from "../../services/entry/upload/resume.ts";
import { findReusable } from "../../services/entry/upload/reuse.ts";
import {
  earlierUploadNote,
  findUploaded,
  rememberUploaded,
} from "../../services/entry/upload/same-upload.ts";
import { type InspectedSource, inspectSource } from "../../services/entry/upload/source.ts";
import { refuseStandardInput } from "../../services/entry/upload/stream-source.ts";
import { endUpload } from "../../services/entry/upload/unfinished.ts";
import { upload as startUpload } from "../../services/entry/upload/upload.ts";
import { interruptible } from "../../signals.ts";
import { uploadFlags } from "../../upload-flags.ts";
import { watchUpdate } from "../../watch-update.ts";

/** The entry; with `--reuse`, `reused` says whether it existed before. */
interface UploadResult extends StagingMetadata {
  readonly reused?: boolean;
}

export default class StageUpload extends BaseCommand {
  static override summary =
    "Upload a file or directory, or copy an S3 source, and replicate it to every region.";
  static override description =
    `Uploads the data to the first of the regions, replicates them to the others, verifies every byte in every region, and then records the entry. The entry expires after its TTL.

A directory is staged with all its files, including hidden ones, their permissions, symbolic links as links, and empty folders. The command refuses a link out of the directory (without --follow-links), a pipe, a socket, a device, and a file whose content does not match its size, before it creates anything.

An S3 source is copied from bucket to bucket: an object (s3://bucket/key), or all objects below a prefix (s3://bucket/prefix/, with a slash at its end). If S3 has no SHA-256 of an object, the command reads the object once to compute it. Copies keep Content-Type, Content-Encoding, Cache-Control, Content-Disposition, Content-Language, Expires and user metadata. They do not keep ACLs, tags, the storage class, website redirects and encryption settings.

After an interruption, the same command resumes the upload with its ID. After a complete upload, the same command creates a second entry with its own costs, and prints a note with the ID of the first. With --reuse, it returns the first entry instead.

In a terminal the command prints a summary. Otherwise stdout has only the staging ID, for id=$(spawn stage upload …), and everything else goes to stderr.`;
  static override examples = [
    {
      description: "Stage a dataset in the default regions",
      command: "<%= config.bin %> stage upload dataset.tar.gz",
    },
    {
      description: "Choose the regions and the path on instances",
      command:
        "<%= config.bin %> stage upload model-weights.pt --regions us-east-1,us-west-2,eu-west-1 --dest /opt/model/weights.pt",
    },
    {
      description: "Keep the data for 14 days, for one sweep",
      command: "<%= config.bin %> stage upload input.dat --sweep-id sweep-xyz789 --ttl 14",
    },
    {
      description: "Stage a directory without some of its files",
      command: "<%= config.bin %> stage upload data/ --dest /opt/app/data --exclude .git/ --exclude '*.tmp'",
    },
    {
      description: "Stage data that are already in S3",
      command: "<%= config.bin %> stage upload s3://example-sources/grch38/",
    },
    {
      description: "Stage from a Requester Pays bucket",
      command: "<%= config.bin %> stage upload s3://example-sources/grch38/ --request-payer",
    },
    {
      description: "Limit the bandwidth",
      command: "<%= config.bin %> stage upload dataset.tar.gz --bandwidth-limit 50MB/s",
    },
    {
      description: "Share it with two other AWS accounts",
      command: "<%= config.bin %> stage upload dataset.tar.gz --allow-accounts 123456789012,987654321098",
    },
    {
      description: "Store it under another name",
      command: "<%= config.bin %> stage upload build/out.bin --name model-v3.bin",
    },
    {
      description: "On an unreliable connection: a timeout of an hour, and small parts",
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
    }),
  };

  static override flags = uploadFlags;

  async run(): Promise<UploadResult | undefined> {
    const { args, flags } = await this.parse(StageUpload);
    const regions = parseRegionList(flags.regions);
    const ttl = parseTtlDays(flags.ttl);
    const destination = ifGiven(flags.dest, parseDestination);
    const sweepId = ifGiven(flags["sweep-id"], parseSweepId);
    const replication = parseReplicationMethod(flags.replication);
    const exclude = (flags.exclude ?? []).map(parseExcludePattern);
    const name = ifGiven(flags.name, parseFilename);
    const timeoutSeconds = ifGiven(flags.timeout, parseTimeoutSeconds);
    const bandwidthLimit = ifGiven(flags["bandwidth-limit"], parseBandwidthLimit);
    const requestPayer = flags["request-payer"];
    const allowAccounts = ifGiven(flags["allow-accounts"], parseAccountList) ?? [];
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
    this.note(...uploadPlanLines({ ...source, regions, destination: spec.destination, requestPayer }));
    const upload: Upload = { context, spec, source };
    const reused = flags.reuse ? await this.#reuse(upload) : undefined;
    if (reused !== undefined) return await this.#report(upload, summaryOf(reused), true);
    const continuation = await continuationOf(context, await findSameUpload(context, spec, source));
    if (continuation.kind === "complete") {
      const { record } = continuation;
      this.note(`${record.stagingId} is complete: the upload finished, but its ID was not written`, "");
      return await this.#report(upload, summaryOf(record));
    }
    const resumed = continuation.kind === "resume" ? continuation.earlier : undefined;
    if (continuation.kind === "new" && continuation.why !== undefined) this.note(continuation.why, "");
    if (resumed !== undefined) this.note(`Resuming ${resumed.settings.spec.id}, which was interrupted`, "");
    else if (!flags.reuse) await this.#warnOfDuplicate(upload);
    const watching = { ...this.watching(flags), shown: source.warnings };
    const details = await watchUpdate(watching, (options) =>
      resumed === undefined
        ? startUpload(context, spec, source, options)
        : resumeUpload(context, resumed, options),
    );
    return await this.#report(upload, summaryOfDetails(details), flags.reuse ? false : undefined);
  }

  /** The entry to reuse in place of an upload. A note names it, or the reason why there is none. */
  async #reuse({ context, spec, source }: Upload): Promise<StagingRecord | undefined> {
    const found = await interruptible((signal) => findReusable(context, spec, source, signal));
    if ("record" in found) {
      this.note(
        `${found.record.stagingId} has the same data, complete in every region: nothing to upload`,
        "",
      );
      return found.record;
    }
    this.#hint(`No entry can be reused: ${found.why}. Uploading the data.`);
    return undefined;
  }

  /** Warns if the data are already staged, because a second upload costs as much as the first. */
  async #warnOfDuplicate({ context, spec, source }: Upload): Promise<void> {
    const [twin] = await findUploaded(context, spec, source);
    if (twin === undefined) return;
    this.#hint(earlierUploadNote(twin));
  }

  /** A note for users, which programs find among the warnings. */
  #hint(text: string): void {
    if (this.jsonEnabled()) this.warn(text);
    else this.note(text, "");
  }

  /** Reports a complete entry, and deletes the upload's record after the report is written. */
  async #report(
    { context, spec, source }: Upload,
    staged: StagedSummary,
    reused?: boolean,
  ): Promise<UploadResult | undefined> {
    const id = staged.stagingId;
    this.afterOutput(stagedFact(id), async () => {
      await rememberUploaded(context.environmentName, id, spec, source);
      await updateKnownIds(context, "entries", { add: [[id, storedName(spec)]] });
      if (reused !== true) await endUpload(entryStackName(context.environmentName, id));
    });
    if (this.jsonEnabled()) {
      return { ...(await stagedMetadata(context, id)), ...(reused === undefined ? {} : { reused }) };
    }
    await reportStaged(staged, context.environmentName, (...lines) => this.note(...lines));
    return undefined;
  }
}

/** The source and the destination of an upload. */
interface Upload {
  readonly context: Context;
  readonly spec: EntrySpec;
  readonly source: InspectedSource;
}
