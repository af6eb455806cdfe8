import { actionsOf, allow, type Statement } from "./document.ts";
import { partitionOf } from "./places.ts";

/**
 * Permissions on a state in a bucket. Pulumi reads, writes and lists the state, and creates and deletes locks there;
 * spawn stores the shared records of uploads beside it.
 * https://www.pulumi.com/docs/iac/concepts/state-and-backends/#aws-s3
 * @param url of the backend, such as `s3://my-state/spawn?region=us-east-1`; every other kind of backend needs no
 * permissions here
 */
export function stateStatements(url: string | undefined, region: string): Statement[] {
  const state = stateArns(url, region);
  if (state === undefined) return [];
  const actions = actionsOf("s3", "ListBucket", "GetObject", "PutObject", "DeleteObject");
  return [allow("KeepState", actions, [state.bucket, `${state.root}/.pulumi/*`, `${state.root}/.spawn/*`])];
}

/** Permissions to read a state in a bucket: previews take no lock and save nothing. */
export function stateReads(url: string | undefined, region: string): Statement[] {
  const state = stateArns(url, region);
  if (state === undefined) return [];
  return [
    allow("ReadState", actionsOf("s3", "ListBucket", "GetObject"), [state.bucket, `${state.root}/.pulumi/*`]),
  ];
}

function stateArns(url: string | undefined, region: string): { bucket: string; root: string } | undefined {
  if (url === undefined || !url.startsWith("s3://")) return undefined;
  const { hostname, pathname } = new URL(url);
  const bucket = `arn:${partitionOf(region)}:s3:::${hostname}`;
  return { bucket, root: `${bucket}${pathname.replace(/\/+$/, "")}` };
}
