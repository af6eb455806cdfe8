import { Flags } from "@oclif/core";
import { InputError } from "../../../staging/errors.ts";
import { MAX_INDICES } from "../../../staging/sweep/row-checks.ts";
import { BaseCommand } from "../../base-command.ts";
import { commandLine } from "../../command-line.ts";
import { sweepIdArg } from "../../flags.ts";
import { plural } from "../../render/text.ts";
import { resolveSweepId } from "../../services/sweep/resolve-id.ts";
import { planRetry, retrySweep } from "../../services/sweep/retry.ts";
import { reportEnd, watchOnScreen } from "../../watch-sweep.ts";
import { watchUpdate } from "../../watch-update.ts";

interface SweepRetryResult {
  readonly sweep_id: string;
  /** The number of reopened indices. */
  readonly indices: number;
  /** The result of the sweep, with --wait. */
  readonly state: string | null;
}

export default class SweepRetry extends BaseCommand {
  static override summary = "Retry indices of a sweep.";
  static override description =
    `Opens indices again, each with all its attempts, and starts workers for them, with a new deadline of the same length. The default is all failed and cancelled indices and, after the deadline, all open ones. A completed index runs again only if --index names it.

In a terminal the command then follows the sweep, like spawn launch. The exit code is 1 if it followed the sweep and not every index is done.`;
  static override examples = [
    {
      description: "Retry failed indices",
      command: "<%= config.bin %> sweep retry sweep-abc123def456 --failed",
    },
    {
      description: "Retry two indices",
      command: "<%= config.bin %> sweep retry sweep-abc123def456 --index 3,7",
    },
  ];

  static override args = { "sweep-id": sweepIdArg };

  static override flags = {
    failed: Flags.boolean({
      default: false,
      summary: "Retry all failed and cancelled indices. This is the default.",
      exclusive: ["index"],
    }),
    index: Flags.string({
      multiple: true,
      summary: "Retry these indices, including completed ones: comma-separated numbers or ranges.",
      helpValue: "3,7,10-12",
    }),
    wait: Flags.boolean({
      default: false,
      summary: "Follow the sweep until it has ended.",
      exclusive: ["detach"],
    }),
    detach: Flags.boolean({ default: false, summary: "Do not follow the sweep." }),
  };

  async run(): Promise<SweepRetryResult> {
    const { args, flags } = await this.parse(SweepRetry);
    const context = this.contextOf(flags);
    const indices = flags.index === undefined ? undefined : parseIndices(flags.index.join(","));
    const id = await resolveSweepId(context, args["sweep-id"]);
    const plan = await planRetry(context, id, indices);
    await watchUpdate(this.watching(flags), (options) => retrySweep(context, plan, options));
    this.note("", `✅ ${plural(plan.count, "index runs", "indices run")} again`);
    const isAtTerminal = process.stdout.isTTY === true && process.stderr.isTTY === true;
    if (flags.detach || !(flags.wait || (isAtTerminal && !this.jsonEnabled()))) {
      this.note(`To follow the sweep: ${commandLine(`spawn sweep watch ${id}`, flags.environment)}`);
      return { sweep_id: id, indices: plan.count, state: null };
    }
    const progress = await watchOnScreen(context, id, { quiet: this.jsonEnabled() });
    this.note(reportEnd(progress, id, flags.environment));
    return { sweep_id: id, indices: plan.count, state: progress?.state ?? null };
  }
}

/** `3,7,10-12`. @throws InputError for any other text, and for numbers without an index */
export function parseIndices(text: string): number[] {
  const indices = new Set<number>();
  for (const part of text.split(",")) {
    const [, from = "", to = from] = /^\s*(\d{1,6})(?:-(\d{1,6}))?\s*$/.exec(part) ?? [];
    if (from === "" || Number(to) < Number(from) || Number(to) >= MAX_INDICES) {
      throw new InputError(`${JSON.stringify(part.slice(0, 40))} is no index, and no range of indices`, {
        fix: "--index 3,7,10-12",
      });
    }
    for (let index = Number(from); index <= Number(to); index++) indices.add(index);
  }
  return [...indices].sort((a, b) => a - b);
}
