import { formatBytes, formatInteger } from "../../staging/units.ts";
import { usePage, useTimed } from "../page-context.ts";
import type { Entry, Presence } from "../snapshot.ts";
import { isDamaged, presenceIn } from "../summary.ts";
import { durationText, expiryOf, shareLeft, utcText } from "../time.ts";
import { Badge, Command, Mark } from "../widgets.tsx";

interface EntryProps {
  readonly entry: Entry;
  readonly presence: Presence | null;
}

/** A row of the entries' table. Narrow pages show its size and regions in the first cell. */
export function EntryRow({ entry, presence }: EntryProps) {
  const { id, name, kind, fileCount, sizeBytes, uploadedAt, sweepId } = entry;
  const size = formatBytes(sizeBytes);
  return (
    <tr>
      <th scope="row">
        <span class="name">{name}</span>
        <span class="facts">
          <code>{id}</code>
          <span class="narrow">{size}</span>
          {kind === "directory" && <span>{formatInteger(fileCount)} files</span>}
          {sweepId !== null && <span>sweep {sweepId}</span>}
        </span>
        <span class="narrow">
          <Regions entry={entry} presence={presence} />
        </span>
      </th>
      <td class="number wide">{size}</td>
      <td class="wide">
        <Regions entry={entry} presence={presence} />
      </td>
      <td class="wide">
        <time dateTime={uploadedAt} title={utcText(uploadedAt)}>
          {uploadedAt.slice(0, 10)}
        </time>
      </td>
      <td class="left">
        <TimeLeft entry={entry} />
      </td>
    </tr>
  );
}

/** The regions of an entry; damaged ones with a sign and a text. */
function Regions({ entry, presence }: EntryProps) {
  const { source } = usePage();
  const now = source.now();
  const found = entry.regions.map((region) => ({ region, there: presenceIn(entry, region, presence, now) }));
  return (
    <ul class="regions">
      {found.map(({ region, there }) => (
        <li key={region} title={there?.why ?? undefined}>
          {there === undefined ? null : <Mark kind={isDamaged(there) ? "bad" : "ok"} />}
          {region}
          {there === undefined && <span class="hidden">, not checked</span>}
          {there?.state === "whole" && <span class="hidden">, complete</span>}
          {isDamaged(there) && (
            <strong> {there?.state === "unreachable" ? "not reachable" : there?.state}</strong>
          )}
        </li>
      ))}
      {found.some(({ there }) => there?.state === "missing" || there?.state === "different") && (
        <li class="repair">
          <Command text={`spawn stage repair ${entry.id}`} />
        </li>
      )}
    </ul>
  );
}

/** The time left, updated every second, and its share of the TTL. */
function TimeLeft({ entry }: { readonly entry: Entry }) {
  const state = useTimed((now) => expiryOf(entry, now));
  const text = useTimed((now) => durationText(Math.max(0, Date.parse(entry.expiresAt) - now)));
  const share = useTimed((now) => Math.round(shareLeft(entry, now) * 200) / 200);
  const title = `Expires ${utcText(entry.expiresAt)}`;
  if (state === "deleting") return <Badge kind="end">Deleting</Badge>;
  if (state === "expired")
    return (
      <span title={title}>
        <Badge kind="end">Expired</Badge>
      </span>
    );
  return (
    <span class={`time-left ${state}`} title={title}>
      {state === "expiring" ? (
        <Badge kind="warn">{text}</Badge>
      ) : (
        <time dateTime={entry.expiresAt}>{text}</time>
      )}
      <meter min={0} max={1} value={share} aria-label={`Time left of ${entry.name}`} />
    </span>
  );
}
