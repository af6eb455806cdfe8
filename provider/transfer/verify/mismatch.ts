import { UserError } from "../../../staging/errors.ts";

/** Whether an error is a {@link checksumMismatch}. */
export const isMismatch = (error: unknown): boolean =>
  error instanceof UserError && error.code === "checksum-mismatch";

/**
 * The error for an object of an entry whose bytes are not the ones that were staged.
 * @param key of the object, which starts with the staging ID
 * @param why what was compared
 */
export function checksumMismatch(bucket: string, key: string, why: string): UserError {
  const [id] = key.split("/");
  return new UserError("SHA256 checksum mismatch", {
    code: "checksum-mismatch",
    why: `s3://${bucket}/${key} does not hold the bytes that were read from the source: ${why}`,
    fix: `Run the command again; if that fails, too, stage the data anew: spawn stage delete ${id} --yes, then spawn stage upload`,
  });
}
