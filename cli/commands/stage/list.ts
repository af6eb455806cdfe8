import { Flags } from "@oclif/core";
import { describeExpired } from "../../../staging/declared-expiry.ts";
import { type EntrySpec, parseSweepId } from "../../../staging/entry.ts";
import { InputError, UserError } from "../../../staging/errors.ts";
import { parseRegion } from "../../../staging/regions.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import { explainAwsError } from "../../aws-errors.ts";
import { BaseCommand } from "../../base-command.ts";
import type { Context } from "../../context.ts";
import { csvForm, ifGiven, type LIST_FORMATS, listFormatFlag, rawFlag } from "../../flags.ts";
import { writeData, writeOut } from "../../output.ts";
import type { CsvForm } from "../../render/csv.ts";
import { INCOMPLETE_COLUMNS, renderIncompleteCsv } from "../../render/incomplete.ts";
import { DATA_COLUMN, listingColumns, writeListingCsv } from "../../render/listing.ts";
import { writeJsonArray, writeTable, writeYamlSequence } from "../../render/streams.ts";
import { renderTable } from "../../render/table.ts";
import { allOf } from "../../services/common/pages.ts";
import { collecting, updateKnownIds } from "../../services/completion/known-ids.ts";
import { expiredDeclared, itemsInStack } from "../../services/entry/listing/expired-declared.ts";
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

type Format = (typeof LIST_FORMATS)[number];

/** The entries to list, and the format. */
interface Listing {
  readonly filter: RecordFilter;
  readonly order: ListOrder;
  /** The server's time, from the first page's response. */
  readonly now: () => Date;
  /** Entries with an incomplete deletion. */
  readonly deleting: ReadonlySet<string>;
  /** Checks the regions of the entries; undefined without --verify. */
  readonly check: CheckPage | undefined;
  readonly form: CsvForm;
  /** Collects IDs and names for the completion in shells. */
  readonly listed: Map<string, string>;
}

export default class StageList extends BaseCommand {
  static override summary = "List all staged data.";
  static override description =
    `Shows the newest entries first. An entry is listed from its verification in every region until its deletion starts. In the column TTL, "expiring" marks entries that expire within 24 hours, "expired" entries that have expired but are not removed yet, and "deleting" the remains of an incomplete deletion: run spawn stage delete again. DynamoDB removes the records of expired entries; without --region and --sweep-id, a warning names each expired item of spawn:entries even then.

--sort lists the newest, the largest, the next to expire, the first by name, or the most expensive entry first; a leading - or --reverse reverses the order.

--verify checks every region of each entry as spawn stage info does, without reading the data. The column DATA (the key presence) shows missing, different, or unreachable data, and the exit code is 1 after everything was printed; data of an expired entry may be missing. A file takes two HEAD requests per region, a directory a listing of its objects.`;
  static override examples = [
    { description: "List all staged data", command: "<%= config.bin %> stage list" },
    {
      description: "List the entries of a sweep",
      command: "<%= config.bin %> stage list --sweep-id sweep-xyz789",
    },
    {
      description: "List the entries with a copy in a region",
      command: "<%= config.bin %> stage list --region us-west-2",
    },
    {
      description: "List the ten largest entries",
      command: "<%= config.bin %> stage list --sort size --limit 10",
    },
    {
      description: "List the entries that expire first",
      command: "<%= config.bin %> stage list --sort expires",
    },
    {
      description: "Check the data of a sweep in every region",
      command: "<%= config.bin %> stage list --sweep-id sweep-xyz789 --verify",
    },
    {
      description: "List interrupted uploads",
      command: "<%= config.bin %> stage list --incomplete",
    },
    {
      description: "Export everything to another program",
      command: "<%= config.bin %> stage list --format json > staging.json",
    },
    {
      description: "Export everything to a spreadsheet",
      command: "<%= config.bin %> stage list --format csv > staging.csv",
    },
  ];

  static override flags = {
    "sweep-id": Flags.string({ summary: "List only data of this sweep.", helpValue: "ID" }),
    region: Flags.string({ summary: "List only data with a copy in this region.", helpValue: "REGION" }),
    incomplete: Flags.boolean({
      summary: "List unfinished uploads with their progress.",
      description:
        "Includes those of other machines that share the state in a folder or a bucket. Resume an upload with spawn stage resume, or delete it with spawn stage delete.",
      default: false,
    }),
    verify: Flags.boolean({
      summary: "Check every region of each entry.",
      description: "spawn stage repair replaces missing and different copies.",
      default: false,
      exclusive: ["incomplete"],
    }),
    sort: Flags.string({
      summary: "Sort key.",
      default: "uploaded",
      helpValue: SORTS.join("|"),
    }),
    reverse: Flags.boolean({ summary: "Reverse the order.", default: false }),
    limit: Flags.integer({ summary: "Maximum number of entries.", min: 1, helpValue: "N" }),
    format: listFormatFlag({
      description:
        "json and yaml print the metadata; --json adds an envelope with a status and warnings. csv has one row per entry; see --raw.",
    }),
    raw: rawFlag,
  };

