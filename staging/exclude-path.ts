/**
 * The pattern for `--exclude` that leaves out one path with any characters, and everything below it.
 * @param path relative to the source; a folder's ends in `/`
 */
export function excludePatternOf(path: string): string {
  const literal = path
    .replace(/[\\*?[\]!#]/g, "\\$&")
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a pattern cannot hold them
    .replace(/[\u0000-\u001f\u007f]/g, "?")
    .replace(/ $/, "\\ ");
  return `/${literal}`;
}
