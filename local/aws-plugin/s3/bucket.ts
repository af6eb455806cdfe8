import {
  type BucketLocationConstraint,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketTaggingCommand,
  GetBucketTaggingCommand,
  HeadBucketCommand,
  PutBucketTaggingCommand,
} from "@aws-sdk/client-s3";
import { UserError } from "../../../staging/errors.ts";
import { boolean, type InputsOf, string, strings } from "../../../staging/schema/fields.ts";
import { canonicalJson } from "../../../staging/schema/json.ts";
import { defineResource } from "../resource.ts";
import type { Call } from "../sdk/call.ts";
import { isAwsError, undefinedOn, wasRetried } from "../sdk/errors.ts";
import { s3 } from "../sdk/s3.ts";
import { settle, settleGone } from "../sdk/settle.ts";
import { fromTagList, toTagList } from "../sdk/tags.ts";
import { NO_BUCKET } from "./bucket-configuration.ts";
import { bucketNameProblem } from "./bucket-names.ts";
import { emptyBucket } from "./empty-bucket.ts";

const fields = {
  bucket: string({ required: true, replaces: true, names: true, problem: bucketNameProblem }),
  forceDestroy: boolean({ default: false, unreported: true }),
  tags: strings(),
};

/**
 * Outputs. The official provider also returns the bucket's policy, rules and similar settings at the time of a
 * refresh; this one leaves them to the resources that declare them.
 */
type Computed = {
  arn: string;
  bucketDomainName: string;
  bucketRegionalDomainName: string;
  bucketRegion: string;
  tagsAll: Record<string, string>;
};

export default defineResource<typeof fields, Computed>({
  title: "bucket",
  fields,
  computed: ["arn", "bucketDomainName", "bucketRegionalDomainName", "bucketRegion", "tagsAll"],
  changing: ["tagsAll"],

  async create({ bucket }, call) {
    // In us-east-1, S3 returns 200 for the creation of a bucket that the caller already owns.
    if (call.region === "us-east-1" && (await regionOf(bucket, call)) !== undefined) throw exists(bucket);
    try {
      await s3(call).send(
        new CreateBucketCommand({
          Bucket: bucket,
          ...(call.region === "us-east-1"
            ? {}
            : { CreateBucketConfiguration: { LocationConstraint: call.region as BucketLocationConstraint } }),
        }),
      );
    } catch (error) {
      if (isAwsError(error, "BucketAlreadyOwnedByYou") && wasRetried(error)) return bucket;
      if (isAwsError(error, "BucketAlreadyOwnedByYou", "BucketAlreadyExists")) throw exists(bucket, error);
      throw error;
    }
    await settle(call, `the bucket ${bucket} to exist`, () => regionOf(bucket, call));
    return bucket;
  },
  finish: (bucket, inputs, call) => setTags(bucket, inputs, call),
  update: (bucket, inputs, _actual, call) => setTags(bucket, inputs, call),

  async read(bucket, call) {
    const region = await regionOf(bucket, call);
    if (region === undefined) return undefined;
    const tags = await getTags(bucket, call);
    return {
      bucket,
      region,
      arn: `arn:aws:s3:::${bucket}`,
      bucketDomainName: `${bucket}.s3.amazonaws.com`,
      bucketRegionalDomainName: `${bucket}.s3.${region}.amazonaws.com`,
      bucketRegion: region,
      ...(tags && { tags }),
      tagsAll: tags ?? {},
    };
  },

  async delete(bucket, { forceDestroy }, call) {
    const remove = () => undefinedOn(NO_BUCKET, s3(call).send(new DeleteBucketCommand({ Bucket: bucket })));
    try {
      await remove();
    } catch (error) {
      if (!isAwsError(error, "BucketNotEmpty")) throw error;
      if (!forceDestroy) {
        throw new UserError(`the bucket ${bucket} is not empty`, {
          why: "A deletion removes its objects only if forceDestroy is true in the state beforehand.",
          cause: error,
        });
      }
      await emptyBucket(bucket, call);
      await remove();
    }
    await settleGone(call, `the bucket ${bucket}`, () => regionOf(bucket, call));
  },
});

/** The region of a bucket, or undefined if it does not exist. */
async function regionOf(bucket: string, call: Call): Promise<string | undefined> {
  const head = await undefinedOn(NO_BUCKET, s3(call).send(new HeadBucketCommand({ Bucket: bucket })));
  return head && (head.BucketRegion ?? call.region);
}

async function getTags(bucket: string, call: Call): Promise<Record<string, string> | undefined> {
  const request = s3(call).send(new GetBucketTaggingCommand({ Bucket: bucket }));
  return fromTagList((await undefinedOn(["NoSuchTagSet"], request))?.TagSet);
}

/** S3 replaces a bucket's tags as a whole. */
async function setTags(bucket: string, { tags }: InputsOf<typeof fields>, call: Call): Promise<void> {
  if (canonicalJson((await getTags(bucket, call)) ?? {}) === canonicalJson(tags ?? {})) return;
  const TagSet = toTagList(tags);
  await (TagSet.length === 0
    ? s3(call).send(new DeleteBucketTaggingCommand({ Bucket: bucket }))
    : s3(call).send(new PutBucketTaggingCommand({ Bucket: bucket, Tagging: { TagSet } })));
}

function exists(bucket: string, cause?: unknown): UserError {
  return new UserError(`the bucket ${bucket} already exists`, {
    why: "The stack declares it, but its state does not have it.",
    fix: `Import it (the resource option import: "${bucket}"), or choose another name.`,
    cause,
  });
}
