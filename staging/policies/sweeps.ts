import { ENVIRONMENT_TAG } from "../environment.ts";
import { actionsOf, allow, type Condition, type Statement } from "./document.ts";
import type { Places } from "./places.ts";

/** Permissions to start, watch and end sweeps, beside their data and tables. */
interface SweepRights {
  /** The environment's name, which tags the resources of a sweep. */
  readonly environment: string;
  /**
   * The ARN of the managed policy that every worker's role must have as its permissions boundary. @default none: the
   * user who creates a role decides about its permissions
   */
  readonly boundary?: string;
  /** Whether the user can create and pass roles for workers. */
  readonly makesRoles: boolean;
}

/** AMIs of Amazon Linux. https://docs.aws.amazon.com/linux/al2023/ug/ec2.html */
const IMAGE_PARAMETERS = "parameter/aws/service/ami-amazon-linux-latest/*";

export function sweepStatements(places: Places, rights: SweepRights): Statement[] {
  return [
    look(),
    allow("FindImages", ["ssm:GetParameter"], `arn:${places.partition}:ssm:*::${IMAGE_PARAMETERS}`),
    ...network(places, rights.environment),
    groups(places),
    ...(rights.makesRoles ? makeRoles(places, rights.boundary) : []),
    ...keepRoles(places),
  ];
}

/** None of these supports resources. The access points include those of all entries, because a source's alias may be one. */
const look = (): Statement =>
  allow(
    "LookAround",
    [
      ...actionsOf("ec2", "DescribeSubnets", "DescribeRouteTables", "DescribeVpcs", "DescribeVpcEndpoints"),
      ...actionsOf("ec2", "DescribeInstanceTypes", "DescribeSpotPriceHistory", "DescribeSecurityGroups"),
      ...actionsOf("ec2", "DescribeLaunchTemplates", "DescribeLaunchTemplateVersions"),
      ...actionsOf("ec2", "DescribeNetworkInterfaces"),
      ...actionsOf("autoscaling", "DescribeAutoScalingGroups", "DescribeScalingActivities"),
      ...actionsOf("servicequotas", "GetServiceQuota"),
      ...actionsOf("s3", "ListAccessPoints", "GetAccessPoint"),
    ],
    "*",
  );

/**
 * Security groups and launch templates: their IDs are random, so the environment's tag identifies them.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html
 */
function network({ account, partition, sweeps }: Places, environment: string): Statement[] {
  const { securityGroups, launchTemplates } = sweeps;
  const made = [securityGroups, launchTemplates];
  const ec2 = (resource: string): string => `arn:${partition}:ec2:*:${account}:${resource}`;
  const tag = (key: "Request" | "Resource"): Condition => ({
    StringEquals: { [`aws:${key}Tag/${ENVIRONMENT_TAG}`]: environment },
  });
  return [
    allow(
      "MakeTemplates",
      actionsOf("ec2", "CreateSecurityGroup", "CreateLaunchTemplate"),
      made,
      tag("Request"),
    ),
    allow("UseNetworks", ["ec2:CreateSecurityGroup"], ec2("vpc/*")),
    allow("TagNew", ["ec2:CreateTags"], [...made, ec2("instance/*"), ec2("volume/*")], {
      StringEquals: {
        "ec2:CreateAction": ["CreateSecurityGroup", "CreateLaunchTemplate", "RunInstances"],
      },
    }),
    allow(
      "ChangeTemplates",
      actionsOf(
        "ec2",
        ...["AuthorizeSecurityGroup*", "RevokeSecurityGroup*", "DeleteSecurityGroup"],
        ...["CreateLaunchTemplateVersion", "ModifyLaunchTemplate", "DeleteLaunchTemplate"],
        ...["CreateTags", "DeleteTags"],
      ),
      made,
      tag("Resource"),
    ),
    // Auto Scaling requires it for the creation of a group:
    // https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-api-permissions.html
    allow("RunWorkers", ["ec2:RunInstances"], [ec2("*/*"), `arn:${partition}:ec2:*::image/*`], {
      ArnLike: { "ec2:LaunchTemplate": launchTemplates },
    }),
  ];
}

const groups = ({ sweeps }: Places): Statement =>
  allow(
    "ManageGroups",
    actionsOf(
      "autoscaling",
      ...["CreateAutoScalingGroup", "UpdateAutoScalingGroup", "DeleteAutoScalingGroup"],
      ...["SetDesiredCapacity", "SuspendProcesses", "ResumeProcesses", "PutScheduledUpdateGroupAction"],
      ...["CreateOrUpdateTags", "DeleteTags"],
    ),
    sweeps.group,
  );

/** Lists that Pulumi's AWS provider reads of every role. */
export const LIST_OF_ROLE = ["ListRolePolicies", "ListAttachedRolePolicies", "ListInstanceProfilesForRole"];

/**
 * A user who grants permissions to a role and starts an instance with it gains these permissions. The boundary limits
 * them.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html#access_policies_boundaries-delegate
 */
function makeRoles({ partition, sweeps }: Places, boundary: string | undefined): Statement[] {
  const bounded: Condition | undefined =
    boundary === undefined ? undefined : { ArnEquals: { "iam:PermissionsBoundary": boundary } };
  const ec2 = partition === "aws-cn" ? "ec2.amazonaws.com.cn" : "ec2.amazonaws.com";
  return [
    allow(
      "MakeRoles",
      actionsOf("iam", "CreateRole", "PutRolePolicy", "AttachRolePolicy"),
      sweeps.role,
      bounded,
    ),
    allow("PassRoles", ["iam:PassRole"], sweeps.role, { StringEquals: { "iam:PassedToService": ec2 } }),
  ];
}

function keepRoles({ account, partition, sweeps }: Places): Statement[] {
  return [
    allow(
      "KeepRoles",
      actionsOf(
        "iam",
        ...[
          "GetRole",
          "GetRolePolicy",
          ...LIST_OF_ROLE,
          "TagRole",
          "UntagRole",
          "DeleteRole",
          "DeleteRolePolicy",
          "DetachRolePolicy",
        ],
        "*InstanceProfile",
      ),
      [sweeps.role, sweeps.instanceProfile],
    ),
    // The first group of an account: https://docs.aws.amazon.com/autoscaling/ec2/userguide/autoscaling-service-linked-role.html
    allow(
      "MakeServiceRole",
      ["iam:CreateServiceLinkedRole"],
      `arn:${partition}:iam::${account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling`,
    ),
  ];
}
