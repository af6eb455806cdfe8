/** Plain JSON as it travels between the engine and a plugin. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json | undefined };
export type Properties = { [key: string]: Json | undefined };

/** A text that is the same for values that mean the same: neither the order of keys counts, nor what is undefined. */
export const canonicalJson = (value: unknown): string =>
  JSON.stringify(value ?? null, (_name, member: unknown) =>
    typeof member === "object" && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
