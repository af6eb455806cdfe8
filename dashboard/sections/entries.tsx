import { useState } from "preact/hooks";
import { formatInteger } from "../../staging/units.ts";
import type { Entries, Entry, Part, Presence } from "../snapshot.ts";
import { plural } from "../text.ts";
import { Command, Empty, Section } from "../widgets.tsx";
import { EntryRow } from "./entry-row.tsx";

/** The others appear on request. */
const SHOWN = 50;

type Sort = "name" | "size" | "uploaded" | "expires";

const COMPARISONS: Readonly<Record<Sort, (a: Entry, b: Entry) => number>> = {
  name: (a, b) => a.name.localeCompare(b.name, "en", { numeric: true }),
  size: (a, b) => b.sizeBytes - a.sizeBytes,
  uploaded: (a, b) => b.uploadedAt.localeCompare(a.uploadedAt),
  expires: (a, b) => a.expiresAt.localeCompare(b.expiresAt),
};

/** The direction of the order of {@link COMPARISONS}. */
const DIRECTIONS = {
  name: "ascending",
  size: "descending",
  uploaded: "descending",
  expires: "ascending",
} as const;

interface EntriesProps {
  readonly part: Part<Entries>;
  readonly presence: Part<Presence>;
}

/** The staged data, with the time left and the state in each region. */
export function EntriesSection({ part, presence }: EntriesProps) {
  const [filter, setFilter] = useState("");
  const [sort, setSort] = useState<Sort>("uploaded");
  const [showsAll, setShowsAll] = useState(false);
  return (
    <Section id="entries" title="Entries" part={part}>
      {({ entries, more }) => {
        const matching = entries.filter((entry) => matches(entry, filter)).sort(COMPARISONS[sort]);
        const shown = matching.slice(0, showsAll ? undefined : SHOWN);
        if (entries.length === 0)
          return (
            <Empty>
              Nothing is staged. To stage a file: <Command text="spawn stage upload FILE" />
            </Empty>
          );
        return (
          <>
            <div class="filter">
              <label for="filter">Filter by name, ID, region or sweep</label>
              <input
                id="filter"
                type="search"
                autocomplete="off"
                spellcheck={false}
                value={filter}
                onInput={(event) => setFilter(event.currentTarget.value)}
              />
              <p class="soft" role="status">
                {matching.length === entries.length
                  ? plural(entries.length, "entry", "entries")
                  : `${formatInteger(matching.length)} of ${formatInteger(entries.length)} entries`}
              </p>
            </div>
            {matching.length === 0 ? (
              <Empty>No entry matches.</Empty>
            ) : (
              <EntryTable entries={shown} presence={presence.value} sort={sort} onSort={setSort} />
            )}
            {matching.length > shown.length && (
              <button type="button" class="more" onClick={() => setShowsAll(true)}>
                Show all {formatInteger(matching.length)} entries
              </button>
            )}
            {more && shown.length === matching.length && (
              <p class="soft">
                The newest {formatInteger(entries.length)} entries. All of them:{" "}
                <Command text="spawn stage list" />
              </p>
            )}
          </>
        );
      }}
    </Section>
  );
}

function matches({ id, name, regions, sweepId }: Entry, filter: string): boolean {
  const wanted = filter.trim().toLowerCase();
  return [id, name, ...regions, sweepId ?? ""].some((text) => text.toLowerCase().includes(wanted));
}

interface TableProps {
  readonly entries: readonly Entry[];
  readonly presence: Presence | null;
  readonly sort: Sort;
  readonly onSort: (sort: Sort) => void;
}

function EntryTable({ entries, presence, sort, onSort }: TableProps) {
  const head = (key: Sort, title: string, className = "") => (
    <th scope="col" class={className} aria-sort={sort === key ? DIRECTIONS[key] : "none"}>
      <button type="button" onClick={() => onSort(key)}>
        {title}
        <span class="arrow" aria-hidden="true">
          {sort === key ? (DIRECTIONS[key] === "ascending" ? "↑" : "↓") : ""}
        </span>
      </button>
    </th>
  );
  return (
    <table class="entries">
      <caption class="hidden">Staged data</caption>
      <thead>
        <tr>
          {head("name", "Entry")}
          {head("size", "Size", "number wide")}
          <th scope="col" class="wide">
            Regions
          </th>
          {head("uploaded", "Uploaded", "wide")}
          {head("expires", "Time left", "left")}
        </tr>
      </thead>
      <tbody>
        {entries.map((entry) => (
          <EntryRow key={entry.id} entry={entry} presence={presence} />
        ))}
      </tbody>
    </table>
  );
}
