import { Flags } from "@oclif/core";
import { parseBandwidthLimit } from "../../../staging/bandwidth.ts";
import { storedName } from "../../../staging/entry.ts";
import { parseTimeoutSeconds } from "../../../staging/timeout.ts";
import { BaseCommand } from "../../base-command.ts";
import { ifGiven, stagingIdArg } from "../../flags.ts";
import { uploadPlanLines } from "../../render/summary.ts";
import { reportStaged, stagedFact, stagedMetadata, summaryOfDetails } from "../../report-staged.ts";
import { updateKnownIds } from "../../services/completion/known-ids.ts";
import type { StagingMetadata } from "../../services/entry/metadata.ts";
import { resolveId } from "../../services/entry/resolve-id.ts";
import { findResumable, resumeUpload } from "../../services/entry/upload/resume.ts";
import { rememberUploaded } from "../../services/entry/upload/same-upload.ts";
import { endUpload, readUnfinished } from "../../services/entry/upload/unfinished.ts";
import { watchUpdate } from "../../watch-update.ts";

export default class StageResume extends BaseCommand {
  static override summary = "Resume an interrupted upload.";
  static override description =
    "Uploads only the missing data, with the same ID and the options of the first attempt. If the source has changed since, the command also uploads the changes, so the entry matches the current source. Running the same upload command again has the same effect.";
  static override examples = [
    { description: "Resume an upload", command: "<%= config.bin %> stage resume stage-abc123def456" },
    {
      description: "Resume an upload that timed out, with a longer timeout",
      command: "<%= config.bin %> stage resume stage-abc123def456 --timeout 3600",
    },
    { description: "List interrupted uploads", command: "<%= config.bin %> stage list --incomplete" },
  ];

  static override args = { "staging-id": stagingIdArg };

  static override flags = {
    "bandwidth-limit": Flags.string({
      summary: "Maximum bandwidth of this machine, such as 50MB/s. Default: the limit of the first attempt.",
      helpValue: "RATE",
    }),
    timeout: Flags.string({
      summary:
        "Fail after this many seconds without data from S3. Default: the timeout of the first attempt.",
      helpValue: "SECONDS",
    }),
  };

  async run(): Promise<StagingMetadata | undefined> {
    const { args, flags } = await this.parse(StageResume);
    const timeoutSeconds = ifGiven(flags.timeout, parseTimeoutSeconds);
    const bandwidthLimit = ifGiven(flags["bandwidth-limit"], parseBandwidthLimit);
    const context = this.contextOf(flags);
    const id = await resolveId(context, args["staging-id"]);
    const found = await findResumable(context, id);
    const { settings } = found;
    const spec = {
      ...settings.spec,
      ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
      ...(bandwidthLimit === undefined ? {} : { bandwidthLimit }),
    };
    const entry = { ...found, settings: { ...settings, spec } };
    this.note(`Resuming ${id}`, "");
    this.note(
      ...uploadPlanLines({
        filename: storedName(spec),
        sizeBytes: entry.unfinished.sizeBytes,
        regions: spec.regions,
        destination: spec.destination,
        requestPayer: spec.requestPayer,
      }),
    );
    const details = await watchUpdate(this.watching(flags), (options) =>
      resumeUpload(context, entry, options),
    );
    this.afterOutput(stagedFact(id), async () => {
      // The current properties of a changed source.
      const unfinished = (await readUnfinished(entry.stack)) ?? entry.unfinished;
      await rememberUploaded(context.environmentName, id, spec, { ...unfinished, version: unfinished });
      await endUpload(entry.stack);
      await updateKnownIds(context, "entries", { add: [[id, storedName(spec)]] });
    });
    if (this.jsonEnabled()) return await stagedMetadata(context, id);
    await reportStaged(summaryOfDetails(details), context.environmentName, (...lines) => this.note(...lines));
    return undefined;
  }
}
