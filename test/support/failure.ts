import { expect } from "chai";
import { UserError } from "../../staging/errors.ts";

type ErrorClass<E extends Error> = new (...args: never[]) => E;

/** The error of an operation that must fail. @throws AssertionError if it succeeds or throws another class of error */
export function errorOf(work: Promise<unknown> | undefined): Promise<Error>;
export function errorOf<E extends Error>(work: Promise<unknown> | undefined, kind: ErrorClass<E>): Promise<E>;
export function errorOf(work: Promise<unknown> | undefined, kind: ErrorClass<Error> = Error): Promise<Error> {
  return Promise.resolve(work).then(
    () => expect.fail("it succeeded"),
    (error: unknown) => {
      if (error instanceof kind) return error;
      throw error;
    },
  );
}

/** The error for the user with which an operation must fail. @throws as {@link errorOf} */
export const failureOf = (work: Promise<unknown>): Promise<UserError> => errorOf(work, UserError);

/** An error of AWS with this name. */
export const awsError = (name: string): Error => Object.assign(new Error(name), { name });
