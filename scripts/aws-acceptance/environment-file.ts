/** What of a run decides its environment. */
export interface EnvironmentFile {
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
 * @param found what is there already, with what Pulumi has added to it. A reader that it lacks is added: a run can go on with a second account
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
