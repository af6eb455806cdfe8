/**
 * Classes that need a restore; Glacier Instant Retrieval does not.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/archived-objects.html
 */
const ARCHIVES: ReadonlySet<string> = new Set(["GLACIER", "DEEP_ARCHIVE"]);

/** Whether objects of the storage class must be restored before they can be read. */
export const isArchive = (storageClass: string | undefined): boolean => ARCHIVES.has(storageClass ?? "");
