import { PART_NAMES, type Parts } from "../snapshot.ts";
import { Mark, ProblemText } from "../widgets.tsx";

/** More would hide the rest of the page. */
const SHOWN = 5;

/** Items that cannot be read. Absent without any. */
export function ProblemsSection({ parts }: { readonly parts: Parts }) {
  const all = PART_NAMES.flatMap((name) => parts[name].problems);
  const unique = [...new Map(all.map((problem) => [problem.message, problem])).values()];
  if (unique.length === 0) return null;
  return (
    <section class="card problems" aria-labelledby="problems-title">
      <div class="card-head">
        <h2 id="problems-title">Warnings</h2>
      </div>
      <ul>
        {unique.slice(0, SHOWN).map((problem) => (
          <li key={problem.message}>
            <Mark kind="warn" />
            <span>
              <ProblemText problem={problem} />
            </span>
          </li>
        ))}
      </ul>
      {unique.length > SHOWN && <p class="soft">And {unique.length - SHOWN} more.</p>}
    </section>
  );
}
