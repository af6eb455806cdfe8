import {
  DeleteBucketPolicyCommand,
  GetBucketPolicyCommand,
  PutBucketPolicyCommand,
} from "@aws-sdk/client-s3";
import { document } from "../schema/fields.ts";
import { policyProblem, samePolicy } from "../schema/policy.ts";
import { s3 } from "../sdk/s3.ts";
import { defineBucketConfiguration } from "./bucket-configuration.ts";

export default defineBucketConfiguration({
  title: "policy of the bucket",
  fields: { policy: document(samePolicy, { required: true, problem: policyProblem }) },
  absent: ["NoSuchBucketPolicy"],
  put: (bucket, { policy }, call) =>
    s3(call).send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: policy }), call.http),
  async get(bucket, call) {
    const { Policy } = await s3(call).send(new GetBucketPolicyCommand({ Bucket: bucket }), call.http);
    return Policy === undefined ? undefined : { policy: Policy };
  },
  inForce: (wanted, { policy }) => policy !== undefined && samePolicy(policy, wanted.policy),
  remove: (bucket, call) => s3(call).send(new DeleteBucketPolicyCommand({ Bucket: bucket }), call.http),
});
