import { UserError } from "../../../staging/errors.ts";

/** Whether an error is a {@link checksumMismatch}. */
export const isMismatch = (error: unknown): boolean =>
  error instanceof UserError && error.code === "checksum-mismatch";

/**
 * The error for an object whose bytes differ from the staged ones.
 * @param key of the object; it starts with the staging ID
 * @param why the result of the comparison, as a sentence
 */
export function checksumMismatch(bucket: string, key: string, why: string): UserError {
  const [id] = key.split("/");
  return new UserError("SHA256 checksum mismatch", {
    code: "checksum-mismatch",
    why: `s3://${bucket}/${key} does not hold the bytes that were read from the source: ${why}`,
    fix: (_spell, command) =>
      `Run the command again; if that fails, too, stage the data anew: ${command(`spawn stage delete ${id} --yes`)}, then ${command("spawn stage upload PATH")}`,
  });
}
