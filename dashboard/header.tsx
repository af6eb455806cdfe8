import { usePage, useTimed } from "./page-context.ts";
import { type About, PART_NAMES, type Parts } from "./snapshot.ts";
import type { Connection } from "./source.ts";
import { clockText, durationText, utcText } from "./time.ts";
import { Command, Mark } from "./widgets.tsx";

const SECTIONS = [
  ["transfers", "Transfers"],
  ["sweeps", "Sweeps"],
  ["cost", "Cost"],
  ["regions", "Regions"],
  ["entries", "Entries"],
] as const;

const STATUS: Readonly<
  Record<Connection, { readonly mark: "run" | "wait" | "bad" | "end"; readonly text: string }>
> = {
  connecting: { mark: "wait", text: "Connecting" },
  live: { mark: "run", text: "Live" },
  lost: { mark: "bad", text: "Connection lost" },
  ended: { mark: "end", text: "Ended" },
  saved: { mark: "end", text: "Saved copy" },
};

interface HeaderProps {
  readonly about: About;
  readonly connection: Connection;
  readonly parts: Parts;
}

export function Header({ about, connection, parts }: HeaderProps) {
  const { mark, text } = STATUS[connection];
  return (
    <header class="top">
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <div class="top-row">
        <h1>
          <span class="brand">spawn</span> <span class="environment">{about.environment}</span>
          {about.cloud === "local" && <span class="pill">local cloud</span>}
        </h1>
        <p class="status">
          <span role="status">
            <Mark kind={mark} /> {text}
          </span>
          <Freshness connection={connection} parts={parts} />
        </p>
      </div>
      <nav aria-label="Sections">
        <ul>
          {SECTIONS.map(([id, title]) => (
            <li key={id}>
              <a href={`#${id}`}>{title}</a>
            </li>
          ))}
        </ul>
      </nav>
    </header>
  );
}

/** The time of the latest read of any part. */
function latestRead(parts: Parts): string | undefined {
  return PART_NAMES.map((name) => parts[name].readAt)
    .filter((time) => time !== null)
    .sort()
    .at(-1);
}

function Freshness({ connection, parts }: Pick<HeaderProps, "connection" | "parts">) {
  const { source } = usePage();
  const latest = latestRead(parts);
  const age = useTimed((now) =>
    latest === undefined
      ? ""
      : durationText(Math.max(0, Math.floor((now - Date.parse(latest)) / 1_000) * 1_000)),
  );
  if (connection === "saved")
    return <span class="soft"> from {utcText(new Date(source.now()).toISOString())}</span>;
  if (latest === undefined) return null;
  return (
    <span class="soft fresh">
      {connection === "live" ? ` read ${age} ago` : ` state of ${clockText(latest)}`}
    </span>
  );
}

/** Explains a lost connection, and how to continue. */
export function Banner({ connection, parts }: Pick<HeaderProps, "connection" | "parts">) {
  if (connection !== "lost" && connection !== "ended") return null;
  const latest = latestRead(parts);
  const shown = latest === undefined ? "" : ` The page shows the state of ${clockText(latest)}.`;
  return (
    <div class="banner" role="alert">
      <strong>
        {connection === "lost" ? "The connection to spawn is lost." : "The dashboard has ended."}
      </strong>
      {shown}
      {connection === "lost" && " It tries to reconnect."} To start it again:{" "}
      <Command text="spawn dashboard" />
    </div>
  );
}
