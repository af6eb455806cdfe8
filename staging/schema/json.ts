/** Plain JSON as it travels between the engine and a plugin. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json | undefined };
export type Properties = { [key: string]: Json | undefined };

/** A canonical text: equal for equal values, whatever the order of keys and undefined members. */
export const canonicalJson = (value: unknown): string =>
  JSON.stringify(value ?? null, (_name, member: unknown) =>
    typeof member === "object" && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
