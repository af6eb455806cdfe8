import type { ComponentChildren } from "preact";
import { formatBytes, formatInteger } from "../../staging/units.ts";
import { useTimed } from "../page-context.ts";
import type { Entries, Part, Parts, Presence } from "../snapshot.ts";
import { hasDamage, totalOf } from "../summary.ts";
import { moneyText, plural } from "../text.ts";
import { expiryOf } from "../time.ts";

/** The most important figures, each with a link to its section. */
export function TilesSection({ parts }: { readonly parts: Parts }) {
  const { transfers, sweeps, cost } = parts;
  return (
    <section class="tiles" aria-label="Overview">
      <Tile section="transfers" title="Transfers" part={transfers}>
        {(all) => {
          const running = all.filter(({ state }) => state === "uploading").length;
          const others = all.filter(({ state }) => state === "interrupted").length;
          return [String(running), others === 0 ? "uploading" : `uploading · ${others} interrupted`];
        }}
      </Tile>
      <Tile section="sweeps" title="Sweeps" part={sweeps}>
        {({ sweeps: all, more }) => {
          const running = all.filter(({ state }) => state === "running" || state === "starting");
          const failed = running.reduce((sum, { total }) => sum + total.failed, 0);
          const note =
            failed > 0 ? `running, ${plural(failed, "failed index", "failed indices")}` : "running";
          return [String(running.length), `${note} · ${formatInteger(all.length)}${more ? "+" : ""} in all`];
        }}
      </Tile>
      <EntriesTile part={parts.entries} presence={parts.presence} />
      <Tile section="cost" title="Cost, 30 days" part={cost}>
        {({ total, days }) => {
          const today = days.at(-1);
          return [moneyText(total), `${moneyText(today === undefined ? 0 : totalOf(today))} today`];
        }}
      </Tile>
    </section>
  );
}

function EntriesTile({
  part,
  presence,
}: {
  readonly part: Part<Entries>;
  readonly presence: Part<Presence>;
}) {
  const note = useTimed((now) => {
    const all = part.value?.entries ?? [];
    const damaged = all.filter((entry) => hasDamage(entry, presence.value, now)).length;
    const expiring = all.filter((entry) => expiryOf(entry, now) === "expiring").length;
    return [
      formatBytes(all.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)),
      ...(damaged > 0 ? [`${formatInteger(damaged)} damaged`] : []),
      ...(expiring > 0 ? [`${formatInteger(expiring)} expiring`] : []),
    ].join(" · ");
  });
  return (
    <Tile section="entries" title="Entries" part={part}>
      {({ entries, more }) => [`${formatInteger(entries.length)}${more ? "+" : ""}`, note]}
    </Tile>
  );
}

interface TileProps<T> {
  readonly section: string;
  readonly title: string;
  readonly part: Part<T>;
  /** The figure, and a note below it. */
  readonly children: (value: T) => readonly [string, ComponentChildren];
}

function Tile<T>({ section, title, part: { value, error }, children }: TileProps<T>) {
  const [figure, note] =
    value === null ? ["–", error === null ? "reading…" : "cannot be read"] : children(value);
  return (
    <a class="tile" href={`#${section}`}>
      <span class="tile-title">{title}</span>
      <strong>{figure}</strong>
      <span class="soft">{note}</span>
    </a>
  );
}
