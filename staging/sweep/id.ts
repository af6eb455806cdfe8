import { randomBytes } from "node:crypto";
import { InputError } from "../errors.ts";
import { parseStackName, type StackName } from "../stack-name.ts";

declare const brand: unique symbol;

/**
 * The ID of a sweep from `spawn launch`: `sweep-` and 12 lower-case hexadecimal digits. The `sweep_id` of a record is
 * a free-form label of the user; see `parseSweepId` in `staging/entry.ts`.
 */
export type SweepId = string & { readonly [brand]: "SweepId" };

export const SWEEP_PREFIX = "sweep-";
/** Hexadecimal digits after the prefix. */
export const SWEEP_DIGITS = 12;
const MIN_SHORT_DIGITS = 4;
const PATTERN = new RegExp(`^${SWEEP_PREFIX}[0-9a-f]{${SWEEP_DIGITS}}$`);
const SHORT = new RegExp(`^(?:${SWEEP_PREFIX})?([0-9a-f]{${MIN_SHORT_DIGITS},${SWEEP_DIGITS}})$`);

export const isSweepId = (text: string): text is SweepId => PATTERN.test(text);

/** A new random ID of 48 bits. */
export const newSweepId = (): SweepId =>
  `${SWEEP_PREFIX}${randomBytes(SWEEP_DIGITS / 2).toString("hex")}` as SweepId;

/** @throws InputError if `text` is not the ID of a launched sweep */
export function parseLaunchedSweepId(text: string): SweepId {
  if (isSweepId(text)) return text;
  throw new InputError(`"${text}" is not the ID of a sweep`, {
    why: `The ID of a sweep is ${SWEEP_PREFIX} and ${SWEEP_DIGITS} hexadecimal digits, such as sweep-abc123def456.`,
    fix: (_spell, command) => command("spawn sweep list"),
  });
}

/**
 * Parses an ID from the command line: complete, or its first digits, with or without `sweep-`.
 * @returns the prefix
 * @throws InputError if `text` cannot begin an ID
 */
export function parseLaunchedSweepIdStart(text: string): string {
  const [, digits] = SHORT.exec(text) ?? [];
  if (digits !== undefined) return `${SWEEP_PREFIX}${digits}`;
  throw new InputError(`"${text}" is not the ID of a sweep`, {
    why: `The ID of a sweep is ${SWEEP_PREFIX} and ${SWEEP_DIGITS} hexadecimal digits, such as sweep-abc123def456, or its first ${MIN_SHORT_DIGITS} digits or more.`,
    fix: (_spell, command) => command("spawn sweep list"),
  });
}

/** The stack of a sweep. */
export const sweepStackName = (environment: string, id: SweepId): StackName =>
  parseStackName(`${environment}.${id}`);

/** The sweep of a stack, from its name, in any environment; undefined for any other stack. */
export function sweepOfStack(stack: string): SweepId | undefined {
  const id = stack.slice(stack.indexOf(".") + 1);
  return isSweepId(id) ? id : undefined;
}
