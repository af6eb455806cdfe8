import type { S3Client } from "@aws-sdk/client-s3";
import { isToAnyOwner } from "./sdk-attempts.ts";

/*
 * Names of buckets are global: a bucket that was deleted can come back in another account, with a policy that lets everybody write. So
 * each request to a bucket of the environment names the account that must own it, and S3 refuses it elsewhere.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
 */

export const OWNER_HEADER = "x-amz-expected-bucket-owner";
export const SOURCE_OWNER_HEADER = "x-amz-source-expected-bucket-owner";

/** The account that owns the buckets of a client; undefined where the server has no accounts. */
export type ExpectedOwner = () => Promise<string | undefined>;

/** Commands whose requests have no place for an expected owner, by the SDK's model of S3. */
export const WITHOUT_OWNER: ReadonlySet<string> = new Set([
  "CreateBucketCommand",
  "CreateSessionCommand",
  "ListBucketsCommand",
  "ListDirectoryBucketsCommand",
  "RenameObjectCommand",
  "WriteGetObjectResponseCommand",
]);

/** Inputs of commands to a bucket that may be anybody's. */
const toAnyOwner = new WeakSet<object>();
/** Inputs of copies from a bucket that may be anybody's. */
const fromAnyOwner = new WeakSet<object>();

/** A command of the SDK, as far as every one is the same. */
export interface Command {
  readonly input: object;
}

/** The command, for a bucket that may belong to any account. */
export function ofAnyOwner<C extends Command>(command: C): C {
  toAnyOwner.add(command.input);
  return command;
}

/** A place on S3 that the user has named as a source, so that its bucket may be anybody's. */
export interface Owned {
  readonly anyOwner?: boolean | undefined;
}

/** The command that copies from `source`. */
export function copiedFrom<C extends Command>(source: Owned, command: C): C {
  if (source.anyOwner === true) fromAnyOwner.add(command.input);
  return command;
}

/** The headers of a request that name the expected owner of its bucket, and of the bucket that it copies from. */
export function ownerHeaders(input: object, account: string): Record<string, string> {
  const isCopy = "CopySource" in input;
  return {
    ...(toAnyOwner.has(input) || isToAnyOwner() ? {} : { [OWNER_HEADER]: account }),
    ...(isCopy && !fromAnyOwner.has(input) ? { [SOURCE_OWNER_HEADER]: account } : {}),
  };
}

const INPUT = "ownedBy";

/**
 * Makes every request of the client name the account that must own its bucket. The request waits for the account, and fails
 * where that cannot be found out.
 */
export function expectOwner(client: S3Client, owner: ExpectedOwner): void {
  client.middlewareStack.add(
    (next, context) => (args) => {
      // Later steps may get a copy of the input.
      context[INPUT] = args.input;
      return next(args);
    },
    { step: "initialize", priority: "high", name: "noteInput" },
  );
  client.middlewareStack.add(
    (next, context) => async (args) => {
      if (WITHOUT_OWNER.has(context.commandName ?? "")) return next(args);
      const account = await owner();
      if (account !== undefined) {
        const { headers } = args.request as { headers: Record<string, string> };
        for (const [name, value] of Object.entries(ownerHeaders(context[INPUT] as object, account))) {
          headers[name] ??= value;
        }
      }
      return next(args);
    },
    { step: "build", name: "expectOwner" },
  );
}
