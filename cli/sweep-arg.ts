import { Args } from "@oclif/core";

/** The argument of the commands that work on one sweep. */
export const sweepIdArg = Args.string({
  required: true,
  description: "ID of the sweep, such as sweep-abc123def456, or its first digits, such as abc1.",
});
