import type { ComponentChildren } from "preact";
import { usePage } from "./page-context.ts";
import type { Part, Problem } from "./snapshot.ts";

type Kind = "ok" | "run" | "wait" | "warn" | "bad" | "end";

/** Each kind has its own shape, so that no meaning depends on a colour. */
const SHAPES: Readonly<Record<Kind, string>> = {
  ok: "M3 8.5l3.2 3.2L13 4.8",
  run: "M4.5 3.2v9.6L12.5 8z",
  wait: "M8 4v4.2l2.8 1.8",
  warn: "M8 3.2v6M8 12.4v.4",
  bad: "M4 4l8 8M12 4l-8 8",
  end: "M3.5 8h9",
};

/** A decorative sign beside a text. */
export const Mark = ({ kind }: { readonly kind: Kind }) => (
  <svg class={`mark ${kind}`} viewBox="0 0 16 16" aria-hidden="true">
    <path d={SHAPES[kind]} />
  </svg>
);

/** A state with its sign. */
export const Badge = ({ kind, children }: { readonly kind: Kind; readonly children: ComponentChildren }) => (
  <span class={`badge ${kind}`}>
    <Mark kind={kind} />
    {children}
  </span>
);

/** A command for the user, for this environment. */
export function Command({ text }: { readonly text: string }) {
  const { about } = usePage();
  return <code class="command">{text + about.commandEnd}</code>;
}

/** An error: the message, its cause, and its fix. */
export const ProblemText = ({ problem: { message, why, fix } }: { readonly problem: Problem }) => (
  <>
    <strong>{sentence(message)}</strong>
    {why !== undefined && <span> {sentence(why)}</span>}
    {fix !== undefined && (
      <span class="fix">
        {" "}
        Fix: <code class="command">{fix}</code>
      </span>
    )}
  </>
);

const sentence = (text: string): string => {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
};

interface SectionProps<T> {
  readonly id: string;
  readonly title: string;
  /** Beside the title. */
  readonly note?: ComponentChildren;
  readonly part: Part<T>;
  readonly children: (value: T) => ComponentChildren;
}

/** A section with the value of a part: also while it is being read, and when it cannot be read. */
export function Section<T>({ id, title, note, part, children }: SectionProps<T>) {
  const { value, error } = part;
  return (
    <section id={id} class="card" aria-labelledby={`${id}-title`}>
      <div class="card-head">
        <h2 id={`${id}-title`}>{title}</h2>
        {note !== undefined && <p class="note">{note}</p>}
      </div>
      {error !== null && (
        <p class="problem" role="alert">
          <Mark kind="bad" />
          <span>
            {value !== null && "This may be out of date. "}
            <ProblemText problem={error} />
          </span>
        </p>
      )}
      {value !== null && children(value)}
      {value === null && error === null && <p class="reading">Reading…</p>}
    </section>
  );
}

/** The text of a section without items. */
export const Empty = ({ children }: { readonly children: ComponentChildren }) => (
  <p class="empty">{children}</p>
);

interface ProgressProps {
  readonly label: string;
  /** From 0 to 1; undefined if it is not known. */
  readonly share: number | undefined;
  readonly kind?: "run" | "end";
}

/** A progress bar with a label for screen readers. */
export const Progress = ({ label, share, kind = "run" }: ProgressProps) =>
  share === undefined ? (
    <progress class="unknown" aria-label={label} max={1} />
  ) : (
    <progress class={kind} aria-label={label} max={1} value={share} />
  );
