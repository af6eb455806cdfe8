import type { S3Client } from "@aws-sdk/client-s3";
import type { OwnerFlags } from "./sdk-client.ts";

/*
 * Bucket names are global: after a deletion, another account can create a bucket with the same name and a policy that
 * lets everyone write. So each request to a bucket of the environment names the account that must own it, and S3
 * rejects it for any other owner.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
 */

export const OWNER_HEADER = "x-amz-expected-bucket-owner";
export const SOURCE_OWNER_HEADER = "x-amz-source-expected-bucket-owner";

/** The account that owns the buckets; undefined if the server has no accounts. */
export type ExpectedOwner = () => Promise<string | undefined>;

/** Commands without a field for the expected owner in the SDK's model of S3. */
export const WITHOUT_OWNER: ReadonlySet<string> = new Set([
  "CreateBucketCommand",
  "CreateSessionCommand",
  "ListBucketsCommand",
  "ListDirectoryBucketsCommand",
  "RenameObjectCommand",
  "WriteGetObjectResponseCommand",
]);

/** A location on S3. If the user named it as a source, its bucket may belong to any account. */
export interface Owned {
  readonly anyOwner?: boolean | undefined;
}

/** The headers that name the expected owner of a request's bucket, and of the bucket that it copies from. */
export const ownerHeaders = (
  account: string,
  isCopy: boolean,
  { toAnyOwner, fromAnyOwner }: OwnerFlags,
): Record<string, string> => ({
  ...(toAnyOwner === true ? {} : { [OWNER_HEADER]: account }),
  ...(isCopy && fromAnyOwner !== true ? { [SOURCE_OWNER_HEADER]: account } : {}),
});

/** Adds the expected owner to every request of the client. A request waits for the account, and fails if the lookup fails. */
export function expectOwner(client: S3Client, owner: ExpectedOwner): void {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      if (WITHOUT_OWNER.has(context.commandName ?? "")) return next(args);
      const account = await owner();
      if (account !== undefined) {
        const { headers } = args.request as { headers: Record<string, string> };
        const flags = { toAnyOwner: context["toAnyOwner"], fromAnyOwner: context["fromAnyOwner"] };
        const owned = ownerHeaders(account, "CopySource" in args.input, flags);
        for (const [name, value] of Object.entries(owned)) {
          headers[name] ??= value;
        }
      }
      return next(args);
    },
    { step: "build", name: "expectOwner" },
  );
}
