import { Flags } from "@oclif/core";
import { BACKEND_KEY, readUserConfig } from "../../../stacks/user-config.ts";
import { parseRegion } from "../../../staging/regions.ts";
import { shellQuoted } from "../../../staging/shell.ts";
import { BaseCommand } from "../../base-command.ts";
import { commandLine } from "../../command-line.ts";
import { confirm } from "../../confirm.ts";
import { ifGiven, yesFlag } from "../../flags.ts";
import { setConfig, unsetConfig } from "../../services/config/write.ts";
import {
  type BootstrapPlan,
  makeStateBucket,
  planBootstrap,
} from "../../services/environment/state-bucket/bootstrap.ts";
import { deleteStateBucket, refuseInUse } from "../../services/environment/state-bucket/delete.ts";
import {
  findMovable,
  leftBehind,
  type Movable,
  moveState,
} from "../../services/environment/state-bucket/move.ts";
import { bootstrapCommand } from "../../services/environment/state-bucket/place.ts";

interface EnvironmentBootstrapResult {
  readonly environment: string;
  readonly account: string;
  readonly bucket: string;
  readonly region: string;
  /** The backend of the environment's stacks, for `PULUMI_BACKEND_URL` and `backend.url` of `spawn config`. */
  readonly url: string;
  /** Whether the command has created the bucket, or would with --dry-run. */
  readonly created: boolean;
  /** The settings of the bucket that were missing. */
  readonly settings: readonly string[];
  /** The stacks whose state was copied from the previous backend. */
  readonly migrated: readonly string[];
  readonly dryRun: boolean;
  /** Whether the bucket was deleted. */
  readonly deleted: boolean;
}

export default class EnvironmentBootstrap extends BaseCommand {
  static override summary = "Create a bucket for the state of the environment's stacks, and use it.";
  static override description =
    `The bucket is private, encrypted and versioned, and keeps old versions for 90 days. It is in the account of the credentials, which must match spawn:account, and all environments with the same spawn:namePrefix in this account share it. Run the command on every machine that uses the environment: it creates missing resources, and sets backend.url of spawn config.

--migrate copies the current state of this machine, and compares the copy with it. The old state stays, with its history of updates. Do not use the environment during the migration.`;
  static override examples = [
    {
      description: "Store the state of an AWS environment in its account",
      command: "<%= config.bin %> environment bootstrap --environment prod",
    },
    {
      description: "Show what it would create",
      command: "<%= config.bin %> environment bootstrap --dry-run",
    },
    {
      description: "Copy the current state",
      command: "<%= config.bin %> environment bootstrap --migrate",
    },
  ];

  static override flags = {
    region: Flags.string({
      summary: "Region of the bucket.",
      description:
        "Default: the region of the current state bucket, if any, or the region of the environment's tables.",
      helpValue: "REGION",
    }),
    bucket: Flags.string({
      summary: "Name of the bucket.",
      description: "Default: the current state bucket, if any, or a name with the account and the region.",
      helpValue: "NAME",
    }),
    migrate: Flags.boolean({ summary: "Copy the current state.", default: false }),
    delete: Flags.boolean({
      summary: "Delete the bucket, once no stack in it has resources.",
      default: false,
      exclusive: ["migrate", "dry-run"],
    }),
    "dry-run": Flags.boolean({
      summary: "Show what would be created, without changing anything.",
      default: false,
    }),
    yes: yesFlag,
  };

