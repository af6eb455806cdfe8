import {
  DescribeInstanceAttributeCommand,
  EC2Client,
  type Instance as Ec2Instance,
  paginateDescribeInstances,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import { GetInstanceProfileCommand, IAMClient } from "@aws-sdk/client-iam";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { userAgent } from "../../connection/access.ts";
import type { Keys } from "../../connection/connection.ts";
import type { Region } from "../../staging/regions.ts";
import { type Instance, type Instances, isInstanceId, type RoleCredentials } from "./instances.ts";

/** The tag of every instance of a sweep, with the sweep's ID. */
const SWEEP_TAG = "spawn:sweep";
/** IAM and STS have no regions here. */
const GLOBAL_REGION = "us-east-1";

/** The instances of the local cloud, through the public APIs with its own key. */
export class AwsInstances implements Instances {
  readonly #settings;
  readonly #ec2 = new Map<Region, EC2Client>();
  readonly #iam: IAMClient;
  readonly #sts: STSClient;

  constructor(endpoint: string, credentials: Keys) {
    this.#settings = { endpoint, credentials, customUserAgent: userAgent("machines") };
    this.#iam = new IAMClient({ ...this.#settings, region: GLOBAL_REGION });
    this.#sts = new STSClient({ ...this.#settings, region: GLOBAL_REGION });
  }

  close(): void {
    for (const client of [...this.#ec2.values(), this.#iam, this.#sts]) client.destroy();
  }

  async list(region: Region): Promise<Instance[]> {
    const filters = [
      { Name: "tag-key", Values: [SWEEP_TAG] },
      { Name: "instance-state-name", Values: ["pending", "running"] },
    ];
    const found: Instance[] = [];
    const pages = paginateDescribeInstances({ client: this.#client(region) }, { Filters: filters });
    for await (const { Reservations = [] } of pages) {
      for (const { Instances = [], OwnerId = "" } of Reservations) {
        for (const instance of Instances) found.push(...toInstance(instance, region, OwnerId));
      }
    }
    return found;
  }

  async userData({ id, region }: Instance): Promise<Uint8Array | undefined> {
    const command = new DescribeInstanceAttributeCommand({ InstanceId: id, Attribute: "userData" });
    const { UserData } = await this.#client(region).send(command);
    return UserData?.Value ? Buffer.from(UserData.Value, "base64") : undefined;
  }

  async terminate({ id, region }: Instance): Promise<void> {
    await this.#client(region).send(new TerminateInstancesCommand({ InstanceIds: [id] }));
  }

  async credentials({ id, profile }: Instance): Promise<RoleCredentials | undefined> {
    const name = profile?.split("/").at(-1);
    if (name === undefined) return undefined;
    const { InstanceProfile } = await this.#iam.send(
      new GetInstanceProfileCommand({ InstanceProfileName: name }),
    );
    const role = InstanceProfile?.Roles?.[0];
    if (role?.Arn === undefined || role.RoleName === undefined) return undefined;
    // The session's name is the instance's ID, as on EC2: policies may compare aws:userid with it.
    const { Credentials } = await this.#sts.send(
      new AssumeRoleCommand({ RoleArn: role.Arn, RoleSessionName: id }),
    );
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = Credentials ?? {};
    if (!AccessKeyId || !SecretAccessKey || !SessionToken || Expiration === undefined) {
      throw new Error(`STS gave no credentials of ${role.Arn}`);
    }
    return {
      roleName: role.RoleName,
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
      expiration: Expiration,
    };
  }

  #client(region: Region): EC2Client {
    const known = this.#ec2.get(region);
    if (known !== undefined) return known;
    const client = new EC2Client({ ...this.#settings, region });
    this.#ec2.set(region, client);
    return client;
  }
}

/** Undefined if the response lacks required properties. */
function toInstance(instance: Ec2Instance, region: Region, account: string): Instance[] {
  const { InstanceId = "", LaunchTime, Placement, InstanceType, ImageId, PrivateIpAddress } = instance;
  if (!isInstanceId(InstanceId)) return [];
  return [
    {
      id: InstanceId,
      region,
      zone: Placement?.AvailabilityZone ?? `${region}a`,
      type: InstanceType ?? "",
      imageId: ImageId ?? "",
      privateIp: PrivateIpAddress ?? "10.0.0.1",
      account,
      launchedAt: LaunchTime?.getTime() ?? 0,
      profile: instance.IamInstanceProfile?.Arn,
    },
  ];
}
