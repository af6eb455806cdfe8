import {
  CreateOrUpdateTagsCommand,
  DeleteTagsCommand,
  type Tag as GroupTag,
  type TagDescription,
} from "@aws-sdk/client-auto-scaling";
import { boolean, list, object, string, type ValueOf } from "../../../staging/schema/fields.ts";
import { autoScaling } from "../sdk/auto-scaling.ts";
import type { Call } from "../sdk/call.ts";

export const tags = list(
  object({
    key: string({ required: true }),
    value: string({ required: true }),
    propagateAtLaunch: boolean({ required: true }),
  }),
  { keyOf: (tag) => tag.key },
);

type Tags = ValueOf<typeof tags>;

export function toGroupTags(some: Tags, group: string): GroupTag[] {
  return some.map(({ key, value, propagateAtLaunch }) => ({
    ResourceId: group,
    ResourceType: "auto-scaling-group",
    Key: key,
    Value: value,
    PropagateAtLaunch: propagateAtLaunch,
  }));
}

/** Undefined if there are none. Omits AWS's own tags, which no user can set. */
export function fromGroupTags(some: readonly TagDescription[] = []): Tags | undefined {
  const own = some.filter(({ Key = "" }) => Key !== "" && !Key.startsWith("aws:"));
  if (own.length === 0) return undefined;
  return own.map(({ Key = "", Value = "", PropagateAtLaunch = false }) => ({
    key: Key,
    value: Value,
    propagateAtLaunch: PropagateAtLaunch,
  }));
}

/** Only the difference is sent. */
export async function setGroupTags(
  group: string,
  before: Tags = [],
  after: Tags = [],
  call: Call,
): Promise<void> {
  const removed = before.filter(({ key }) => !after.some((tag) => tag.key === key));
  const set = after.filter(
    (tag) =>
      !before.some(
        ({ key, value, propagateAtLaunch }) =>
          key === tag.key && value === tag.value && propagateAtLaunch === tag.propagateAtLaunch,
      ),
  );
  if (removed.length > 0) {
    await autoScaling(call).send(new DeleteTagsCommand({ Tags: toGroupTags(removed, group) }));
  }
  if (set.length > 0) {
    await autoScaling(call).send(new CreateOrUpdateTagsCommand({ Tags: toGroupTags(set, group) }));
  }
}
