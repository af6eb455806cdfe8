/** The program that this process runs; `library` if another program, such as a test, calls this code. */
type Program = "cli" | "provider" | "aws-plugin" | "machines" | "library";

let program: Program = "library";

/** Sets the program of this process. Called once, before its first request. */
export function nameProgram(name: Program): void {
  program = name;
}

/**
 * The addition to the User-Agent of every request: `spawn/provider`. CloudTrail and the access logs of buckets record
 * it, so that an operator can find spawn's requests and their origin.
 */
export const userAgent = (): [name: string, version: string][] => [["spawn", program]];
