/**
 * AWS charges that no amount of spawn includes, not even with AWS's prices: for `estimate --prices aws`, the help and
 * docs/costs.md, which has the sources.
 */
export const EXCLUDED_CHARGES: readonly string[] = [
  "GET requests of the instances' downloads: about 128 for a GB; direct downloads make the same",
  "tags of objects: at most $0.01 a month for 10,000 tags; an object has 2 to 10",
  "DynamoDB: requests, storage and point-in-time recovery; about $0.00001 for an entry",
  "KMS requests, where you gave a bucket a key of your own",
  "retries, versions that a resumed upload or a repair replaced, and a replica that S3 makes after a copy",
  "S3's delays: it does not remove objects whose replication is pending, until that ends or the entry is deleted",
  "lower prices above 50 TB, the free tier, taxes, and the instances themselves",
];
