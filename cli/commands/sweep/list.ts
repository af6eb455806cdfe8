import { Flags } from "@oclif/core";
import { BaseCommand } from "../../base-command.ts";
import { csvForm, type LIST_FORMATS, listFormatFlag, rawFlag } from "../../flags.ts";
import { writeData, writeOut } from "../../output.ts";
import { type CsvForm, writeCsv } from "../../render/csv.ts";
import { writeJsonArray, writeTable, writeYamlSequence } from "../../render/streams.ts";
import { SWEEP_COLUMNS, SWEEP_CSV_COLUMNS } from "../../render/sweep-listing.ts";
import { allOf } from "../../services/common/pages.ts";
import { collecting, updateKnownIds } from "../../services/completion/known-ids.ts";
import { listSweeps, type SweepFilter, type SweepJson, toSweepJson } from "../../services/sweep/listing.ts";
import { SWEEP_STATES, type SweepProgress } from "../../services/sweep/progress.ts";
import { sweepTable } from "../../services/sweep/tables.ts";

export default class SweepList extends BaseCommand {
  static override summary = "List the sweeps of the environment.";
  static override description =
    `Shows the newest sweeps first. A sweep is listed from its launch until 90 days after its deadline, or until spawn sweep delete.

STATE is starting, running, succeeded (every index is done), failed (all indices have ended, some with a failure), cancelled, or overdue (the deadline has ended the workers; some indices are still open).`;
  static override examples = [
    { description: "List all sweeps", command: "<%= config.bin %> sweep list" },
    {
      description: "List running sweeps",
      command: "<%= config.bin %> sweep list --state starting --state running",
    },
    { description: "List the last ten sweeps", command: "<%= config.bin %> sweep list --limit 10" },
    {
      description: "Export everything to another program",
      command: "<%= config.bin %> sweep list --format json > sweeps.json",
    },
  ];

  static override flags = {
    state: Flags.option({
      options: SWEEP_STATES,
      multiple: true,
      summary: "List only sweeps in this state. Repeatable.",
      helpValue: "STATE",
    })(),
    limit: Flags.integer({ summary: "Maximum number of sweeps.", min: 1, helpValue: "N" }),
    format: listFormatFlag({
      description:
        "json and yaml print the sweeps; --json adds an envelope with a status and warnings. csv has one row per sweep; see --raw.",
    }),
    raw: rawFlag,
  };

  async run(): Promise<SweepJson[] | undefined> {
    const { flags } = await this.parse(SweepList);
    const filter: SweepFilter = { states: flags.state ?? [], limit: flags.limit };
    const form = csvForm(flags.raw, flags.format);
    const context = this.contextOf(flags);
    const table = await sweepTable(context);
    const listed = new Map<string, string>();
    const found = listSweeps(table, filter, (error) => this.incomplete(error));
    const pages = collecting(found, ({ meta }) => [meta.sweepId, meta.name], listed);
    const result = await this.#print(pages, flags.format, form, filter);
    const isComplete = filter.states.length === 0 && filter.limit === undefined;
    await updateKnownIds(context, "sweeps", { add: listed, isComplete });
    return result;
  }

  async #print(
    pages: AsyncIterable<SweepProgress[]>,
    format: (typeof LIST_FORMATS)[number],
    form: CsvForm,
    filter: SweepFilter,
  ): Promise<SweepJson[] | undefined> {
    if (this.jsonEnabled()) return await allOf(asJson(pages));
    if (format === "json") await writeJsonArray(asJson(pages), writeData);
    else if (format === "yaml") await writeYamlSequence(asJson(pages), writeData);
    else if (format === "csv") await writeCsv(SWEEP_CSV_COLUMNS, asJson(pages), writeData, form);
    else if ((await writeTable(pages, SWEEP_COLUMNS, writeOut)) === 0) {
      this.note(
        filter.states.length > 0
          ? "No sweep is in that state."
          : `There is no sweep. To start one: ${this.suggested("spawn launch --params FILE")}`,
      );
    }
    return undefined;
  }
}

async function* asJson(pages: AsyncIterable<readonly SweepProgress[]>): AsyncGenerator<SweepJson[]> {
  for await (const page of pages) yield page.map(toSweepJson);
}
