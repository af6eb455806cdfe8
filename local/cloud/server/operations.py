"""The operations of EC2, Auto Scaling and SSM that the local cloud serves. All others are refused before ministack sees them.

ministack's EC2 can start containers for instances of a registered image, and its SSM can run commands in them. So no image can
be registered (RegisterImage is not here), no instance can be started but by a group (neither is RunInstances), and SSM is not
ministack's at all (parameters.py). A new line here needs a look at what ministack does then.
"""

# - what the commands ask before a sweep: zones, subnets, routes, endpoints, instance types, images
# - what the official provider calls for aws_security_group and aws_launch_template
# - what local/machines/ calls: DescribeInstances, DescribeInstanceAttribute, TerminateInstances
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

# What the official provider calls for aws_autoscaling_group, SweepRun, and the workers.
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
