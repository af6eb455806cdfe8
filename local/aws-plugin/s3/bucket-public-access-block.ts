import {
  DeletePublicAccessBlockCommand,
  GetPublicAccessBlockCommand,
  PutPublicAccessBlockCommand,
} from "@aws-sdk/client-s3";
import { boolean } from "../../../staging/schema/fields.ts";
import { s3 } from "../sdk/s3.ts";
import { defineBucketConfiguration } from "./bucket-configuration.ts";

const flag = boolean({ default: false });

export default defineBucketConfiguration({
  title: "public access block of the bucket",
  fields: {
    blockPublicAcls: flag,
    blockPublicPolicy: flag,
    ignorePublicAcls: flag,
    restrictPublicBuckets: flag,
  },
  absent: ["NoSuchPublicAccessBlockConfiguration"],
  put: (bucket, inputs, call) =>
    s3(call).send(
      new PutPublicAccessBlockCommand({
        Bucket: bucket,
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: inputs.blockPublicAcls,
          BlockPublicPolicy: inputs.blockPublicPolicy,
          IgnorePublicAcls: inputs.ignorePublicAcls,
          RestrictPublicBuckets: inputs.restrictPublicBuckets,
        },
      }),
    ),
  async get(bucket, call) {
    const { PublicAccessBlockConfiguration: block } = await s3(call).send(
      new GetPublicAccessBlockCommand({ Bucket: bucket }),
    );
    return (
      block && {
        blockPublicAcls: block.BlockPublicAcls ?? false,
        blockPublicPolicy: block.BlockPublicPolicy ?? false,
        ignorePublicAcls: block.IgnorePublicAcls ?? false,
        restrictPublicBuckets: block.RestrictPublicBuckets ?? false,
      }
    );
  },
  remove: (bucket, call) => s3(call).send(new DeletePublicAccessBlockCommand({ Bucket: bucket })),
});
