import {
  DeleteBucketOwnershipControlsCommand,
  GetBucketOwnershipControlsCommand,
  PutBucketOwnershipControlsCommand,
} from "@aws-sdk/client-s3";
import { choice, object } from "../../../staging/schema/fields.ts";
import { s3 } from "../sdk/s3.ts";
import { defineBucketConfiguration } from "./bucket-configuration.ts";

const OWNERSHIPS = ["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"] as const;

export default defineBucketConfiguration({
  title: "ownership controls of the bucket",
  fields: {
    rule: object({ objectOwnership: choice(OWNERSHIPS, { required: true }) }, { required: true }),
  },
  absent: ["OwnershipControlsNotFoundError"],
  put: (bucket, { rule }, call) =>
    s3(call).send(
      new PutBucketOwnershipControlsCommand({
        Bucket: bucket,
        OwnershipControls: { Rules: [{ ObjectOwnership: rule.objectOwnership }] },
      }),
    ),
  async get(bucket, call) {
    const { OwnershipControls } = await s3(call).send(
      new GetBucketOwnershipControlsCommand({ Bucket: bucket }),
    );
    const objectOwnership = OwnershipControls?.Rules?.[0]?.ObjectOwnership;
    return objectOwnership && { rule: { objectOwnership } };
  },
  remove: (bucket, call) => s3(call).send(new DeleteBucketOwnershipControlsCommand({ Bucket: bucket })),
});
