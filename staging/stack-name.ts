import { InputError } from "./errors.ts";

declare const brand: unique symbol;

/**
 * The name of a stack, which becomes part of file names. It has no slash and does not begin with a dot or a hyphen,
 * so it cannot leave a folder or become an option of a command.
 */
export type StackName = string & { readonly [brand]: "StackName" };

/** The engine's own rule, without names that begin with a dot or a hyphen. */
const PATTERN = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/;

export const isStackName = (text: string): text is StackName => PATTERN.test(text);

/** @throws InputError if `text` cannot name a stack */
export function parseStackName(text: string): StackName {
  if (isStackName(text)) return text;
  throw new InputError(`${JSON.stringify(text.slice(0, 100))} is not the name of a stack`, {
    why: "It has 1 to 100 letters, digits, dots, hyphens and underscores, and begins with a letter, digit or underscore.",
  });
}

/** Name of the Pulumi project, here and in every `Pulumi.yaml` of spawn. */
export const PROJECT_NAME = "spawn";

/** The environment of a stack: the stacks of its entries and sweeps are named after it. */
export const environmentOfStack = (stack: string): string => stack.split(".")[0] ?? stack;
