import { useEffect, useMemo } from "preact/hooks";
import { formatBytes, formatInteger } from "../../staging/units.ts";
import { Rates } from "../rates.ts";
import type { Part, Transfer } from "../snapshot.ts";
import { arrivedShare } from "../summary.ts";
import { percentText } from "../text.ts";
import { durationText, utcText } from "../time.ts";
import { Badge, Command, Empty, Progress, Section } from "../widgets.tsx";

const STATES = {
  uploading: { kind: "run", text: "Uploading" },
  interrupted: { kind: "warn", text: "Interrupted" },
  deleting: { kind: "end", text: "Deleting" },
} as const;

/** Uploads that have begun on this machine and have not ended, with the arrived bytes in each region. */
export function TransfersSection({ part }: { readonly part: Part<readonly Transfer[]> }) {
  const rates = useMemo(() => new Rates(), []);
  useEffect(() => {
    if (part.value !== null && part.readAt !== null) rates.add(part.value, Date.parse(part.readAt));
  }, [part, rates]);
  return (
    <Section id="transfers" title="Transfers" note="Unfinished uploads" part={part}>
      {(transfers) =>
        transfers.length === 0 ? (
          <Empty>
            No upload is running. To stage a file: <Command text="spawn stage upload FILE" />
          </Empty>
        ) : (
          <ul class="items">
            {transfers.map((transfer) => (
              <TransferItem key={transfer.id} transfer={transfer} rates={rates} />
            ))}
          </ul>
        )
      }
    </Section>
  );
}

function TransferItem({ transfer, rates }: { readonly transfer: Transfer; readonly rates: Rates }) {
  const { id, name, sizeBytes, fileCount, state, startedAt, host, source } = transfer;
  const { kind, text } = STATES[state];
  return (
    <li class="item">
      <div class="item-head">
        <h3 title={source}>{name}</h3>
        <Badge kind={kind}>{text}</Badge>
      </div>
      <p class="facts">
        <code>{id}</code>
        <span>{formatBytes(sizeBytes)}</span>
        {fileCount > 1 && <span>{formatInteger(fileCount)} files</span>}
        <span>
          started <time dateTime={startedAt}>{utcText(startedAt)}</time>
        </span>
        {host !== "" && <span>on {host}</span>}
      </p>
      <ul class="bars">
        {transfer.regions.map((region) => (
          <RegionBar
            key={region.region}
            transfer={transfer}
            region={region}
            rate={rates.of(id, region.region)}
          />
        ))}
      </ul>
      {state === "interrupted" && (
        <p class="soft">
          To resume it: <Command text={`spawn stage resume ${id}`} />
        </p>
      )}
    </li>
  );
}

interface RegionBarProps {
  readonly transfer: Transfer;
  readonly region: Transfer["regions"][number];
  /** Bytes per second. */
  readonly rate: number | undefined;
}

function RegionBar({ transfer, region, rate }: RegionBarProps) {
  const share = arrivedShare(transfer, region);
  const isMoving = transfer.state === "uploading" && rate !== undefined && rate > 0 && share !== 1;
  const left = isMoving ? (transfer.sizeBytes - (region.bytes ?? 0)) / rate : undefined;
  return (
    <li class="bar-row">
      <span class="bar-name">{region.region}</span>
      <Progress
        label={`${transfer.name} in ${region.region}`}
        share={share}
        kind={transfer.state === "uploading" ? "run" : "end"}
      />
      <span class="bar-value">{share === undefined ? "–" : percentText(share)}</span>
      <span class="bar-note soft">
        {region.bytes === null ? "no response" : formatBytes(region.bytes)}
        {transfer.fileCount > 1 && region.files !== null && ` · ${formatInteger(region.files)} files`}
        {isMoving && ` · ${formatBytes(Math.round(rate))}/s`}
        {left !== undefined && ` · ${durationText(left * 1_000)} left`}
      </span>
    </li>
  );
}
