/** The program of ours that a process is; `library` where another program, such as a test, calls our code. */
type Program = "cli" | "provider" | "aws-plugin" | "machines" | "library";

let program: Program = "library";

/** Says which program this process is. Called once, before its first request. */
export function nameProgram(name: Program): void {
  program = name;
}

/**
 * What every request adds to its User-Agent: `spawn/provider`. CloudTrail and the access logs of buckets keep it, so that an operator
 * finds what spawn did and which part of it.
 */
export const userAgent = (): [name: string, version: string][] => [["spawn", program]];
