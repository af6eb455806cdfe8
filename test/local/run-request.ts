import messages from "@pulumi/pulumi/proto/language_pb.js";
import { struct } from "../provider/plugin/client.ts";

type Options = Parameters<typeof struct>[0];

/** A request for the program in `folder` that differs from the one of its Pulumi.yaml as given. */
export function runRequest(asked: {
  readonly folder: string;
  readonly root?: string | undefined;
  readonly entryPoint?: string | undefined;
  readonly options?: Options | undefined;
}): messages.RunRequest {
  const { folder, root = folder, entryPoint = ".", options = {} } = asked;
  const info = new messages.ProgramInfo()
    .setRootDirectory(root)
    .setProgramDirectory(folder)
    .setEntryPoint(entryPoint)
    .setOptions(struct(options));
  return new messages.RunRequest().setProject("p").setStack("s").setPwd(folder).setInfo(info);
}
