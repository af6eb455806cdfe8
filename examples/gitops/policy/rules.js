// The rules of this organisation. Change the limits here, or per run with --policy-pack-config.

const ALL_BLOCKED = ["blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"];

const ttlLimit = {
  name: "ttl-limit",
  description: "Staged data expire after at most maxDays.",
  configSchema: { properties: { maxDays: { type: "integer", minimum: 1, maximum: 90, default: 60 } } },
  validateResource: ({ type, props, getConfig }, report) => {
    const { maxDays } = getConfig();
    if (type === "staging:index:Expiration" && props.ttlDays > maxDays)
      report(
        `A TTL of ${props.ttlDays} days is more than the limit of ${maxDays}. Write ttl: ${maxDays} in the item and remove keep, which adds the days since the upload. A lower ttl must be more than these days.`,
      );
  },
};

const allowedRegions = {
  name: "allowed-regions",
  description: "Data, buckets and workers are in allowed regions only.",
  configSchema: {
    properties: {
      regions: { type: "array", items: { type: "string" }, default: ["us-east-1", "us-west-2", "eu-west-1"] },
    },
  },
  validateResource: ({ type, props, getConfig }, report) => {
    const { regions } = getConfig();
    const region = /^(aws|staging):/.test(type) ? props.region : undefined;
    if (typeof region === "string" && !regions.includes(region))
      report(`The region ${region} is not allowed. Use one of ${regions.join(", ")}.`);
  },
};

const noPublicBucket = {
  name: "no-public-bucket",
  description: "Buckets and access points block every kind of public access.",
  validateResource: ({ type, props }, report) => {
    const block =
      type === "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
        ? props
        : type === "aws:s3/accessPoint:AccessPoint"
          ? (props.publicAccessBlockConfiguration ?? {})
          : undefined;
    const missing = block === undefined ? [] : ALL_BLOCKED.filter((name) => block[name] !== true);
    if (missing.length > 0) report(`Public access must be blocked: set ${missing.join(", ")} to true.`);
    if (/^aws:s3\/bucketAcl(V2)?:/.test(type) && /public|authenticated-read/.test(props.acl ?? ""))
      report(`The ACL ${props.acl} makes a bucket public.`);
  },
};

const everyBucketBlocked = {
  name: "every-bucket-blocked",
  description: "Each bucket has a public access block.",
  validateStack: ({ resources }, report) => {
    const blocks = resources.filter(({ type }) => type.endsWith(":BucketPublicAccessBlock"));
    const blocked = new Set(blocks.map(({ props }) => props.bucket));
    for (const { props, urn } of resources.filter(({ type }) => /^aws:s3\/bucket(V2)?:/.test(type)))
      if (typeof props.bucket === "string" && !blocked.has(props.bucket))
        report(`The bucket ${props.bucket} has no public access block.`, urn);
  },
};

const workerCap = {
  name: "worker-cap",
  description: "All sweeps of a stack have at most maxWorkers together.",
  configSchema: { properties: { maxWorkers: { type: "integer", minimum: 1, default: 200 } } },
  validateStack: ({ resources, getConfig }, report) => {
    const { maxWorkers } = getConfig();
    const groups = resources.filter(({ type }) => type === "aws:autoscaling/group:Group");
    const workers = groups.reduce((total, { props }) => total + props.maxSize, 0);
    if (workers > maxWorkers)
      report(`${workers} workers are more than the limit of ${maxWorkers}. Lower maxConcurrent of a sweep.`);
  },
};

export const policies = [ttlLimit, allowedRegions, noPublicBucket, everyBucketBlocked, workerCap];
