import { Args, Flags } from "@oclif/core";
import { parseRegion } from "../../../staging/regions.ts";
import { formatBytes, formatInteger } from "../../../staging/units.ts";
import { BaseCommand } from "../../base-command.ts";
import { ifGiven, stagingIdArg } from "../../flags.ts";
import { writeForPrograms } from "../../output.ts";
import { type DownloadResult, downloadEntry, regionOfShell } from "../../services/entry/download.ts";
import { resolveId } from "../../services/entry/resolve-id.ts";
import { watchUpdate } from "../../watch-update.ts";

export default class StageDownload extends BaseCommand {
  static override summary = "Download an entry to this machine and verify it.";
  static override description =
    `Downloads the data from one region with ranged requests in parallel, verifies the SHA-256 of each file during the download, and restores permissions, symbolic links and empty folders. Each file has a temporary name in its own folder until it is verified. The default region is that of AWS_REGION or AWS_DEFAULT_REGION if it has a replica, otherwise the primary region. AWS charges for data that leave a region.

A directory is downloaded into PATH, which need not exist; other files in PATH stay. A single file is downloaded to PATH, or into PATH if it is a directory. Correct files are kept. If an existing file differs, nothing changes unless you give --force. The command writes nothing outside of PATH, and follows no symbolic link below PATH.

To resume an interrupted download, run the same command again: complete files and the beginning of large files are not downloaded again.

stdout has only the path. A download increments the entry's download count, but does not count as an instance.`;
  static override examples = [
    {
      description: "Download an entry into the working directory, under its own name",
      command: "<%= config.bin %> stage download stage-abc123def456",
    },
    {
      description: "Download a directory to another place, from a region nearby",
      command: "<%= config.bin %> stage download stage-abc123def456 /scratch/reference --region eu-west-1",
    },
    {
      description: "Replace files that differ from the staged data",
      command: "<%= config.bin %> stage download stage-abc123def456 reference --force",
    },
  ];

  static override args = {
    "staging-id": stagingIdArg,
    path: Args.string({
      description: "Destination. Default: the entry's own name in the working directory.",
    }),
  };

  static override flags = {
    region: Flags.string({
      summary: "Source region.",
      helpValue: "REGION",
      defaultHelp: async () => "AWS_REGION, else the primary region",
    }),
    force: Flags.boolean({
      summary: "Replace existing files that differ from the staged data.",
      default: false,
    }),
  };

  async run(): Promise<ReturnType<typeof toJson> | undefined> {
    const { args, flags } = await this.parse(StageDownload);
    const region = ifGiven(flags.region, parseRegion);
    const machineRegion = regionOfShell();
    const context = this.contextOf(flags);
    const id = await resolveId(context, args["staging-id"]);
    const result = await watchUpdate(this.watching(flags), (options) =>
      downloadEntry(context, { id, path: args.path, region, machineRegion, force: flags.force }, options),
    );
    if (result.unverifiedFiles > 0) {
      this.warn(
        `${formatInteger(result.unverifiedFiles)} files were staged without SHA-256. Only their sizes were verified.`,
      );
    }
    if (this.jsonEnabled()) return toJson(result);
    this.note(describe(result));
    await writeForPrograms(`${result.path}\n`);
    return undefined;
  }
}

const toJson = (result: DownloadResult) => ({
  staging_id: result.record.stagingId,
  region: result.region,
  path: result.path,
  files: result.files,
  bytes: result.bytes,
  downloaded_files: result.downloadedFiles,
  downloaded_bytes: result.downloadedBytes,
  replaced_files: result.replacedFiles,
  /** Files without a recorded SHA-256. */
  unverified_files: result.unverifiedFiles,
});

function describe({ files, bytes, downloadedFiles, downloadedBytes, region }: DownloadResult): string {
  const all = `${formatInteger(files)} ${files === 1 ? "file" : "files"}, ${formatBytes(bytes)}`;
  if (downloadedFiles === 0) return `Complete and verified: ${all}. Nothing was missing.`;
  return `Complete and verified: ${all}. Downloaded ${formatBytes(downloadedBytes)} from ${region}.`;
}
