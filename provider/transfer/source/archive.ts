import { InputError } from "../../../staging/errors.ts";
import { shellQuoted } from "../../../staging/shell.ts";
import type { ObjectHead } from "../../store/object-store.ts";
import { isArchive } from "../../store/storage-class.ts";
import { shown } from "./source.ts";

/**
 * Refuses an archived object, which S3 can read only after a restore.
 * @throws InputError with the command that restores the object
 */
export function refuseArchived(
  { bucket, key }: { readonly bucket: string; readonly key: string },
  { storageClass, restore = "" }: Pick<ObjectHead, "storageClass" | "restore">,
): void {
  if (!isArchive(storageClass) || restore.includes('ongoing-request="false"')) return;
  const object = `--bucket ${shellQuoted(bucket)} --key ${shellQuoted(key)}`;
  throw new InputError(`${shown(`s3://${bucket}/${key}`)} is archived (${storageClass})`, {
    ...(restore === ""
      ? {
          why: "Nothing can read or copy it before it is restored, which takes hours.",
          fix: `Have it restored, and run the command again once it is: aws s3api restore-object ${object} --restore-request Days=7`,
        }
      : {
          why: "It is being restored, which takes hours.",
          fix: `Run the command again once its Restore says ongoing-request="false": aws s3api head-object ${object}`,
        }),
  });
}
