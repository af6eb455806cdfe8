import { formatBytes, formatInteger } from "../../staging/units.ts";
import { usePage } from "../page-context.ts";
import type { Parts } from "../snapshot.ts";
import { summariseRegions } from "../summary.ts";
import { moneyText } from "../text.ts";
import { clockText } from "../time.ts";
import { Badge, Section } from "../widgets.tsx";

/** The data and the cost of each region. */
export function RegionsSection({ parts: { entries, presence, cost } }: { readonly parts: Parts }) {
  const { about, source } = usePage();
  const checked = presence.readAt === null ? "not checked yet" : `checked at ${clockText(presence.readAt)}`;
  return (
    <Section
      id="regions"
      title="Regions"
      part={{ ...entries, error: presence.error ?? entries.error }}
      note={checked}
    >
      {({ entries: all }) => (
        <table>
          <caption class="hidden">Data and cost of each region</caption>
          <thead>
            <tr>
              <th scope="col">Region</th>
              <th scope="col" class="number">
                Entries
              </th>
              <th scope="col" class="number">
                Size
              </th>
              <th scope="col" class="number">
                Cost<span class="wide">, 30 days</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {summariseRegions(about.regions, all, presence.value, source.now()).map((row) => (
              <tr key={row.region}>
                <th scope="row">
                  {row.region}
                  <small>{row.bucket}</small>
                  {row.damaged > 0 && <Badge kind="bad">{formatInteger(row.damaged)} damaged</Badge>}
                </th>
                <td class="number">{formatInteger(row.entries)}</td>
                <td class="number">{formatBytes(row.bytes)}</td>
                <td class="number">
                  {cost.value === null ? "–" : moneyText(cost.value.regions[row.region] ?? 0)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Section>
  );
}
