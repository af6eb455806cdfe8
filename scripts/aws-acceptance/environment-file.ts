/** The settings of a run that decide its environment. */
interface EnvironmentFile {
  readonly cloud: "local" | "aws";
  readonly prefix: string;
  /** The primary region, and two more. */
  readonly regions: readonly [string, string, string];
  /** The bucket that the environment adopts in the last region. */
  readonly ownBucket: string;
  /** The second account. */
  readonly reader: string | undefined;
}

/**
 * The text of the environment's settings.
 * @param found the existing text, with Pulumi's additions. A missing reader is added, because a run can continue with
 * a second account
 */
export function environmentText(
  { cloud, prefix, regions, ownBucket, reader }: EnvironmentFile,
  found: string | undefined,
): string {
  const readers = reader === undefined ? [] : [`  spawn:readers: ["${reader}"]`];
  if (found !== undefined) {
    if (found.includes("  spawn:readers:")) return found;
    return found.replace(/^config:$/m, ["config:", ...readers].join("\n"));
  }
  const lines = [
    "config:",
    `  spawn:cloud: ${cloud}`,
    `  spawn:namePrefix: ${prefix}`,
    `  spawn:bucketPrefix: ${prefix}-staging-`,
    `  spawn:regions: [${regions.join(", ")}]`,
    `  spawn:buckets: { ${regions[2]}: ${ownBucket} }`,
    `  spawn:adopt: [${regions[2]}]`,
    ...readers,
  ];
  return `${lines.join("\n")}\n`;
}
