import {
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { InputError, UserError } from "../../../staging/errors.ts";
import { commandLine } from "../../command-line.ts";
import type { Context } from "../../context.ts";
import { openSession } from "../../engine/session.ts";
import { listStacks } from "../../engine/stacks.ts";
import { readState } from "../../engine/state.ts";
import type { BootstrapPlan } from "./bootstrap.ts";

/**
 * Makes sure that nothing would be forgotten with the bucket.
 * @throws InputError while a stack in it, of any environment, has resources
 */
export async function refuseInUse(context: Context, { url, place }: BootstrapPlan): Promise<void> {
  const { entryProject } = await openSession(context, undefined, url);
  const stacks = await listStacks(entryProject);
  const inUse: string[] = [];
  for (const stack of stacks) {
    const { resources } = await readState(entryProject, stack);
    // What is left of a destroyed environment is its stack alone.
    if (resources.some(({ type }) => type !== "pulumi:pulumi:Stack")) inUse.push(stack);
  }
  const [first] = inUse;
  if (first === undefined) return;
  const [environment = ""] = first.split(".", 1);
  throw new InputError(`the bucket ${place.bucket} is in use`, {
    why: `Without it nobody would know what these stacks have made: ${inUse.join(", ")}.`,
    fix: `${commandLine("spawn environment destroy", environment)}, which names what has to go before`,
  });
}

/** Deletes the bucket with every version in it. */
export async function deleteStateBucket({ client, place }: BootstrapPlan): Promise<void> {
  for (;;) {
    const found = await versionsIn(client, place.bucket);
    if (found.length === 0) break;
    const { Errors: [failure] = [] } = await client.send(
      new DeleteObjectsCommand({ Bucket: place.bucket, Delete: { Objects: found, Quiet: true } }),
    );
    if (failure !== undefined) {
      throw new UserError(`the bucket ${place.bucket} could not be emptied`, {
        why: `${failure.Key ?? "An object"}: ${failure.Message ?? failure.Code ?? "S3 gave no reason"}.`,
        fix: "Run the command again.",
      });
    }
  }
  await client.send(new DeleteBucketCommand({ Bucket: place.bucket }));
}

/** At most a page of 1,000, as many as one request deletes. */
async function versionsIn(client: S3Client, Bucket: string): Promise<{ Key: string; VersionId: string }[]> {
  const { Versions = [], DeleteMarkers = [] } = await client.send(new ListObjectVersionsCommand({ Bucket }));
  return [...Versions, ...DeleteMarkers].flatMap(({ Key, VersionId }) =>
    Key === undefined || VersionId === undefined ? [] : [{ Key, VersionId }],
  );
}
