import type { Region } from "../../staging/regions.ts";

/** A pending or running EC2 instance of a sweep. */
export interface Instance {
  /** `i-0123456789abcdef0` */
  readonly id: string;
  readonly region: Region;
  /** Availability zone. */
  readonly zone: string;
  readonly type: string;
  readonly imageId: string;
  readonly privateIp: string;
  readonly account: string;
  /** Milliseconds since 1970. */
  readonly launchedAt: number;
  /** The ARN of its instance profile. */
  readonly profile: string | undefined;
}

/** Credentials of an instance's role. */
export interface RoleCredentials {
  /** The role's name in the metadata service. */
  readonly roleName: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
}

/** The operations of EC2, IAM and STS that the machines need. */
export interface Instances {
  /** The pending or running instances of sweeps in a region. */
  list(region: Region): Promise<Instance[]>;
  /** As given, possibly compressed; undefined if there is none. */
  userData(instance: Instance): Promise<Uint8Array | undefined>;
  /** No effect on a terminated instance. */
  terminate(instance: Instance): Promise<void>;
  /** New credentials of the role in its instance profile; undefined if it has none. */
  credentials(instance: Instance): Promise<RoleCredentials | undefined>;
}

/** EC2's form. Any other ID never becomes a folder's name. */
export const isInstanceId = (text: string): boolean => /^i-[0-9a-f]{8,40}$/.test(text);
