import { Flags } from "@oclif/core";
import { toYaml } from "../../../stacks/yaml.ts";
import { parseSweepId } from "../../../staging/entry.ts";
import { InputError, UserError } from "../../../staging/errors.ts";
import { parseRegion } from "../../../staging/regions.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import { BaseCommand } from "../../base-command.ts";
import type { Context } from "../../context.ts";
import { csvForm, FORMATS as PLAIN_FORMATS, rawFlag } from "../../flags.ts";
import { writeData, writeOut } from "../../output.ts";
import type { CsvForm } from "../../render/csv.ts";
import { INCOMPLETE_COLUMNS, renderIncompleteCsv } from "../../render/incomplete.ts";
import { toJson } from "../../render/json.ts";
import { DATA_COLUMN, listingColumns, writeListingCsv } from "../../render/listing.ts";
import { writeJsonArray, writeTable, writeYamlSequence } from "../../render/streams.ts";
import { renderTable } from "../../render/table.ts";
import {
  type IncompleteMetadata,
  listIncompleteMetadata,
} from "../../services/entry/listing/incomplete-listing.ts";
import { DamagedEntries } from "../../services/entry/listing/list-damage.ts";
import { type CheckPage, pageCheck } from "../../services/entry/listing/list-presence.ts";
import {
  type ListedMetadata,
  type ListOrder,
  listMetadataPages,
  parseSort,
  SORTS,
  sortedRecordPages,
} from "../../services/entry/listing/listing.ts";
import type { RecordFilter, Tables } from "../../services/entry/records.ts";
import { deletionsBegun } from "../../services/entry/upload/unfinished.ts";

const FORMATS = [...PLAIN_FORMATS, "csv"] as const;
type Format = (typeof FORMATS)[number];

/** What is listed, and how. */
interface Listing {
  readonly filter: RecordFilter;
  readonly order: ListOrder;
  /** The server's time, which the first page tells. */
  readonly now: () => Date;
  /** Entries whose deletion has begun and did not end. */
  readonly deleting: ReadonlySet<string>;
  /** Looks at the regions of the entries; undefined without --verify. */
  readonly check: CheckPage | undefined;
  readonly form: CsvForm;
}

