import { Flags } from "@oclif/core";
import { bucketOf } from "../../../staging/environment.ts";
import { InputError } from "../../../staging/errors.ts";
import type { SweepId } from "../../../staging/sweep/id.ts";
import { LOG_TTL_DAYS } from "../../../staging/sweep/names.ts";
import { MAX_INDICES } from "../../../staging/sweep/row-checks.ts";
import { BaseCommand } from "../../base-command.ts";
import { sweepIdArg } from "../../flags.ts";
import { writeLog } from "../../output.ts";
import { pause } from "../../services/common/pause.ts";
import { findMeta } from "../../services/sweep/items.ts";
import { type LogStore, logsInBuckets, selectLogs } from "../../services/sweep/log-objects.ts";
import { followLogs, writeLogs } from "../../services/sweep/logs.ts";
import { hasEnded } from "../../services/sweep/progress.ts";
import { resolveSweepId } from "../../services/sweep/resolve-id.ts";
import { type SweepTable, sweepTable } from "../../services/sweep/tables.ts";
import { noSweep, readSweepProgress } from "../../services/sweep/watch.ts";
import { interruptible } from "../../signals.ts";

/** A log in the list of `--json`. */
interface LogJson {
  readonly index: number;
  readonly attempt: number;
  readonly region: string;
  readonly url: string;
  readonly size_bytes: number;
}

export default class SweepLogs extends BaseCommand {
  static override summary = "Show the logs of a sweep.";
  static override description =
    `Reads the logs from the bucket of each region. Each line begins with its index, such as [7], unless one --index is given. Workers write their logs every ten seconds. Logs expire ${LOG_TTL_DAYS} days after they were written, and can be read until then even if the sweep is deleted.

Without --follow the command prints the logs index by index; with --follow, it prints lines as they appear. With --json the result is a list of the logs, without their text.`;
  static override examples = [
    { description: "Show all logs", command: "<%= config.bin %> sweep logs sweep-abc123def456" },
    {
      description: "Follow a sweep until it ends",
      command: "<%= config.bin %> sweep logs sweep-abc123def456 --follow",
    },
    {
      description: "Save the log of the first attempt of index 7",
      command: "<%= config.bin %> sweep logs sweep-abc123def456 --index 7 --attempt 1 > 7.log",
    },
  ];

  static override args = { "sweep-id": sweepIdArg };

  static override flags = {
    follow: Flags.boolean({
      char: "f",
      default: false,
      summary: "Follow the logs until the sweep has ended. Ctrl-C stops following; the sweep continues.",
    }),
    index: Flags.integer({
      multiple: true,
      min: 0,
      max: MAX_INDICES - 1,
      summary: "Show only the log of this index. Repeatable.",
      helpValue: "N",
    }),
    attempt: Flags.integer({
      min: 1,
      summary: "The log of this attempt. Default: the last one of each index.",
      helpValue: "K",
    }),
  };

  async run(): Promise<LogJson[] | undefined> {
    const { args, flags } = await this.parse(SweepLogs);
    const context = this.contextOf(flags);
    const id = await resolveSweepId(context, args["sweep-id"]);
    const indices = [...new Set(flags.index ?? [])];
    const table = await sweepTable(context);
    const [meta, settings] = await Promise.all([findMeta(table, id), context.settings()]);
    const last = (meta?.count ?? MAX_INDICES) - 1;
    const beyond = indices.find((index) => index > last);
    if (beyond !== undefined)
      throw new InputError(`${id} has no index ${beyond}`, { why: `Its indices are 0 to ${last}.` });
    // The logs of a deleted sweep may be in any bucket of the environment.
    const store = logsInBuckets(context, id, meta?.regions ?? settings.regions, indices);
    if (this.jsonEnabled()) {
      const logs = selectLogs(await store.list(), flags.attempt);
      if (logs.length === 0 && meta === undefined) throw noSweep(context.environmentName, id);
      return logs.map((log) => ({
        index: log.index,
        attempt: log.attempt,
        region: log.region,
        url: `s3://${bucketOf(settings, log.region)}/${log.key}`,
        size_bytes: log.size,
      }));
    }
    const common = { attempt: flags.attempt, isOne: indices.length === 1, write: writeLog };
    if (flags.follow && meta !== undefined) {
      await this.#follow(table, id, store, common);
      return undefined;
    }
    if ((await writeLogs(store, common)) > 0) return undefined;
    if (meta === undefined) throw noSweep(context.environmentName, id);
    this.note("There are no such logs (yet).");
    return undefined;
  }

  async #follow(
    table: SweepTable,
    id: SweepId,
    store: LogStore,
    common: Pick<Parameters<typeof followLogs>[1], "attempt" | "isOne" | "write">,
  ): Promise<void> {
    let reported = "";
    await interruptible((signal) =>
      followLogs(store, {
        ...common,
        signal,
        isOver: async () => hasEnded(await readSweepProgress(table, id, signal)),
        pause,
        steady: () => performance.now(),
        onAttempt: (index, attempt) => this.note(`Index ${index}: attempt ${attempt}`),
        onTrouble: (text) => {
          if (text !== reported) this.note(`The logs cannot be read: ${text}.`);
          reported = text;
        },
      }),
    );
  }
}
