import { DeleteBucketCommand } from "@aws-sdk/client-s3";
import { sdkStore } from "../../../../provider/store/client.ts";
import { emptyBucket } from "../../../../provider/transfer/delete.ts";
import { InputError } from "../../../../staging/errors.ts";
import { commandLine } from "../../../command-line.ts";
import { openSession, type SessionSource } from "../../../engine/session.ts";
import { listStacks } from "../../../engine/stacks.ts";
import { readState } from "../../../engine/state.ts";
import type { BootstrapPlan } from "./bootstrap.ts";

/**
 * Refuses to delete a state in use.
 * @throws InputError if a stack in the bucket, of any environment, has resources
 */
export async function refuseInUse(context: SessionSource, { url, place }: BootstrapPlan): Promise<void> {
  const { entryProject } = await openSession(context, undefined, url);
  const stacks = await listStacks(entryProject);
  const inUse: string[] = [];
  for (const stack of stacks) {
    const { resources } = await readState(entryProject, stack);
    // A destroyed environment leaves its root resource only.
    if (resources.some(({ type }) => type !== "pulumi:pulumi:Stack")) inUse.push(stack);
  }
  const [first] = inUse;
  if (first === undefined) return;
  const [environment = ""] = first.split(".", 1);
  throw new InputError(`the bucket ${place.bucket} is in use`, {
    why: `It holds the only state of these stacks: ${inUse.join(", ")}.`,
    fix: `${commandLine("spawn environment destroy", environment)}, which names the entries and sweeps to delete first`,
  });
}

/** Deletes the bucket with every version in it. @throws UserError that names keys that could not be deleted */
export async function deleteStateBucket({ client, place }: BootstrapPlan): Promise<void> {
  const { signal } = new AbortController();
  await emptyBucket(sdkStore(client, place.region), place.bucket, { signal });
  await client.send(new DeleteBucketCommand({ Bucket: place.bucket }));
}
