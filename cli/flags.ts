import { Flags } from "@oclif/core";

/** Forms in which `list` and `info` print. */
export const FORMATS = ["table", "json", "yaml"] as const;
export type Format = (typeof FORMATS)[number];

/** `--format`: for programs, the metadata schema itself, without the envelope of `--json`. */
export const formatFlag = Flags.option({
  options: FORMATS,
  default: "table",
  summary: "How to print: for people, or for programs.",
  description:
    "json and yaml print the metadata itself; --json wraps it in an envelope with a status and warnings.",
  helpValue: FORMATS.join("|"),
  exclusive: ["json"],
});

/** `--yes`: for scripts, where nobody can answer a question. */
export const yesFlag = Flags.boolean({
  char: "y",
  default: false,
  summary: "Do it without asking.",
});