  async run(): Promise<ListedMetadata[] | IncompleteMetadata[] | undefined> {
    const { flags } = await this.parse(StageList);
    const filter: RecordFilter = {
      sweepId: ifGiven(flags["sweep-id"], parseSweepId),
      region: ifGiven(flags.region, parseRegion),
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
    const listed = new Map<string, string>();
    const listing: Listing = { filter, order, now, deleting, check, form, listed };
    const result = await this.#print(tables, listing, flags.format);
    for (const warning of damaged.warnings) this.incomplete(warning);
    const isWhole = filter.sweepId === undefined && filter.region === undefined;
    await updateKnownIds(context, "entries", {
      add: listed,
      isComplete: isWhole && order.limit === undefined,
    });
    if (isWhole) {
      const inState = (entries: readonly EntrySpec[]) => this.#itemsInStack(context, entries);
      const expired = await expiredDeclared(context, tables, now, inState, (error) => this.incomplete(error));
      for (const entry of expired) this.warn(describeExpired(entry, context.environmentName));
    }
    return result;
  }

  async #print(tables: Tables, listing: Listing, format: Format): Promise<ListedMetadata[] | undefined> {
    if (this.jsonEnabled()) return await allOf(this.#metadata(tables, listing));
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

  /** There are few: each is an interrupted command. */
  async #unfinished(
    context: Context,
    filter: RecordFilter,
    { sort, reverse, limit }: ListOrder,
    { format, form }: { readonly format: Format; readonly form: CsvForm },
  ): Promise<IncompleteMetadata[] | undefined> {
    if (sort !== "uploaded") {
      throw new InputError(`--incomplete cannot be sorted by ${sort}`, {
        why: "Unfinished uploads are listed by their start.",
        fix: this.suggested(`spawn stage list --incomplete${reverse ? " --reverse" : ""}`),
      });
    }
    // Refuses the tables of another environment, whose uploads these would be.
    await context.tables();
    const all = await listIncompleteMetadata(context, filter, (error) => this.incomplete(error));
    const entries = (reverse ? all.reverse() : all).slice(0, limit);
    if (format === "csv") await writeData(renderIncompleteCsv(entries, form));
    else if (format !== "table" || entries.length > 0)
      return await this.print(entries, format, () => renderTable(INCOMPLETE_COLUMNS, entries));
    else this.note("No upload is incomplete.");
    return this.jsonEnabled() ? entries : undefined;
  }

  #metadata(
    tables: Tables,
    { filter, order, now, deleting, check, listed }: Listing,
  ): AsyncGenerator<ListedMetadata[]> {
    const onMalformed = (error: UserError) => this.incomplete(error);
    const pages = listMetadataPages(tables, filter, order, now, onMalformed, deleting, check);
    return collecting(pages, ({ staging_id, filename }) => [staging_id, filename], listed);
  }

  async #table(tables: Tables, { filter, order, now, deleting, check, listed }: Listing): Promise<void> {
    const records = sortedRecordPages(tables, filter, order, (error) => this.incomplete(error));
    const pages = collecting(records, ({ stagingId, filename }) => [stagingId, filename], listed);
    const data = check === undefined ? undefined : { column: DATA_COLUMN, rows: check };
    const count = await writeTable(pages, listingColumns(now, deleting), writeOut, data);
    if (count > 0) return;
    const filtered = filter.sweepId !== undefined || filter.region !== undefined;
    this.note(
      filtered
        ? "No entry matches."
        : `Nothing is staged. To stage a file: ${this.suggested("spawn stage upload PATH")}`,
    );
  }

  /** The list is complete without them. */
  async #itemsInStack(context: Context, entries: readonly EntrySpec[]): ReturnType<typeof itemsInStack> {
    try {
      return await itemsInStack(context, entries);
    } catch (error) {
      const known = error instanceof UserError ? error : explainAwsError(error, context.at);
      if (known === undefined) throw error;
      this.warn(known);
      return new Map();
    }
  }
}

/** A check that records damaged entries. */
function noting(damaged: DamagedEntries, check: CheckPage): CheckPage {
  return async function* (page) {
    for await (const checked of check(page)) {
      for (const record of checked) damaged.add(record);
      yield checked;
    }
  };
}
