import {
  DeleteBucketPolicyCommand,
  GetBucketPolicyCommand,
  PutBucketPolicyCommand,
} from "@aws-sdk/client-s3";
import { document } from "../../../staging/schema/fields.ts";
import { policyProblem, samePolicy } from "../iam/same-policy.ts";
import { s3 } from "../sdk/s3.ts";
import { defineBucketConfiguration } from "./bucket-configuration.ts";
import { unlessLacking } from "./lacking.ts";

const TITLE = "policy of the bucket";

const PLACEHOLDER = "SpawnPolicyIsNotSupportedHere";

/**
 * Replaces a declared policy that the server refuses, for example because of an unknown condition. It denies a
 * request that no program sends, and shows that the policy was written and not deleted since.
 */
const placeholder = (bucket: string): string =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        ...{ Sid: PLACEHOLDER, Effect: "Deny", Principal: "*", Action: "s3:GetObject" },
        Resource: `arn:aws:s3:::${bucket}/${PLACEHOLDER}`,
      },
    ],
  });

export default defineBucketConfiguration({
  title: TITLE,
  fields: { policy: document(samePolicy, { required: true, problem: policyProblem }) },
  absent: ["NoSuchBucketPolicy"],
  async put(bucket, { policy }, call) {
    const write = (Policy: string) => s3(call).send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
    await unlessLacking(TITLE, ["MalformedPolicy"], call, write(policy), () => write(placeholder(bucket)));
  },
  async get(bucket, call) {
    const { Policy } = await s3(call).send(new GetBucketPolicyCommand({ Bucket: bucket }));
    return Policy === undefined ? undefined : { policy: Policy };
  },
  recalled: (told, known) => (told?.policy?.includes(`"${PLACEHOLDER}"`) ? known : told),
  inForce: (wanted, { policy }) => policy !== undefined && samePolicy(policy, wanted.policy),
  remove: (bucket, call) => s3(call).send(new DeleteBucketPolicyCommand({ Bucket: bucket })),
});
