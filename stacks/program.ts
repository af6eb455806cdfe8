import { RunError } from "@pulumi/pulumi";
import { describeError, UserError } from "../staging/errors.ts";

/** A program as the engine runs it: declares the resources and returns the stack's outputs. */
export type Program = () => Promise<Record<string, unknown>>;

/**
 * The program with errors for users as the engine shows them: the message, cause and remedy, and no stack trace.
 * Any other error is a bug and keeps its trace.
 */
export function withReadableErrors(program: Program): Program {
  return async () => {
    try {
      return await program();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const readable = new RunError(describeError(error));
      // For a command that runs the program in its own process: the exit code is in it.
      readable.cause = error;
      throw readable;
    }
  };
}