export default class StageList extends BaseCommand {
  static override summary = "List all staged data.";
  static override description =
    `Shows the newest first. An entry is listed from the moment its data are verified in every region until its deletion starts. In the column TTL, "expiring" marks what expires within 24 hours, "expired" what has expired and is not removed yet, and "deleting" what a deletion that did not end has left: run spawn stage delete again.

--sort puts the newest, the largest, the soonest to expire, the first by name, or the dearest from its upload to its expiry first; with - before it, or with --reverse, the other way round.

--verify looks into every region of each entry as spawn stage info does, without reading the data. The column DATA (the key presence) says what is missing, different, or not reachable, and the exit code is 1 after everything was printed; an entry that has expired may be missing. A file takes two HEAD requests a region, a directory a listing of its objects.`;
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
      description: "List the ten largest",
      command: "<%= config.bin %> stage list --sort size --limit 10",
    },
    {
      description: "List what expires first",
      command: "<%= config.bin %> stage list --sort expires",
    },
    {
      description: "Look whether the data of a sweep are whole in every region",
      command: "<%= config.bin %> stage list --sweep-id sweep-xyz789 --verify",
    },
    {
      description: "List interrupted uploads",
      command: "<%= config.bin %> stage list --incomplete",
    },
    {
      description: "Save everything for another program",
      command: "<%= config.bin %> stage list --format json > staging.json",
    },
    {
      description: "Save everything for a spreadsheet",
      command: "<%= config.bin %> stage list --format csv > staging.csv",
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
    verify: Flags.boolean({
      summary: "Look whether every region of each entry holds what was staged.",
      description: "spawn stage repair makes copies again that are missing or different.",
      default: false,
      exclusive: ["incomplete"],
    }),
    sort: Flags.string({
      summary: "What to sort by.",
      default: "uploaded",
      helpValue: SORTS.join("|"),
    }),
    reverse: Flags.boolean({ summary: "Turn the order round.", default: false }),
    limit: Flags.integer({ summary: "Only so many entries.", min: 1, helpValue: "N" }),
    format: Flags.option({
      options: FORMATS,
      default: "table",
      summary: "How to print: for people, or for programs.",
      description:
        "json and yaml print the metadata itself; --json wraps it in an envelope with a status and warnings. csv has one row for each entry; see --raw.",
      helpValue: FORMATS.join("|"),
      exclusive: ["json"],
    })(),
    raw: rawFlag,
  };

  async run(): Promise<ListedMetadata[] | IncompleteMetadata[] | undefined> {
    const { flags } = await this.parse(StageList);
    const filter: RecordFilter = {
      sweepId: flags["sweep-id"] === undefined ? undefined : parseSweepId(flags["sweep-id"]),
      region: flags.region === undefined ? undefined : parseRegion(flags.region),
    };
    const { sort, reverse } = parseSort(flags.sort);
    const order: ListOrder = { sort, reverse: reverse !== flags.reverse, limit: flags.limit };
    const form = csvForm(flags.raw, flags.format);
    const context = this.contextOf(flags);
    if (flags.incomplete)
      return await this.#unfinished(context, filter, order, { format: flags.format, form });
    const tables = await context.tables();
    const deleting = await deletionsBegun(context.environmentName);
    const now = () => serverClock.now();
    const damaged = new DamagedEntries(context.environmentName, now, deleting);
    const check = flags.verify ? noting(damaged, pageCheck(context)) : undefined;
    const result = await this.#print(tables, { filter, order, now, deleting, check, form }, flags.format);
    for (const warning of damaged.warnings) this.#incomplete(new UserError(warning));
    return result;
  }

  async #print(tables: Tables, listing: Listing, format: Format): Promise<ListedMetadata[] | undefined> {
    if (this.jsonEnabled()) return this.#collect(tables, listing);
    switch (format) {
      case "table":
        await this.#table(tables, listing);
        break;
      case "json":
        await writeJsonArray(this.#metadata(tables, listing), writeData);
        break;
      case "yaml":
        await writeYamlSequence(this.#metadata(tables, listing), writeData);
        break;
      case "csv":
        await writeListingCsv(this.#metadata(tables, listing), writeData, {
          hasPresence: listing.check !== undefined,
          form: listing.form,
        });
    }
    return undefined;
  }

  /** They are few: each is one command that somebody has not seen to its end. */
  async #unfinished(
    context: Context,
    filter: RecordFilter,
    { sort, reverse, limit }: ListOrder,
    { format, form }: { readonly format: Format; readonly form: CsvForm },
  ): Promise<IncompleteMetadata[] | undefined> {
    if (sort !== "uploaded") {
      throw new InputError(`--incomplete cannot be sorted by ${sort}`, {
        why: "What has not ended is listed by when it was begun.",
        fix: reverse ? "spawn stage list --incomplete --reverse" : "spawn stage list --incomplete",
      });
    }
    // Refuses the tables of another environment, whose uploads these would be.
    await context.tables();
    const all = await listIncompleteMetadata(context, filter, (error) => this.#incomplete(error));
    const entries = (reverse ? all.reverse() : all).slice(0, limit);
    if (this.jsonEnabled()) return entries;
    if (format === "json") await writeData(toJson(entries));
    else if (format === "yaml") await writeData(toYaml(entries));
    else if (format === "csv") await writeData(renderIncompleteCsv(entries, form));
    else if (entries.length > 0) await writeOut(renderTable(INCOMPLETE_COLUMNS, entries));
    else this.note("No upload is incomplete.");
    return undefined;
  }

  async #collect(tables: Tables, listing: Listing): Promise<ListedMetadata[]> {
    const all: ListedMetadata[] = [];
    for await (const page of this.#metadata(tables, listing)) all.push(...page);
    return all;
  }

  #metadata(
    tables: Tables,
    { filter, order, now, deleting, check }: Listing,
  ): AsyncGenerator<ListedMetadata[]> {
    return listMetadataPages(tables, filter, order, now, (error) => this.#incomplete(error), deleting, check);
  }

  async #table(tables: Tables, { filter, order, now, deleting, check }: Listing): Promise<void> {
    const pages = sortedRecordPages(tables, filter, order, (error) => this.#incomplete(error));
    const data = check === undefined ? undefined : { column: DATA_COLUMN, rows: check };
    const count = await writeTable(pages, listingColumns(now, deleting), writeOut, data);
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

/** A check whose damaged entries are noted. */
function noting(damaged: DamagedEntries, check: CheckPage): CheckPage {
  return async function* (page) {
    for await (const checked of check(page)) {
      for (const record of checked) damaged.add(record);
      yield checked;
    }
  };
}
