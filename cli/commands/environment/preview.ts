import { BaseCommand } from "../../base-command.ts";
import type { ResourceChange } from "../../engine/update.ts";
import { describeSources, hasChanges, renderChanges } from "../../render/environment.ts";
import { environmentPreview } from "../../services/environment/environment.ts";
import { planEnvironment } from "../../services/environment/plan.ts";
import { type PlannedTransfer, plannedTransfer } from "../../services/environment/planned-transfer.ts";
import { watchUpdate } from "../../watch-update.ts";

interface EnvironmentPreviewResult {
  readonly environment: string;
  readonly changes: Readonly<Record<string, number>>;
  readonly steps: readonly { readonly op: string; readonly urn: string }[];
  /** The data that the update would upload and replicate. */
  readonly transfers: readonly PlannedTransfer[];
}

export default class EnvironmentPreview extends BaseCommand {
  static override summary = "Show the changes that `environment up` would make.";
  static override description =
    "Compares Pulumi.<environment>.yaml with the existing resources, and shows manual deletions and edits. For each new entry it shows the bytes that would move, their regions and the estimated cost, without reading the data. Changes nothing in the environment.";
  static override examples = [
    {
      description: "Preview an edit of the settings",
      command: "<%= config.bin %> environment preview",
    },
  ];

  async run(): Promise<EnvironmentPreviewResult> {
    const { flags } = await this.parse(EnvironmentPreview);
    const context = this.contextOf(flags);
    // The engine reports a component twice: at its registration and at that of its outputs.
    const found = new Map<string, { op: string; urn: string }>();
    const transfers = new Map<string, PlannedTransfer>();
    const onChange = (change: ResourceChange) => {
      const { op, urn } = change;
      if (op === "refresh") return; // a read, not a change
      found.set(`${op} ${urn}`, { op, urn });
      const transfer = plannedTransfer(change);
      if (transfer !== undefined) transfers.set(transfer.staging_id, transfer);
    };
    let expiry: readonly string[] = [];
    const { changes } = await watchUpdate({ ...this.watching(flags), onChange }, async (options) => {
      const plan = await planEnvironment(context, options);
      expiry = plan.expiry;
      this.note(...describeSources(plan));
      return await environmentPreview(plan, options);
    });
    for (const warning of expiry) this.warn(warning);
    const steps = [...found.values()];
    for (const { op, urn } of steps) this.log(`${op.padEnd(8)} ${resourceOf(urn)}`);
    this.log(hasChanges(changes) ? `Would be: ${renderChanges(changes)}.` : "Nothing would change.");
    return { environment: flags.environment, changes, steps, transfers: [...transfers.values()] };
  }
}

/** `aws:s3/bucket:Bucket spawn-staging-us-east-1`, from a URN. */
function resourceOf(urn: string): string {
  const [, , types = "", name = ""] = urn.split("::");
  return `${types.split("$").at(-1)} ${name}`;
}
