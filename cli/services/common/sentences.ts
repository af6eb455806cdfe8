/** Joins texts into one. All but the last end with a full stop; missing and empty ones are left out. */
export function sentences(...texts: readonly (string | undefined)[]): string {
  const known = texts.flatMap((text) => text || []);
  return known
    .map((text, at) => (at < known.length - 1 && !/[.!?]$/.test(text) ? `${text}.` : text))
    .join(" ");
}
