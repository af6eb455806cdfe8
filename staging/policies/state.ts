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
  if (url === undefined || !url.startsWith("s3://")) return [];
  const { hostname: bucket, pathname } = new URL(url);
  const path = pathname.replace(/\/+$/, "");
  const arn = `arn:${partitionOf(region)}:s3:::${bucket}`;
  return [
    allow("KeepState", actionsOf("s3", "ListBucket", "GetObject", "PutObject", "DeleteObject"), [
      arn,
      `${arn}${path}/.pulumi/*`,
      `${arn}${path}/.spawn/*`,
    ]),
  ];
}
