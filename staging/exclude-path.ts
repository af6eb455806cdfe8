/**
 * The pattern for `--exclude` that leaves out one path, whatever characters it has. It also leaves out what is below the path.
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
