import { useEffect, useMemo, useState } from "preact/hooks";
import { formatBytes } from "../../staging/units.ts";
import type { Cost, DayCost, Part } from "../snapshot.ts";
import { totalOf } from "../summary.ts";
import { axisText, moneyText, niceMaximum } from "../text.ts";
import { dayText } from "../time.ts";
import { Command, Empty, Section } from "../widgets.tsx";

/** From the bottom of a bar to its top. */
const KINDS = ["storage", "replication", "requests"] as const;
const NAMES = { storage: "Storage", replication: "Replication", requests: "Requests" } as const;

/** The unit of the chart is about a pixel. */
const WIDE = { width: 640, height: 190, labels: 6 } as const;
const NARROW = { width: 330, height: 170, labels: 4 } as const;
const MARGIN = { top: 12, bottom: 24, left: 56 } as const;

/** The cost of each of the last 30 days. */
export function CostSection({ part }: { readonly part: Part<Cost> }) {
  return (
    <Section id="cost" title="Cost per day" part={part} note="The last 30 days">
      {(cost) => (
        <>
          {cost.total === 0 ? <Empty>Nothing was staged in this period.</Empty> : <DayCosts cost={cost} />}
          <Unfinished cost={cost} />
        </>
      )}
    </Section>
  );
}

function DayCosts({ cost: { days, total, prices } }: { readonly cost: Cost }) {
  const kinds = KINDS.filter((kind) => days.some((day) => day[kind] > 0));
  return (
    <>
      <p class="legend">
        {kinds.map((kind) => (
          <span key={kind} class={`count ${kind}`}>
            {NAMES[kind]}
          </span>
        ))}
        <span class="soft">
          {moneyText(total)} in all,{" "}
          {prices === "guide" ? "at the prices of the user guide" : "at AWS list prices"}
        </span>
      </p>
      <Chart days={days} />
      <details>
        <summary>Costs as a table</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must scroll it */}
        <section class="scroll" tabIndex={0} aria-label="Costs as a table">
          <table>
            <caption>Cost per day, the newest first</caption>
            <thead>
              <tr>
                <th scope="col">Day</th>
                {kinds.map((kind) => (
                  <th key={kind} scope="col" class="number">
                    {NAMES[kind]}
                  </th>
                ))}
                <th scope="col" class="number">
                  Total
                </th>
              </tr>
            </thead>
            <tbody>
              {days.toReversed().map((day) => (
                <tr key={day.date}>
                  <th scope="row">
                    <time dateTime={day.date}>{day.date}</time>
                  </th>
                  {kinds.map((kind) => (
                    <td key={kind} class="number">
                      {moneyText(day[kind])}
                    </td>
                  ))}
                  <td class="number">{moneyText(totalOf(day))}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      </details>
    </>
  );
}

/** Stacked bars. Screen readers read the table. */
function Chart({ days }: { readonly days: readonly DayCost[] }) {
  const { width, height, labels } = useNarrow() ? NARROW : WIDE;
  const { top, bottom, left } = MARGIN;
  const highest = niceMaximum(Math.max(...days.map(totalOf)));
  const step = (width - left) / Math.max(1, days.length);
  const scale = (height - top - bottom) / highest;
  const base = height - bottom;
  const labelled = Math.ceil(days.length / labels);
  return (
    <svg class="chart" viewBox={`0 0 ${width} ${height}`} role="img" aria-label="Cost per day as a bar chart">
      {[0, 0.5, 1].map((part) => (
        <g key={part}>
          <line
            class="grid"
            x1={left}
            x2={width}
            y1={base - part * highest * scale}
            y2={base - part * highest * scale}
          />
          <text class="axis" x={left - 8} y={base - part * highest * scale + 4} text-anchor="end">
            {axisText(part * highest)}
          </text>
        </g>
      ))}
      {days.map((day, at) => {
        let y = base;
        return (
          <g key={day.date}>
            <title>{`${day.date}: ${moneyText(totalOf(day))}`}</title>
            <rect class="hit" x={left + at * step} y={top} width={step} height={base - top} />
            {KINDS.filter((kind) => day[kind] > 0).map((kind) => {
              const size = day[kind] * scale;
              y -= size;
              return (
                <rect
                  key={kind}
                  class={kind}
                  x={left + at * step + step * 0.14}
                  y={y}
                  width={step * 0.72}
                  height={size}
                />
              );
            })}
            {(days.length - 1 - at) % labelled === 0 && (
              <text
                class="axis"
                x={at === days.length - 1 ? width : left + (at + 0.5) * step}
                y={height - 6}
                text-anchor={at === days.length - 1 ? "end" : "middle"}
              >
                {dayText(day.date)}
              </text>
            )}
          </g>
        );
      })}
    </svg>
  );
}

function Unfinished({ cost: { unfinished } }: { readonly cost: Cost }) {
  if (unfinished.count === 0) return null;
  return (
    <p class="soft">
      Unfinished uploads and remains hold {formatBytes(unfinished.bytes)} for {moneyText(unfinished.perDay)}{" "}
      per day. The costs above do not include them. To find them: <Command text="spawn stage cost" />
    </p>
  );
}

/** Whether the page is as narrow as a phone. */
function useNarrow(): boolean {
  const query = useMemo(() => matchMedia("(max-width: 620px)"), []);
  const [isNarrow, setIsNarrow] = useState(query.matches);
  useEffect(() => {
    const update = (): void => setIsNarrow(query.matches);
    query.addEventListener("change", update);
    return () => query.removeEventListener("change", update);
  }, [query]);
  return isNarrow;
}
