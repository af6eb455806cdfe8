/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
export const roleNameProblem = (name: string): string | undefined => nameProblem(name, 64);
export const rolePolicyNameProblem = (name: string): string | undefined => nameProblem(name, 128);

function nameProblem(name: string, longest: number): string | undefined {
  return name.length <= longest && /^[\w+=,.@-]+$/.test(name)
    ? undefined
    : `"${name}" must have 1 to ${longest} letters, digits and characters of _+=,.@-`;
}
