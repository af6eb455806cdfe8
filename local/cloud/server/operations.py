"""The served operations of EC2, Auto Scaling and SSM. All others are refused before they reach ministack.

ministack's EC2 can start containers for instances of a registered image, and its SSM can run commands in them. So no
request can register an image (RegisterImage is not here), only groups start instances (neither is RunInstances), and
SSM is not ministack's (parameters.py). Before adding a line here, check ministack's implementation."""

# - queries of the commands before a sweep: zones, subnets, routes, endpoints, instance types, images
# - calls of the official provider for aws_security_group and aws_launch_template
# - calls of local/machines/: DescribeInstances, DescribeInstanceAttribute, TerminateInstances
EC2 = frozenset(
    (
        "AuthorizeSecurityGroupEgress",
        "AuthorizeSecurityGroupIngress",
        "CreateLaunchTemplate",
        "CreateLaunchTemplateVersion",
        "CreateSecurityGroup",
        "CreateTags",
        "DeleteLaunchTemplate",
        "DeleteSecurityGroup",
        "DeleteTags",
        "DescribeAvailabilityZones",
        "DescribeImages",
        "DescribeInstanceAttribute",
        "DescribeInstanceTypes",
        "DescribeInstances",
        "DescribeLaunchTemplateVersions",
        "DescribeLaunchTemplates",
        "DescribeNatGateways",
        "DescribeNetworkInterfaces",
        "DescribeRegions",
        "DescribeRouteTables",
        "DescribeSecurityGroupRules",
        "DescribeSecurityGroups",
        "DescribeSubnets",
        "DescribeTags",
        "DescribeVpcAttribute",
        "DescribeVpcEndpoints",
        "DescribeVpcs",
        "ModifyLaunchTemplate",
        "RevokeSecurityGroupEgress",
        "RevokeSecurityGroupIngress",
        "TerminateInstances",
    )
)

# Calls of the official provider for aws_autoscaling_group, of SweepRun, and of the workers.
AUTO_SCALING = frozenset(
    (
        "CreateAutoScalingGroup",
        "CreateOrUpdateTags",
        "DeleteAutoScalingGroup",
        "DeleteScheduledAction",
        "DeleteTags",
        "DescribeAutoScalingGroups",
        "DescribeAutoScalingInstances",
        "DescribeLifecycleHooks",
        "DescribeScalingActivities",
        "DescribeScheduledActions",
        "DescribeTags",
        "DescribeWarmPool",
        "PutScheduledUpdateGroupAction",
        "ResumeProcesses",
        "SetDesiredCapacity",
        "SuspendProcesses",
        "TerminateInstanceInAutoScalingGroup",
        "UpdateAutoScalingGroup",
    )
)

SSM = frozenset(("GetParameter", "GetParameters"))
