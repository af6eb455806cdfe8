import type { Diagnosis } from "../../local/doctor.ts";
import { linesFor } from "../screen.ts";
import { displayWidth, padColumns } from "./text.ts";

const MARKS = {
  ok: { mark: "✓", style: "green" },
  warn: { mark: "!", style: "yellow" },
  fail: { mark: "✗", style: "red" },
} as const;

/** The output of `doctor`: a line per check, followed by its fix. */
export function renderDiagnosis(diagnoses: readonly Diagnosis[], stream: NodeJS.WriteStream): string {
  const width = Math.max(...diagnoses.map(({ name }) => displayWidth(name)));
  const lines = diagnoses.flatMap(({ name, status, found, fix }) => {
    const { mark, style } = MARKS[status];
    const line = { style, label: mark, text: `${padColumns(name, width)}  ${found}` };
    return fix === undefined ? [line] : [line, `  ${" ".repeat(width)}  Fix: ${fix}`];
  });
  return linesFor(stream, ...lines);
}
