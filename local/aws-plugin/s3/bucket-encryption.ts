import {
  DeleteBucketEncryptionCommand,
  GetBucketEncryptionCommand,
  PutBucketEncryptionCommand,
} from "@aws-sdk/client-s3";
import { boolean, choice, list, object, string } from "../../../staging/schema/fields.ts";
import { s3 } from "../sdk/s3.ts";
import { defineBucketConfiguration } from "./bucket-configuration.ts";

const ALGORITHMS = ["AES256", "aws:kms", "aws:kms:dsse", "aws:fsx", "aws:backup"] as const;

const BLOCKED = ["SSE-C", "NONE"] as const;

export default defineBucketConfiguration({
  title: "default encryption of the bucket",
  fields: {
    rules: list(
      object({
        applyServerSideEncryptionByDefault: object({
          sseAlgorithm: choice(ALGORITHMS, { required: true }),
          kmsMasterKeyId: string({}),
        }),
        bucketKeyEnabled: boolean({ computed: true }),
        // Servers in place of AWS may drop it.
        blockedEncryptionTypes: list(choice(BLOCKED), {
          computed: true,
          unreported: true,
          keyOf: (type) => type,
        }),
      }),
      { required: true, min: 1 },
    ),
  },
  absent: ["ServerSideEncryptionConfigurationNotFoundError"],
  put: (bucket, { rules }, call) =>
    s3(call).send(
      new PutBucketEncryptionCommand({
        Bucket: bucket,
        ServerSideEncryptionConfiguration: {
          Rules: rules.map((rule) => {
            const { applyServerSideEncryptionByDefault: byDefault, blockedEncryptionTypes: blocked } = rule;
            return {
              BucketKeyEnabled: rule.bucketKeyEnabled ?? false,
              ApplyServerSideEncryptionByDefault: byDefault && {
                SSEAlgorithm: byDefault.sseAlgorithm,
                KMSMasterKeyID: byDefault.kmsMasterKeyId || undefined,
              },
              BlockedEncryptionTypes: blocked?.length ? { EncryptionType: blocked } : undefined,
            };
          }),
        },
      }),
    ),
  async get(bucket, call) {
    const { ServerSideEncryptionConfiguration } = await s3(call).send(
      new GetBucketEncryptionCommand({ Bucket: bucket }),
    );
    const rules = (ServerSideEncryptionConfiguration?.Rules ?? []).map((rule) => {
      const { SSEAlgorithm, KMSMasterKeyID } = rule.ApplyServerSideEncryptionByDefault ?? {};
      const blocked = BLOCKED.filter((type) => rule.BlockedEncryptionTypes?.EncryptionType?.includes(type));
      return {
        bucketKeyEnabled: rule.BucketKeyEnabled ?? false,
        ...(SSEAlgorithm && {
          applyServerSideEncryptionByDefault: {
            sseAlgorithm: SSEAlgorithm,
            ...(KMSMasterKeyID && { kmsMasterKeyId: KMSMasterKeyID }),
          },
        }),
        ...(blocked.length > 0 && { blockedEncryptionTypes: blocked }),
      };
    });
    return rules.length === 0 ? undefined : { rules };
  },
  hasDefault: true,
  remove: (bucket, call) => s3(call).send(new DeleteBucketEncryptionCommand({ Bucket: bucket })),
});
