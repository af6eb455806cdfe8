import type { Region } from "../../staging/regions.ts";

/** An EC2 instance of a sweep that is pending or running. */
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
  /** Of the role, as the metadata service lists it. */
  readonly roleName: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
}

/** What the machines need of EC2, IAM and STS. */
export interface Instances {
  /** The instances of sweeps in a region that are pending or running. */
  list(region: Region): Promise<Instance[]>;
  /** As it was given, perhaps compressed; undefined where there is none. */
  userData(instance: Instance): Promise<Uint8Array | undefined>;
  /** Changes nothing where it is terminated already. */
  terminate(instance: Instance): Promise<void>;
  /** New credentials of the role of its instance profile; undefined where it has none. */
  credentials(instance: Instance): Promise<RoleCredentials | undefined>;
}

/** As EC2 makes them. What is no such id never becomes the name of a folder. */
export const isInstanceId = (text: string): boolean => /^i-[0-9a-f]{8,40}$/.test(text);
