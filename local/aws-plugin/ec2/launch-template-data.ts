import {
  type _InstanceType,
  type LaunchTemplateBlockDeviceMapping,
  type LaunchTemplateBlockDeviceMappingRequest,
  LaunchTemplateHttpTokensState,
  LaunchTemplateInstanceMetadataEndpointState,
  LaunchTemplateInstanceMetadataProtocolIpv6,
  LaunchTemplateInstanceMetadataTagsState,
  type LaunchTemplateInstanceNetworkInterfaceSpecification,
  type LaunchTemplateInstanceNetworkInterfaceSpecificationRequest,
  type RequestLaunchTemplateData,
  ResourceType,
  type ResponseLaunchTemplateData,
  ShutdownBehavior,
  VolumeType,
} from "@aws-sdk/client-ec2";
import { omitUndefined, undefinedIfEmpty } from "../../../staging/omit.ts";
import {
  boolean,
  choice,
  type InputsOf,
  integer,
  list,
  object,
  set,
  string,
  strings,
  type ValueOf,
} from "../../../staging/schema/fields.ts";
import { fromTagList, toTagList } from "../sdk/tags.ts";

/** Unset, true and false differ for AWS, so @pulumi/aws uses strings. */
const flag = () => choice(["true", "false"]);
const chosen = { computed: true } as const;

const blockDevice = object({
  deviceName: string({}),
  noDevice: string({}),
  virtualName: string({}),
  ebs: object({
    deleteOnTermination: flag(),
    encrypted: flag(),
    iops: integer({ min: 1, ...chosen }),
    kmsKeyId: string({}),
    snapshotId: string({}),
    // https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html
    throughput: integer({ min: 125, max: 2_000, ...chosen }),
    volumeSize: integer({ min: 1, ...chosen }),
    volumeType: choice(Object.values(VolumeType), chosen),
  }),
});

const networkInterface = object({
  associatePublicIpAddress: flag(),
  deleteOnTermination: flag(),
  description: string({}),
  deviceIndex: integer(),
  securityGroups: set(),
  subnetId: string({}),
});

/** The instance settings of a launch template version. */
export const dataFields = {
  blockDeviceMappings: list(blockDevice),
  iamInstanceProfile: object({ arn: string({}), name: string({}) }, { problem: profileProblem }),
  imageId: string({}),
  instanceInitiatedShutdownBehavior: choice(Object.values(ShutdownBehavior)),
  instanceType: string({}),
  keyName: string({}),
  metadataOptions: object(
    {
      httpEndpoint: choice(Object.values(LaunchTemplateInstanceMetadataEndpointState), chosen),
      httpProtocolIpv6: choice(Object.values(LaunchTemplateInstanceMetadataProtocolIpv6), chosen),
      httpPutResponseHopLimit: integer({ min: 1, max: 64, ...chosen }),
      httpTokens: choice(Object.values(LaunchTemplateHttpTokensState), chosen),
      instanceMetadataTags: choice(Object.values(LaunchTemplateInstanceMetadataTagsState), chosen),
    },
    chosen,
  ),
  monitoring: object({ enabled: boolean() }),
  networkInterfaces: list(networkInterface),
  tagSpecifications: list(object({ resourceType: choice(Object.values(ResourceType)), tags: strings() })),
  userData: string({ problem: userDataProblem }),
  vpcSecurityGroupIds: set(),
};

type TemplateData = InputsOf<typeof dataFields>;

/** The complete data of a version: AWS copies nothing from the previous version. */
export function toTemplateData(inputs: TemplateData): RequestLaunchTemplateData {
  const { iamInstanceProfile: profile, metadataOptions: metadata, monitoring } = inputs;
  return {
    UserData: inputs.userData ?? "", // the official provider always sends it, because one field is required
    BlockDeviceMappings: undefinedIfEmpty(inputs.blockDeviceMappings)?.map(toBlockDevice),
    IamInstanceProfile: profile && { Arn: profile.arn || undefined, Name: profile.name || undefined },
    ImageId: inputs.imageId || undefined,
    InstanceInitiatedShutdownBehavior: inputs.instanceInitiatedShutdownBehavior,
    // The SDK's list of types is that of its release.
    InstanceType: (inputs.instanceType || undefined) as _InstanceType | undefined,
    KeyName: inputs.keyName || undefined,
    MetadataOptions: metadata && {
      HttpEndpoint: metadata.httpEndpoint,
      HttpProtocolIpv6: metadata.httpProtocolIpv6,
      HttpPutResponseHopLimit: metadata.httpPutResponseHopLimit,
      HttpTokens: metadata.httpTokens,
      InstanceMetadataTags: metadata.instanceMetadataTags,
    },
    Monitoring: monitoring && { Enabled: monitoring.enabled ?? false },
    NetworkInterfaces: undefinedIfEmpty(inputs.networkInterfaces)?.map(toInterface),
    TagSpecifications: undefinedIfEmpty(inputs.tagSpecifications)?.map(({ resourceType, tags }) => ({
      ResourceType: resourceType,
      Tags: tags && toTagList(tags),
    })),
    SecurityGroupIds: undefinedIfEmpty(inputs.vpcSecurityGroupIds),
  };
}

