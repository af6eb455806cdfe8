import { mustMatch } from "../problem.ts";

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const nameProblem = (longest: number) =>
  mustMatch(
    new RegExp(`^[\\w+=,.@-]{1,${longest}}$`),
    `must have 1 to ${longest} letters, digits and characters of _+=,.@-`,
  );
export const roleNameProblem = nameProblem(64);
export const rolePolicyNameProblem = nameProblem(128);
export const instanceProfileNameProblem = nameProblem(128);

/** Of the path of a role or an instance profile. */
export const pathProblem = mustMatch(/^\/([\x21-\x7e]{1,510}\/)?$/, "must start and end with a slash");
