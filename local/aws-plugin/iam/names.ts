/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
export const roleNameProblem = (name: string): string | undefined => nameProblem(name, 64);
export const rolePolicyNameProblem = (name: string): string | undefined => nameProblem(name, 128);
export const instanceProfileNameProblem = (name: string): string | undefined => nameProblem(name, 128);

/** The problem of the path of a role or an instance profile, if any. */
export function pathProblem(path: string): string | undefined {
  return /^\/([\x21-\x7e]{1,510}\/)?$/.test(path) ? undefined : `"${path}" must start and end with a slash`;
}

function nameProblem(name: string, longest: number): string | undefined {
  return name.length <= longest && /^[\w+=,.@-]+$/.test(name)
    ? undefined
    : `"${name}" must have 1 to ${longest} letters, digits and characters of _+=,.@-`;
}
