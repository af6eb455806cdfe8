import type { Point } from "./points.ts";
import type { Run } from "./run.ts";

/** The verdict about a point. `not answerable here`: on the local cloud, whatever the observation. */
type Verdict = "as expected" | "different" | "open" | "failed" | "not asked" | "not answerable here";

interface Answer {
  readonly point: string;
  readonly text: string;
  readonly verdict: Verdict;
  readonly command?: string;
  readonly expected?: string;
  readonly seen?: string;
  readonly at?: string;
}

export interface Report {
  readonly cloud: "local" | "aws";
  readonly startedAt: string;
  readonly prefix: string;
  readonly answers: readonly Answer[];
  /** Steps that ended with an error, and its text. */
  readonly failures: Readonly<Record<string, string>>;
}

/** One result per point of the document, in its order. */
export function reportOf(
  run: Pick<Run, "settings" | "journal">,
  points: readonly Point[],
  failures: ReadonlyMap<string, { readonly points: readonly string[]; readonly text: string }>,
): Report {
  const answers = points.map(({ id, text }): Answer => {
    const seen = run.journal.answers[id];
    const hasFailed = [...failures.values()].some((failure) => failure.points.includes(id));
    const verdict = hasFailed ? "failed" : (seen?.verdict ?? "not asked");
    // An emulator cannot show how AWS behaves; a run there only shows that the step works.
    const isAnswer = run.settings.cloud === "local" && verdict !== "failed" && verdict !== "not asked";
    const { command, expected, at } = seen ?? {};
    return {
      ...{ point: id, text, verdict: isAnswer ? "not answerable here" : verdict },
      ...(command === undefined || expected === undefined ? {} : { command, expected }),
      ...(seen === undefined ? {} : { seen: seen.seen }),
      ...(at === undefined ? {} : { at }),
    };
  });
  const { startedAt, prefix } = run.journal;
  const texts = Object.fromEntries([...failures].map(([step, { text }]) => [step, text]));
  return { cloud: run.settings.cloud, startedAt, prefix, answers, failures: texts };
}

export function renderReport({ cloud, startedAt, answers, failures }: Report): string {
  const counts = new Map<Verdict, number>();
  for (const { verdict } of answers) counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  const summary = [...counts].map(([verdict, count]) => `${verdict}: ${count}`).join(" · ");
  return [
    "# What was tried on AWS",
    "",
    `Begun on ${startedAt}, on ${cloud === "aws" ? "AWS" : "the local cloud, which answers nothing about AWS"}. ${summary}`,
    ...answers.flatMap(({ point, text, verdict, command, expected, seen }) => [
      "",
      `## ${point}: ${verdict}`,
      "",
      `${text}.`,
      "",
      ...(command === undefined ? [] : [`- Tried: ${command}`, `- Expected: ${expected}`]),
      ...(seen === undefined ? [] : [`- Seen: ${seen}`]),
    ]),
    ...(Object.keys(failures).length === 0 ? [] : ["", "# Steps that failed", ""]),
    ...Object.entries(failures).map(([step, text]) => `- ${step}: ${text}`),
    "",
  ].join("\n");
}
