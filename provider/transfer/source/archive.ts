import { HeadObjectCommand, type HeadObjectCommandOutput } from "@aws-sdk/client-s3";
import { InputError } from "../../../staging/errors.ts";
import { shellQuoted } from "../../../staging/shell.ts";
import { isArchive } from "../../store/storage-class.ts";
import { shown } from "./source.ts";

/** A HEAD that the SDK sends: what goes past it (`quick/`) knows its own class only, and tells neither the storage class nor a restore. */
export class FullHeadCommand extends HeadObjectCommand {}

/**
 * Refuses an object that cannot be read as long as nobody restores it.
 * @param head tells of a restore, too
 * @throws InputError with the remedy
 */
export function refuseArchived(
  { bucket, key }: { readonly bucket: string; readonly key: string },
  { StorageClass, Restore = "" }: Pick<HeadObjectCommandOutput, "StorageClass" | "Restore">,
): void {
  if (!isArchive(StorageClass) || Restore.includes('ongoing-request="false"')) return;
  const object = `--bucket ${shellQuoted(bucket)} --key ${shellQuoted(key)}`;
  throw new InputError(`${shown(`s3://${bucket}/${key}`)} is archived (${StorageClass})`, {
    ...(Restore === ""
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
