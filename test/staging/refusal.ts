import { expect } from "chai";
import { InputError } from "../../staging/errors.ts";

/** The error with which `run` refuses its input. @throws Error if it accepts it or fails otherwise */
export function refusalOf(run: () => unknown): InputError {
  try {
    run();
  } catch (error) {
    expect(error).to.be.instanceOf(InputError);
    return error as InputError;
  }
  throw new Error("the input was accepted");
}
