import type { ResourceTransformArgs } from "@pulumi/pulumi";
import { StagingEntry, StagingEnvironment } from "spawn-staging";

/** A transform sees every resource of a component, and can change its arguments and options. */
const tagBuckets = ({ type, props, opts }: ResourceTransformArgs) =>
  type === "aws:s3/bucket:Bucket"
    ? { props: { ...props, tags: { ...props.tags, team: "genomics" } }, opts }
    : undefined;

const lab = new StagingEnvironment(
  "lab",
  {
    cloud: "local", // "aws" for an AWS account
    regions: ["us-east-1", "us-west-2"],
    namePrefix: "labts",
  },
  { transforms: [tagBuckets] },
);

const reference = new StagingEntry("reference", {
  environment: lab.environment,
  source: "reference.fasta", // a file in this folder, a directory, or an s3:// URL
  ttl: 30,
});

export const id = reference.stagingId;
export const uris = reference.uris;
