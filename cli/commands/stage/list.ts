import { Flags } from "@oclif/core";
import { stringify } from "yaml";
import { parseSweepId } from "../../../staging/entry.ts";
import { parseRegion } from "../../../staging/regions.ts";
import { BaseCommand } from "../../base-command.ts";
import type { Context } from "../../context.ts";
import { type Format, formatFlag } from "../../flags.ts";
import { writeOut } from "../../output.ts";
import { INCOMPLETE_COLUMNS } from "../../render/incomplete.ts";
import { listingColumns } from "../../render/listing.ts";
import { writeJsonArray, writeTable, writeYamlSequence } from "../../render/streams.ts";
import { renderTable } from "../../render/table.ts";
import { type IncompleteMetadata, listIncompleteMetadata } from "../../services/incomplete-listing.ts";
import { listMetadataPages } from "../../services/listing.ts";
import type { StagingMetadata } from "../../services/metadata.ts";
import { listRecordPages, type RecordFilter, type Tables } from "../../services/records.ts";

export default class StageList extends BaseCommand {
  static override summary = "List all staged data.";
  static override description =
    "Shows the newest first. An entry is listed from the moment its data are verified in every region until its deletion starts.";
  static override examples = [
    { description: "List all staged data", command: "<%= config.bin %> stage list" },
    {
      description: "List what belongs to a sweep",
      command: "<%= config.bin %> stage list --sweep-id sweep-xyz789",
    },
    {
      description: "List what has a copy in a region",
      command: "<%= config.bin %> stage list --region us-west-2",
    },
    {
      description: "List interrupted uploads",
      command: "<%= config.bin %> stage list --incomplete",
    },
    {
      description: "Save everything for another program",
      command: "<%= config.bin %> stage list --format json > staging.json",
    },
  ];

  static override flags = {
    "sweep-id": Flags.string({ summary: "Only data that belong to this sweep.", helpValue: "ID" }),
    region: Flags.string({ summary: "Only data with a copy in this region.", helpValue: "REGION" }),
    incomplete: Flags.boolean({
      summary: "List what was begun on this machine and has not ended, and how far it is.",
      description: "Go on with one of them by spawn stage resume, or remove it by spawn stage delete.",
      default: false,
    }),
    format: formatFlag(),
  };

  async run(): Promise<StagingMetadata[] | IncompleteMetadata[] | undefined> {
    const { flags } = await this.parse(StageList);
    const filter: RecordFilter = {
      sweepId: flags["sweep-id"] === undefined ? undefined : parseSweepId(flags["sweep-id"]),
      region: flags.region === undefined ? undefined : parseRegion(flags.region),
    };
    const context = this.contextOf(flags);
    if (flags.incomplete) return await this.#unfinished(context, filter, flags.format);
    const tables = await context.tables();
    if (this.jsonEnabled()) return this.#collect(tables, filter);
    if (flags.format === "json") await writeJsonArray(this.#metadata(tables, filter), writeOut);
    else if (flags.format === "yaml") await writeYamlSequence(this.#metadata(tables, filter), writeOut);
    else await this.#table(tables, filter);
    return undefined;
  }

  /** They are few: each is one command that somebody has not seen to its end. */
  async #unfinished(
    context: Context,
    filter: RecordFilter,
    format: Format,
  ): Promise<IncompleteMetadata[] | undefined> {
    const entries = await listIncompleteMetadata(context, filter, (error) => this.#incomplete(error));
    if (this.jsonEnabled()) return entries;
    if (format === "json") await writeOut(`${JSON.stringify(entries, null, 2)}\n`);
    else if (format === "yaml") await writeOut(stringify(entries));
    else if (entries.length > 0) await writeOut(renderTable(INCOMPLETE_COLUMNS, entries));
    else this.note("No upload is incomplete.");
    return undefined;
  }

  async #collect(tables: Tables, filter: RecordFilter): Promise<StagingMetadata[]> {
    const all: StagingMetadata[] = [];
    for await (const page of this.#metadata(tables, filter)) all.push(...page);
    return all;
  }

  #metadata(tables: Tables, filter: RecordFilter): AsyncGenerator<StagingMetadata[]> {
    return listMetadataPages(tables, filter, (error) => this.#incomplete(error));
  }

  async #table(tables: Tables, filter: RecordFilter): Promise<void> {
    const pages = listRecordPages(tables, filter, (error) => this.#incomplete(error));
    const count = await writeTable(pages, listingColumns(new Date()), writeOut);
    if (count > 0) return;
    const filtered = filter.sweepId !== undefined || filter.region !== undefined;
    this.note(
      filtered
        ? "Nothing that is staged matches."
        : "Nothing is staged. To stage a file: spawn stage upload <local-path>",
    );
  }

  /** The list goes on, but it does not end as a success. */
  #incomplete(error: Error): void {
    this.warn(error);
    process.exitCode = 1;
  }
}