  async run(): Promise<EnvironmentBootstrapResult> {
    const { flags } = await this.parse(EnvironmentBootstrap);
    const { environment } = flags;
    const context = this.contextOf(flags);
    const region = ifGiven(flags.region, parseRegion);
    const plan = await planBootstrap(context, { region, bucket: flags.bucket });
    const { place, url } = plan;
    const result = {
      ...{ environment, account: plan.account, bucket: place.bucket, region: place.region, url },
      ...{ created: !plan.isThere, settings: plan.missing.map(({ what }) => what) },
      ...{ migrated: [], dryRun: flags["dry-run"], deleted: false },
    };
    if (flags.delete)
      return { ...result, created: false, settings: [], deleted: await this.#delete(plan, flags) };
    this.note(
      `Environment: ${environment}`,
      `Account: ${plan.account}`,
      `Bucket of the state: ${place.bucket} (${place.region})${plan.isThere ? "" : ", to be made"}`,
      ...result.settings.map((what) => `  to be set: ${what}`),
      "",
    );
    const movable = await findMovable(context, url);
    if (movable !== undefined && !flags.migrate) throw leftBehind(plan, movable);
    if (flags["dry-run"]) {
      if (movable !== undefined) this.note(`To be copied: ${movable.stacks.join(", ")}`);
      this.note("Nothing was changed.");
      return { ...result, migrated: movable?.stacks ?? [] };
    }
    if (movable !== undefined && !(await this.#isConfirmed(plan, movable, flags))) {
      this.note("Nothing was changed.");
      return { ...result, created: false, settings: [] };
    }
    await makeStateBucket(plan);
    if (movable !== undefined) {
      await moveState(context, movable, url, (stack) => this.note(`Copying the state of ${stack}`));
    }
    await setConfig({ kind: "backend", value: url }, environment);
    this.#warnOfVariable(url);
    this.log(`✅ The state of ${environment} is kept in ${url}.`);
    const isOnAws = (await context.settings()).cloud === "aws";
    this.note(
      "",
      "On every other machine:",
      `  ${bootstrapCommand(plan, place)}`,
      "or, with fewer permissions:",
      `  ${commandLine(`spawn config set backend.url ${shellQuoted(url)}`, environment)}`,
      ...(isOnAws
        ? [
            "The stacks hold no secrets, but Pulumi asks for a passphrase. Use the same one on every machine:",
            "  export PULUMI_CONFIG_PASSPHRASE_FILE=FILE",
          ]
        : []),
    );
    return { ...result, migrated: movable?.stacks ?? [] };
  }

  async #delete(
    plan: BootstrapPlan,
    flags: { readonly yes: boolean; readonly environment: string },
  ): Promise<boolean> {
    const { environment } = flags;
    const { bucket } = plan.place;
    if (plan.isThere) {
      await refuseInUse(this.contextOf(flags), plan);
      this.note(`⚠️  This will delete the bucket ${bucket} with the history of all stacks in it.`, "");
      const command = bootstrapCommand(plan, plan.place, "--delete");
      if (!(await confirm("Continue?", { yes: flags.yes, command }))) {
        this.note("Nothing was deleted.");
        return false;
      }
      await deleteStateBucket(plan);
    }
    if (readUserConfig().environments.get(environment)?.backendUrl === plan.url)
      await unsetConfig({ kind: "backend", name: BACKEND_KEY }, environment);
    this.log(plan.isThere ? `✅ The bucket ${bucket} is deleted.` : `There is no bucket ${bucket}.`);
    return plan.isThere;
  }

  async #isConfirmed(
    plan: BootstrapPlan,
    { from, stacks }: Movable,
    flags: { readonly yes: boolean },
  ): Promise<boolean> {
    const old = from.entryProject.env["PULUMI_BACKEND_URL"] ?? "the backend of pulumi login";
    this.note(`The state of ${stacks.length} stacks is copied from ${old}, where it stays:`);
    for (const stack of stacks) this.note(`  ${stack}`);
    this.note("", "Do not use the environment during the migration.", "");
    const command = bootstrapCommand(plan, plan.place, "--migrate");
    return await confirm("Continue?", { yes: flags.yes, command });
  }

  #warnOfVariable(url: string): void {
    const own = process.env["PULUMI_BACKEND_URL"];
    if (!own || own === url) return;
    this.warn(
      `PULUMI_BACKEND_URL is set to another backend, and overrides it. In this shell: unset PULUMI_BACKEND_URL`,
    );
  }
}
