import { type AccountId, parseAccountId } from "../../staging/accounts.ts";
import { InputError } from "../../staging/errors.ts";
import { priceBook } from "../../staging/price-books.ts";
import { parseIamActions, parseManagedPolicies } from "../../staging/sweep/iam-options.ts";
import type { SweepId } from "../../staging/sweep/id.ts";
import { KEYS } from "../../staging/sweep/keys.ts";
import { commandNotes } from "../../staging/sweep/parameters.ts";
import { parseStageBuckets, parseStageDestinations } from "../../staging/sweep/stage-options.ts";
import { BaseCommand } from "../base-command.ts";
import { commandLine } from "../command-line.ts";
import { confirm } from "../confirm.ts";
import type { Context } from "../context.ts";
import { ifGiven } from "../flags.ts";
import { launchFlags } from "../launch-flags.ts";
import { writeOut } from "../output.ts";
import { launchPlanLines, stepText } from "../render/launch-plan.ts";
import { updateKnownIds } from "../services/completion/known-ids.ts";
import type { LaunchRequest, PreparedLaunch } from "../services/sweep/launch.ts";
import { type LaunchPlanJson, type LaunchResult, launchPlanJson } from "../services/sweep/launch-json.ts";
import { prepareLaunch } from "../services/sweep/prepare.ts";
import { readParameters } from "../services/sweep/read-parameters.ts";
import { reportEnd, watchOnScreen } from "../watch-sweep.ts";
import { type WatchOptions, watchUpdate } from "../watch-update.ts";

export default class Launch extends BaseCommand {
  static override summary = "Run a command with many parameters, on workers next to the staged data.";
  static override description =
    `Starts a sweep: the command of the parameter file runs once for each index, on EC2 instances in the regions of the sweep. Each worker downloads the staged data from the bucket of its own region, verifies them, runs the command for one index after the other, and terminates itself. AWS replaces failed workers, so the sweep does not need this machine after the start.

The parameter file is YAML or JSON. It has base_command, a script, and may have ${Object.keys(KEYS)
      .filter((key) => key !== "base_command")
      .join(", ")}. schemas/sweep.schema.json describes each key.

The script starts in an empty folder, as root, on Amazon Linux 2023: stage the programs that it needs, or install them in it. Its variables are SWEEP_INDEX (from 0), SWEEP_ID, SWEEP_NAME, SWEEP_ATTEMPT, STAGED_PATH (STAGED_PATH_1 and so on for further data), one variable per column of its row, PARAM_SET (the row as one word), PARAM_FILE (a JSON file of the row) and RESULTS_DIR. With the key results, files in RESULTS_DIR are copied to s3://BUCKET/PREFIX/INDEX/ after a success; other files are lost when the worker ends.

Before the start, the command checks the file, the staged data in every region, quotas and routes, shows a plan with its costs, and prompts. With --dry-run it stops there.

In a terminal the command then follows the sweep. Ctrl-C stops following; the sweep continues. In a pipe stdout has only the ID of the sweep, for id=$(spawn launch …), and the command returns once the sweep has started, or with --wait when it has ended. Exit codes: 0 started or, if it was followed, every index succeeded; 1 failure, or an index failed; 2 bad input (nothing was created); 130 interrupted.

The script can run more than once for an index: after an interruption, and after its worker lost its connection. SWEEP_ATTEMPT is the number of the attempt.`;
  static override examples = [
    {
      description: "Start a sweep after a prompt",
      command: "<%= config.bin %> launch --params sweep.yaml",
    },
    {
      description: "With staged data, on spot instances",
      command: "<%= config.bin %> launch --params sweep.yaml --stage-id stage-abc123def456 --spot",
    },
    {
      description: "Show the plan and its cost",
      command: "<%= config.bin %> launch --params sweep.yaml --dry-run",
    },
    {
      description: "In a script: start it, wait for its end, and collect",
      command: 'id=$(<%= config.bin %> launch --params sweep.yaml --yes --wait) && ./collect.sh "$id"',
    },
    {
      description: "Allow the workers to write to your bucket",
      command:
        "<%= config.bin %> launch --params sweep.yaml --iam-policy s3:GetObject --iam-policy s3:PutObject",
    },
    {
      description: "Use data that another account has staged and shared",
      command:
        "<%= config.bin %> launch --params sweep.yaml --stage-id stage-abc123def456 --stage-account 111111111111 --stage-bucket us-east-1=ALIAS --stage-dest stage-abc123def456=/mnt/data/dataset.tar.gz",
    },
    {
      description: "Resume an interrupted launch",
      command: "<%= config.bin %> launch --resume sweep-abc123def456",
    },
  ];

  static override flags = launchFlags;

