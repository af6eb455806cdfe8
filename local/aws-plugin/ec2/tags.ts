import { CreateTagsCommand, DeleteTagsCommand } from "@aws-sdk/client-ec2";
import type { Call } from "../sdk/call.ts";
import { ec2 } from "../sdk/ec2.ts";
import { tagChanges } from "../sdk/tags.ts";

/** Changes the tags of an EC2 resource from `before` to `after`. Sends only the difference. */
export async function setTags(
  id: string,
  before: Readonly<Record<string, string>> | undefined,
  after: Readonly<Record<string, string>> | undefined,
  call: Call,
): Promise<void> {
  const { removed, set } = tagChanges(before, after);
  if (removed.length > 0) {
    const Tags = removed.map((Key) => ({ Key }));
    await ec2(call).send(new DeleteTagsCommand({ Resources: [id], Tags }));
  }
  if (set.length > 0) {
    await ec2(call).send(new CreateTagsCommand({ Resources: [id], Tags: set }));
  }
}
