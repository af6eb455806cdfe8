import { GetBucketVersioningCommand, PutBucketVersioningCommand } from "@aws-sdk/client-s3";
import { UserError } from "../../../staging/errors.ts";
import { choice, object, string } from "../../../staging/schema/fields.ts";
import { s3 } from "../sdk/s3.ts";
import { defineBucketConfiguration } from "./bucket-configuration.ts";

/** `Disabled`: never enabled. No bucket can return to it. */
const status = choice(["Enabled", "Suspended", "Disabled"], { required: true });

export default defineBucketConfiguration({
  title: "versioning of the bucket",
  fields: {
    versioningConfiguration: object(
      { status, mfaDelete: choice(["Enabled", "Disabled"]) },
      { required: true },
    ),
    expectedBucketOwner: string({ replaces: true, unreported: true }),
    mfa: string({ unreported: true }),
  },
  absent: [],
  async put(bucket, { versioningConfiguration: { status, mfaDelete }, mfa, expectedBucketOwner }, call) {
    if (status === "Disabled") {
      const now = await s3(call).send(new GetBucketVersioningCommand({ Bucket: bucket }));
      if (now.Status === undefined) return;
      throw new UserError(`the versioning of ${bucket} is ${now.Status} and cannot be Disabled again`, {
        why: "S3 keeps a bucket versioned once it was.",
        fix: 'Declare the status "Suspended".',
      });
    }
    await s3(call).send(
      new PutBucketVersioningCommand({
        Bucket: bucket,
        VersioningConfiguration: { Status: status, MFADelete: mfaDelete },
        MFA: mfa || undefined,
        ExpectedBucketOwner: expectedBucketOwner || undefined,
      }),
    );
  },
  async get(bucket, call) {
    const { Status, MFADelete } = await s3(call).send(new GetBucketVersioningCommand({ Bucket: bucket }));
    return {
      versioningConfiguration: {
        status: Status ?? ("Disabled" as const),
        ...(MFADelete && { mfaDelete: MFADelete }),
      },
    };
  },
  inForce: (wanted, { versioningConfiguration: actual }) =>
    actual?.status === wanted.versioningConfiguration.status,
  hasDefault: true,
  async remove(bucket, call, { versioningConfiguration: { status } }) {
    if (status === "Disabled") return;
    const VersioningConfiguration = { Status: "Suspended" } as const;
    await s3(call).send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }));
  },
});
