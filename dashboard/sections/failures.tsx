import { useEffect, useState } from "preact/hooks";
import { formatBytes, formatInteger } from "../../staging/units.ts";
import { usePage } from "../page-context.ts";
import { type Failures, failuresName, type Log, logName, type Sweep } from "../snapshot.ts";
import { plural } from "../text.ts";
import { utcText } from "../time.ts";
import { Command } from "../widgets.tsx";

type Failure = Failures["failures"][number];

/** A detail that is requested when the user opens it. */
type Loaded<T> = { readonly value?: T; readonly error?: string };

/**
 * Requests a detail when `isWanted`, and again when `version` changes.
 * @param path relative to the page
 */
function useDetail<T>(path: string, isWanted: boolean, version: unknown): Loaded<T> {
  const { source } = usePage();
  const [loaded, setLoaded] = useState<Loaded<T>>({});
  useEffect(() => {
    if (!isWanted) return undefined;
    let isCurrent = true;
    source.detail<T>(path).then(
      (value) => isCurrent && setLoaded({ value }),
      (error: Error) => isCurrent && setLoaded((last) => ({ ...last, error: error.message })),
    );
    return () => {
      isCurrent = false;
    };
  }, [source, path, isWanted, version]);
  return loaded;
}

/** The failed indices of a sweep, closed at first. */
export function FailedIndices({ sweep: { id, total } }: { readonly sweep: Sweep }) {
  const [isOpen, setIsOpen] = useState(false);
  const { value, error } = useDetail<Failures>(failuresName(id), isOpen, total.failed);
  const title = plural(total.failed, "failed index", "failed indices");
  return (
    <details class="failures" onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary>{title}</summary>
      {error !== undefined && (
        <p class="problem" role="alert">
          The failed indices cannot be read: {error}
        </p>
      )}
      {isOpen && value === undefined && error === undefined && <p class="reading">Reading…</p>}
      {value !== undefined && (
        <>
          <ul>
            {value.failures.map((failure) => (
              <FailureItem key={`${failure.index}/${failure.attempt}`} sweepId={id} failure={failure} />
            ))}
          </ul>
          {value.total > value.failures.length && (
            <p class="soft">
              The first {value.failures.length} of {formatInteger(value.total)}. All of them:{" "}
              <Command text={`spawn sweep info ${id}`} />
            </p>
          )}
          <p class="soft">
            To retry them: <Command text={`spawn sweep retry ${id}`} />
          </p>
        </>
      )}
    </details>
  );
}

function FailureItem({ sweepId, failure }: { readonly sweepId: string; readonly failure: Failure }) {
  const { index, region, attempt, exitCode, error, endedAt } = failure;
  const [reason = "", ...output] = error.split("\n");
  const [isOpen, setIsOpen] = useState(false);
  return (
    <li class="failure">
      <div class="failure-head">
        <p>
          <strong>Index {index}</strong> {reason === "" ? "failed" : reason}
        </p>
        <button type="button" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
          {isOpen ? "Hide log" : "Log"}
          <span class="hidden"> of index {index}</span>
        </button>
      </div>
      <p class="facts">
        <span>{region}</span>
        <span>attempt {attempt}</span>
        {exitCode !== null && !reason.includes(`exit code ${exitCode}`) && <span>exit code {exitCode}</span>}
        <time dateTime={endedAt}>{utcText(endedAt)}</time>
      </p>
      {output.length > 0 && !isOpen && <pre class="tail">{output.join("\n")}</pre>}
      {isOpen && <LogText sweepId={sweepId} failure={failure} />}
    </li>
  );
}

function LogText({ sweepId, failure }: { readonly sweepId: string; readonly failure: Failure }) {
  const { value, error } = useDetail<Log>(logName(sweepId, failure), true, failure.endedAt);
  if (error !== undefined)
    return (
      <p class="problem" role="alert">
        The log cannot be read: {error}
      </p>
    );
  if (value === undefined) return <p class="reading">Reading…</p>;
  return (
    <>
      {value.omittedBytes > 0 && (
        <p class="soft">
          The last {formatBytes(value.sizeBytes - value.omittedBytes)} of {formatBytes(value.sizeBytes)}. All
          of it:{" "}
          <Command
            text={`spawn sweep logs ${sweepId} --index ${failure.index} --attempt ${failure.attempt}`}
          />
        </p>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must scroll it */}
      <section class="log" tabIndex={0} aria-label={`Log of index ${failure.index}`}>
        <pre>{value.text === "" ? "The log is empty." : value.text}</pre>
      </section>
    </>
  );
}