export function fromTemplateData(data: ResponseLaunchTemplateData): TemplateData {
  const { IamInstanceProfile: profile, MetadataOptions: metadata, Monitoring: monitoring } = data;
  return omitUndefined({
    blockDeviceMappings: undefinedIfEmpty(data.BlockDeviceMappings?.map(fromBlockDevice)),
    iamInstanceProfile:
      profile && omitUndefined({ arn: profile.Arn || undefined, name: profile.Name || undefined }),
    imageId: data.ImageId || undefined,
    instanceInitiatedShutdownBehavior: data.InstanceInitiatedShutdownBehavior,
    instanceType: data.InstanceType || undefined,
    keyName: data.KeyName || undefined,
    metadataOptions:
      metadata &&
      omitUndefined({
        httpEndpoint: metadata.HttpEndpoint,
        httpProtocolIpv6: metadata.HttpProtocolIpv6,
        httpPutResponseHopLimit: metadata.HttpPutResponseHopLimit,
        httpTokens: metadata.HttpTokens,
        instanceMetadataTags: metadata.InstanceMetadataTags,
      }),
    monitoring: monitoring && { enabled: monitoring.Enabled ?? false },
    networkInterfaces: undefinedIfEmpty(data.NetworkInterfaces?.map(fromInterface)),
    tagSpecifications: undefinedIfEmpty(
      data.TagSpecifications?.map(({ ResourceType: resourceType, Tags }) =>
        omitUndefined({ resourceType, tags: fromTagList(Tags) }),
      ),
    ),
    userData: data.UserData || undefined,
    vpcSecurityGroupIds: undefinedIfEmpty(data.SecurityGroupIds),
  });
}

type BlockDevice = ValueOf<typeof blockDevice>;

function toBlockDevice({ ebs, ...device }: BlockDevice): LaunchTemplateBlockDeviceMappingRequest {
  return {
    DeviceName: device.deviceName,
    NoDevice: device.noDevice,
    VirtualName: device.virtualName,
    Ebs: ebs && {
      DeleteOnTermination: fromFlag(ebs.deleteOnTermination),
      Encrypted: fromFlag(ebs.encrypted),
      Iops: ebs.iops,
      KmsKeyId: ebs.kmsKeyId,
      SnapshotId: ebs.snapshotId,
      Throughput: ebs.throughput,
      VolumeSize: ebs.volumeSize,
      VolumeType: ebs.volumeType,
    },
  };
}

function fromBlockDevice({ Ebs: ebs, ...device }: LaunchTemplateBlockDeviceMapping): BlockDevice {
  return omitUndefined({
    deviceName: device.DeviceName || undefined,
    noDevice: device.NoDevice || undefined,
    virtualName: device.VirtualName || undefined,
    ebs:
      ebs &&
      omitUndefined({
        deleteOnTermination: toFlag(ebs.DeleteOnTermination),
        encrypted: toFlag(ebs.Encrypted),
        iops: ebs.Iops,
        kmsKeyId: ebs.KmsKeyId || undefined,
        snapshotId: ebs.SnapshotId || undefined,
        throughput: ebs.Throughput,
        volumeSize: ebs.VolumeSize,
        volumeType: ebs.VolumeType,
      }),
  });
}

type Interface = ValueOf<typeof networkInterface>;

function toInterface(one: Interface): LaunchTemplateInstanceNetworkInterfaceSpecificationRequest {
  return {
    AssociatePublicIpAddress: fromFlag(one.associatePublicIpAddress),
    DeleteOnTermination: fromFlag(one.deleteOnTermination),
    Description: one.description,
    DeviceIndex: one.deviceIndex ?? 0, // the official provider sends 0 if undeclared
    Groups: one.securityGroups,
    SubnetId: one.subnetId,
  };
}

function fromInterface(one: LaunchTemplateInstanceNetworkInterfaceSpecification): Interface {
  return omitUndefined({
    associatePublicIpAddress: toFlag(one.AssociatePublicIpAddress),
    deleteOnTermination: toFlag(one.DeleteOnTermination),
    description: one.Description || undefined,
    deviceIndex: one.DeviceIndex,
    securityGroups: undefinedIfEmpty(one.Groups),
    subnetId: one.SubnetId || undefined,
  });
}

function toFlag(value: boolean | undefined): "true" | "false" | undefined {
  if (value === undefined) return undefined;
  return value ? "true" : "false";
}
const fromFlag = (flag: "true" | "false" | undefined) => (flag === undefined ? undefined : flag === "true");

function profileProblem({ arn, name }: { arn?: string; name?: string }): string | undefined {
  return arn && name ? "has both an arn and a name; AWS takes one of them" : undefined;
}

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html: 16 KB before base64. */
const USER_DATA_BYTES = 16_384;

function userDataProblem(text: string): string | undefined {
  if (!/^[A-Za-z0-9+/\r\n]*={0,2}[\r\n]*$/.test(text)) return "must be base64";
  const bytes = Buffer.from(text, "base64").length;
  return bytes <= USER_DATA_BYTES
    ? undefined
    : `has ${bytes} bytes before base64, and AWS takes at most ${USER_DATA_BYTES}`;
}
