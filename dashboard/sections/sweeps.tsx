import { useState } from "preact/hooks";
import { formatInteger } from "../../staging/units.ts";
import type { Counts, Part, Sweep, Sweeps } from "../snapshot.ts";
import { endedOf } from "../summary.ts";
import { percentText } from "../text.ts";
import { utcText } from "../time.ts";
import { Badge, Command, Empty, Section } from "../widgets.tsx";
import { FailedIndices } from "./failures.tsx";

/** The others appear on request. */
const SHOWN = 8;

const STATES = {
  starting: { kind: "wait", text: "Starting" },
  running: { kind: "run", text: "Running" },
  succeeded: { kind: "ok", text: "Succeeded" },
  failed: { kind: "bad", text: "Failed" },
  cancelled: { kind: "end", text: "Cancelled" },
  overdue: { kind: "warn", text: "Overdue" },
} as const;

/** In the order of the bar. */
const COUNTS = ["done", "failed", "cancelled", "running", "pending"] as const;

/** Sweeps with their progress in each region. */
export function SweepsSection({ part }: { readonly part: Part<Sweeps> }) {
  const [showsAll, setShowsAll] = useState(false);
  return (
    <Section id="sweeps" title="Sweeps" part={part} note="The newest first">
      {({ sweeps, more }) => (
        <>
          {sweeps.length === 0 && (
            <Empty>
              There is no sweep. To launch one: <Command text="spawn launch --params sweep.yaml" />
            </Empty>
          )}
          <ul class="items">
            {sweeps.slice(0, showsAll ? undefined : SHOWN).map((sweep) => (
              <SweepItem key={sweep.id} sweep={sweep} />
            ))}
          </ul>
          {sweeps.length > SHOWN && !showsAll && (
            <button type="button" class="more" onClick={() => setShowsAll(true)}>
              Show all {sweeps.length} sweeps
            </button>
          )}
          {more && (showsAll || sweeps.length <= SHOWN) && (
            <p class="soft">
              Older sweeps: <Command text="spawn sweep list" />
            </p>
          )}
        </>
      )}
    </Section>
  );
}

function SweepItem({ sweep }: { readonly sweep: Sweep }) {
  const { id, name, state, count, total, regions, createdAt, deadlineAt } = sweep;
  const { kind, text } = STATES[state];
  const isOpen = state === "running" || state === "starting" || state === "overdue";
  return (
    <li class="item">
      <div class="item-head">
        <h3>{name}</h3>
        <Badge kind={kind}>{text}</Badge>
      </div>
      <p class="facts">
        <code>{id}</code>
        <span>
          launched <time dateTime={createdAt}>{utcText(createdAt)}</time>
        </span>
        {isOpen && (
          <span>
            deadline <time dateTime={deadlineAt}>{utcText(deadlineAt)}</time>
          </span>
        )}
      </p>
      <CountBar label={`${name}, all regions`} counts={total} count={count} />
      <p class="legend">
        {COUNTS.filter((one) => total[one] > 0).map((one) => (
          <span key={one} class={`count ${one}`}>
            {formatInteger(total[one])} {one}
          </span>
        ))}
        <span class="soft">of {formatInteger(count)}</span>
      </p>
      {regions.length > 1 || isOpen ? (
        <details open={isOpen}>
          <summary>{regions.length === 1 ? "1 region" : `${regions.length} regions`}</summary>
          <ul class="bars">
            {regions.map((region) => (
              <li key={region.region} class="bar-row">
                <span class="bar-name">{region.region}</span>
                <CountBar
                  label={`${name} in ${region.region}`}
                  counts={region}
                  count={endedOf(region) + region.running + region.pending}
                />
                <span class="bar-value">
                  {endedOf(region)}/{endedOf(region) + region.running + region.pending}
                </span>
                <span class="bar-note soft">
                  {region.failed > 0 && `${region.failed} failed · `}
                  {region.alive}/{region.workers} {region.workers === 1 ? "worker" : "workers"}
                </span>
              </li>
            ))}
          </ul>
        </details>
      ) : null}
      {total.failed > 0 && <FailedIndices sweep={sweep} />}
    </li>
  );
}

interface CountBarProps {
  readonly label: string;
  readonly counts: Counts;
  readonly count: number;
}

/** A bar with a part for each count. Its value for screen readers is the text. */
function CountBar({ label, counts, count }: CountBarProps) {
  const share = count === 0 ? 0 : endedOf(counts) / count;
  const texts = COUNTS.filter((one) => counts[one] > 0).map((one) => `${counts[one]} ${one}`);
  return (
    <div
      class="counts"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={count}
      aria-valuenow={endedOf(counts)}
      aria-valuetext={`${percentText(share)}: ${texts.join(", ")}`}
    >
      {COUNTS.filter((one) => counts[one] > 0).map((one) => (
        <span key={one} class={one} style={{ flexGrow: counts[one] }} />
      ))}
    </div>
  );
}
