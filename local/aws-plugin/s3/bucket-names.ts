const LABELS = /^[a-z0-9][a-z0-9.-]*[a-z0-9]$/;
const IP_ADDRESS = /^(\d{1,3}\.){3}\d{1,3}$/;
const RESERVED = [
  /^xn--/,
  /^sthree-/,
  /^amzn-s3-demo-/,
  /-s3alias$/,
  /--ol-s3$/,
  /\.mrap$/,
  /--x-s3$/,
  /--table-s3$/,
];

/**
 * The problem of a bucket's name, if any.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
 */
export function bucketNameProblem(name: string): string | undefined {
  if (name.length < 3 || name.length > 63) return `"${name}" must have from 3 to 63 characters`;
  if (!LABELS.test(name)) {
    return `"${name}" must be lower-case letters, digits, hyphens and dots, a letter or digit at either end`;
  }
  if (name.includes("..")) return `"${name}" must not have two dots in a row`;
  if (IP_ADDRESS.test(name)) return `"${name}" must not look like an IP address`;
  if (RESERVED.some((pattern) => pattern.test(name))) return `"${name}" starts or ends as AWS reserves it`;
  return undefined;
}
