import { UserError } from "../../../staging/errors.ts";

const MESSAGE = "SHA256 checksum mismatch";

/** Whether an error is a {@link checksumMismatch}. */
export const isMismatch = (error: unknown): boolean =>
  error instanceof UserError && error.message === MESSAGE;

/**
 * The error for an object of an entry whose bytes are not the ones that were staged.
 * @param key of the object, which starts with the staging ID
 * @param why what was compared
 */
export function checksumMismatch(bucket: string, key: string, why: string): UserError {
  const [id] = key.split("/");
  return new UserError(MESSAGE, {
    why: `s3://${bucket}/${key} does not hold the bytes that were read from the source: ${why}`,
    fix: `Run the command again; if that fails, too, stage the data anew: spawn stage delete ${id} --yes, then spawn stage upload`,
  });
}
