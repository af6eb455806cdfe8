import { CreateTagsCommand, DeleteTagsCommand } from "@aws-sdk/client-ec2";
import type { Call } from "../sdk/call.ts";
import { ec2 } from "../sdk/ec2.ts";
import { changeTags } from "../sdk/tags.ts";

/** Changes the tags of an EC2 resource from `before` to `after`. */
export async function setTags(
  id: string,
  before: Readonly<Record<string, string>> | undefined,
  after: Readonly<Record<string, string>> | undefined,
  call: Call,
): Promise<void> {
  const Resources = [id];
  await changeTags(
    before,
    after,
    (keys) => ec2(call).send(new DeleteTagsCommand({ Resources, Tags: keys.map((Key) => ({ Key })) })),
    (Tags) => ec2(call).send(new CreateTagsCommand({ Resources, Tags })),
  );
}
