/** The `problem` of a text that does not match. @param rule continues the quoted text: `must have 3 characters` */
export const mustMatch =
  (pattern: RegExp, rule: string) =>
  (text: string): string | undefined =>
    pattern.test(text) ? undefined : `"${text}" ${rule}`;
