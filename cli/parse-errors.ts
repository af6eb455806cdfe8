import type { Command } from "@oclif/core";
import { InputError, UserError } from "../staging/errors.ts";
import { nearest } from "../staging/nearest.ts";

/** The command whose arguments could not be parsed. */
export interface ParsedCommand {
  /** Such as `spawn stage list`. */
  readonly name: string;
  readonly flags: readonly string[];
}

/** An error of oclif's parser. Its class is recognized by name, which also works with bundled or duplicate copies of oclif. */
interface ParserError extends Error {
  readonly flags?: readonly string[];
  readonly args?: readonly (string | Command.Arg.Cached)[];
}

/**
 * Converts an error of oclif's parser to an InputError with the nearest flag or the help command.
 * @returns undefined for other errors
 */
export function explainParseError(error: unknown, command: ParsedCommand): UserError | undefined {
  if (!(error instanceof Error)) return undefined;
  unwrapFlagError(error);
  if (error instanceof UserError) return error;
  const help = `${command.name} --help`;
  const { flags = [], args = [] } = error as ParserError;
  switch (error.constructor.name) {
    case "NonExistentFlagsError": {
      const [flag = ""] = flags;
      const near = nearest(
        flag.replace(/^-+/, "").replace(/=.*$/s, ""),
        command.flags.filter((name) => name.length > 1),
      );
      return new InputError(`unknown flag ${flags.join(", ")}`, {
        why: `${command.name} has no such flag.`,
        fix: near === undefined ? help : `Use --${near}, or see: ${help}`,
      });
    }
    case "RequiredArgsError":
      return new InputError(`${argumentNames(args)} is missing`, {
        why: `${command.name} needs it.`,
        fix: help,
      });
    case "UnexpectedArgsError":
      return new InputError(`unexpected argument ${args.map(String).join(" ")}`, {
        why: `${command.name} takes no further argument.`,
        fix: help,
      });
    case "FlagInvalidOptionError":
    case "ArgInvalidOptionError":
    case "FailedFlagValidationError":
    case "ViolatedFlagConstraintError":
    case "InvalidArgsSpecError":
      return new InputError(decapitalize(firstReason(error.message)), { fix: help });
    default:
      // "Flag --x expects a value" and similar errors are plain CLIErrors. `spawn help` throws the last one.
      return "oclif" in error &&
        /^(Flag --|Unexpected flag |Expected |Command .* not found)/.test(error.message)
        ? new InputError(decapitalize(firstReason(error.message)), { fix: help })
        : undefined;
  }
}

const argumentNames = (args: readonly (string | Command.Arg.Cached)[]): string =>
  args.map((argument) => `<${typeof argument === "string" ? argument : argument.name}>`).join(" and ");

const HELP_HINT = "\nSee more help with --help";

/** Removes the text that oclif adds to the message of an error in a flag's own parser. */
function unwrapFlagError(error: Error): void {
  error.message = error.message.replace(/^Parsing --\S+ \n\t/, "").replace(HELP_HINT, "");
}

/** oclif lists the failed checks under a heading. */
function firstReason(message: string): string {
  const [heading = "", ...reasons] = message.split("\n");
  return heading.startsWith("The following error") ? reasons.map((line) => line.trim()).join("; ") : heading;
}

const decapitalize = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
