import { DeleteBucketCommand } from "@aws-sdk/client-s3";
import { emptyBucket } from "../../../../provider/transfer/delete.ts";
import { InputError } from "../../../../staging/errors.ts";
import { commandLine } from "../../../command-line.ts";
import { openSession, type SessionSource } from "../../../engine/session.ts";
import { listStacks } from "../../../engine/stacks.ts";
import { readState } from "../../../engine/state.ts";
import type { BootstrapPlan } from "./bootstrap.ts";

/**
 * Makes sure that nothing would be forgotten with the bucket.
 * @throws InputError while a stack in it, of any environment, has resources
 */
export async function refuseInUse(context: SessionSource, { url, place }: BootstrapPlan): Promise<void> {
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

/** Deletes the bucket with every version in it. @throws UserError that names keys which could not be deleted */
export async function deleteStateBucket({ client, place }: BootstrapPlan): Promise<void> {
  const { signal } = new AbortController();
  await emptyBucket(client, place.bucket, { signal });
  await client.send(new DeleteBucketCommand({ Bucket: place.bucket }));
}
