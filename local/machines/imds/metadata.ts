import type { Instance, RoleCredentials } from "../instances.ts";

/** A notice that the instance will be terminated, as EC2 gives it two minutes before. */
export interface SpotNotice {
  /** Milliseconds since 1970. */
  readonly noticeAt: number;
  readonly terminatesAt: number;
}

export interface MetadataSources {
  readonly instance: Instance;
  readonly notice: SpotNotice | undefined;
  /** The current ones; undefined if the instance has no role. */
  credentials(): Promise<RoleCredentials | undefined>;
}

/**
 * The text at a path of the metadata service, or undefined for 404.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-categories.html
 */
export async function metadata(given: string, sources: MetadataSources): Promise<string | undefined> {
  const { instance, notice } = sources;
  // SDKs request some paths with a trailing slash.
  const path = given.replace(/\/$/, "");
  const leaf = LEAVES[path];
  if (leaf !== undefined) return leaf(instance);
  switch (path) {
    case "/latest/dynamic/instance-identity/document":
      return json(identity(instance));
    case "/latest/meta-data/spot/instance-action":
      return notice && json({ action: "terminate", time: seconds(notice.terminatesAt) });
    case "/latest/meta-data/spot/termination-time":
      return notice && seconds(notice.terminatesAt);
    case "/latest/meta-data/events/recommendations/rebalance":
      return notice && json({ noticeTime: seconds(notice.noticeAt) });
    case "/latest/meta-data/iam/info":
      return instance.profile && json({ Code: "Success", InstanceProfileArn: instance.profile });
  }
  if (path === CREDENTIALS) return (await sources.credentials())?.roleName;
  if (path.startsWith(`${CREDENTIALS}/`)) {
    const credentials = await sources.credentials();
    return credentials?.roleName === path.slice(CREDENTIALS.length + 1)
      ? json(credentialsText(credentials))
      : undefined;
  }
  return undefined;
}

const CREDENTIALS = "/latest/meta-data/iam/security-credentials";

const LEAVES: Readonly<Record<string, (instance: Instance) => string>> = {
  "/latest/meta-data/ami-id": ({ imageId }) => imageId,
  "/latest/meta-data/hostname": hostName,
  "/latest/meta-data/instance-id": ({ id }) => id,
  "/latest/meta-data/instance-type": ({ type }) => type,
  "/latest/meta-data/local-hostname": hostName,
  "/latest/meta-data/local-ipv4": ({ privateIp }) => privateIp,
  "/latest/meta-data/placement/availability-zone": ({ zone }) => zone,
  "/latest/meta-data/placement/region": ({ region }) => region,
  "/latest/meta-data/services/domain": () => "amazonaws.com",
};

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-naming.html */
export function hostName({ privateIp, region }: Instance): string {
  const domain = region === "us-east-1" ? "ec2.internal" : `${region}.compute.internal`;
  return `ip-${privateIp.replaceAll(".", "-")}.${domain}`;
}

function identity(instance: Instance) {
  return {
    accountId: instance.account,
    architecture: process.arch === "arm64" ? "arm64" : "x86_64",
    availabilityZone: instance.zone,
    imageId: instance.imageId,
    instanceId: instance.id,
    instanceType: instance.type,
    pendingTime: seconds(instance.launchedAt),
    privateIp: instance.privateIp,
    region: instance.region,
    version: "2017-09-30",
  };
}

function credentialsText(credentials: RoleCredentials) {
  return {
    Code: "Success",
    LastUpdated: seconds(Date.now()),
    Type: "AWS-HMAC",
    AccessKeyId: credentials.accessKeyId,
    SecretAccessKey: credentials.secretAccessKey,
    Token: credentials.sessionToken,
    Expiration: seconds(credentials.expiration.getTime()),
  };
}

/** ISO time without milliseconds. */
const seconds = (time: number): string => new Date(time).toISOString().replace(/\.\d+Z$/, "Z");
const json = (value: object): string => JSON.stringify(value, null, 2);