  async run(): Promise<LaunchResult | undefined> {
    const { flags } = await this.parse(Launch);
    const context = this.contextOf(flags);
    const mode = { follow: !flags.detach && (flags.wait || this.#isAtTerminal()), verbose: flags.verbose };
    if (flags.resume !== undefined) return await this.#resume(context, flags.resume, mode);
    const request = await requestOf(flags);
    for (const note of commandNotes(request.parameters)) this.warn(note);
    const launch = await prepareLaunch(context, request);
    this.#show(launch);
    const plan = launchPlanJson(launch);
    if (flags["dry-run"]) {
      this.note("Nothing was started: --dry-run.");
      return { sweep_id: null, started: false, state: null, plan };
    }
    const [{ refuseSecond }, { startSweep }] = await Promise.all([
      import("../services/sweep/earlier-launch.ts"),
      import("../services/sweep/start.ts"),
    ]);
    await refuseSecond(context, launch);
    const question = `Start ${launch.plan.workers} workers?`;
    if (!(await confirm(question, { yes: flags.yes, command: this.repeated }))) {
      this.note("Nothing was started.");
      return { sweep_id: null, started: false, state: null, plan };
    }
    const id = await watchUpdate(this.#showingSteps(mode), (options) => startSweep(context, launch, options));
    return await this.#started(context, id, mode, plan);
  }

  async #resume(context: Context, text: string, mode: Mode): Promise<LaunchResult | undefined> {
    const { resolveSweepId } = await import("../services/sweep/resolve-id.ts");
    const { resumeLaunch } = await import("../services/sweep/resume.ts");
    const id = await resolveSweepId(context, text);
    await watchUpdate(this.#showingSteps(mode), (options) => resumeLaunch(context, id, options));
    return await this.#started(context, id, mode, null);
  }

  #show(launch: PreparedLaunch): void {
    this.note(...launchPlanLines(launch));
    for (const warning of launch.advice.warnings) this.warn(warning);
    for (const text of launch.advice.notes) this.note(text);
  }

  /** Prints the ID, then follows the sweep if requested. */
  async #started(
    context: Context,
    id: SweepId,
    { follow }: Mode,
    plan: LaunchPlanJson | null,
  ): Promise<LaunchResult | undefined> {
    const { forgetLaunch } = await import("../services/sweep/start.ts");
    this.afterOutput(`The sweep ${id} has started.`, () => forgetLaunch(context, id));
    this.note("", `✅ Sweep started: ${id}`);
    if (!this.jsonEnabled()) {
      if (process.stdout.isTTY !== true) await writeOut(`${id}\n`);
      // Following may take days, and the user already has the ID.
      await forgetLaunch(context, id);
    }
    const { settingsHere } = await import("../services/sweep/settings.ts");
    const name = (await settingsHere(context.environmentName, id))?.spec.name ?? "";
    await updateKnownIds(context, "sweeps", { add: [[id, name]] });
    if (!follow) {
      this.note(`To follow it: ${commandLine(`spawn sweep watch ${id}`, context.environmentName)}`);
      return this.#result(id, null, plan);
    }
    this.note("The sweep runs without this command. Ctrl-C only stops following.", "");
    const progress = await watchOnScreen(context, id, { quiet: this.jsonEnabled() });
    this.note("", reportEnd(progress, id, context.environmentName));
    return this.#result(id, progress?.state ?? null, plan);
  }

  #result(id: SweepId, state: string | null, plan: LaunchPlanJson | null): LaunchResult | undefined {
    return this.jsonEnabled() ? { sweep_id: id, started: true, state, plan } : undefined;
  }

  #isAtTerminal(): boolean {
    return process.stdout.isTTY === true && process.stderr.isTTY === true && !this.jsonEnabled();
  }

  #showingSteps(mode: Mode): WatchOptions {
    return {
      ...this.watching(mode),
      onChange: (change) => {
        const text = stepText(change);
        if (text !== undefined) this.note(text);
      },
    };
  }
}

interface Mode {
  /** Whether the sweep is followed until it ends. */
  readonly follow: boolean;
  readonly verbose: boolean;
}

interface RequestFlags {
  readonly params?: string | undefined;
  readonly "stage-id"?: readonly string[] | undefined;
  readonly "stage-account"?: string | undefined;
  readonly "stage-bucket"?: readonly string[] | undefined;
  readonly "stage-dest"?: readonly string[] | undefined;
  readonly spot: boolean;
  readonly "instance-type"?: string | undefined;
  readonly "iam-policy"?: readonly string[] | undefined;
  readonly "iam-managed-policies"?: readonly string[] | undefined;
  readonly prices: "guide" | "aws";
}

/** The command line's options first, because they need no file. @throws InputError */
async function requestOf(flags: RequestFlags): Promise<LaunchRequest> {
  const options = {
    stageAccount: ifGiven(flags["stage-account"], parseAccountId),
    stageBuckets: parseStageBuckets(flags["stage-bucket"] ?? []),
    stageDestinations: parseStageDestinations(flags["stage-dest"] ?? []),
    iamActions: parseIamActions(flags["iam-policy"] ?? []),
    managedPolicies: parseManagedPolicies(flags["iam-managed-policies"] ?? []),
    prices: priceBook(flags.prices),
  };
  const { spot, "instance-type": instanceType, "stage-id": stageIds = [] } = flags;
  const parameters = await readParameters(flags.params ?? "", { stageIds, instanceType, spot });
  if (options.stageAccount !== undefined && parameters.entries.length === 0)
    refuseNoData(options.stageAccount);
  return { ...options, parameters };
}

function refuseNoData(account: AccountId): never {
  throw new InputError(`there are no data of account ${account} to use`, {
    why: "The sweep names no staged data.",
    fix: "Add --stage-id, or stage_id in the parameter file.",
  });
}
