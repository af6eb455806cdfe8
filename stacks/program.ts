import { RunError } from "@pulumi/pulumi";
import { describeError, UserError } from "../staging/errors.ts";

/** A program for the engine: declares the resources and returns the stack's outputs. */
export type Program = () => Promise<Record<string, unknown>>;

/**
 * The program with user errors in the engine's form: message, cause and fix, without a stack trace. Every other error
 * is a bug and keeps its trace.
 */
export function withReadableErrors(program: Program): Program {
  return async () => {
    try {
      return await program();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const readable = new RunError(describeError(error));
      // For a command that runs the program in its own process, and reads the exit code there.
      readable.cause = error;
      throw readable;
    }
  };
}
