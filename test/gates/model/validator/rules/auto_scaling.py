"""Auto Scaling groups. https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-quotas.html"""

import re

from .tags import check_tags, pairs_of

_SOURCES = ("LaunchTemplate", "MixedInstancesPolicy", "LaunchConfigurationName", "InstanceId")
# https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html
_PROCESSES = frozenset(
    ("Launch", "Terminate", "AddToLoadBalancer", "AlarmNotification", "AZRebalance", "HealthCheck", "InstanceRefresh")
    + ("ReplaceUnhealthy", "ScheduledActions")
)


def check_group(members, _request, problems):
    """
    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html
    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstancesDistribution.html
    """
    if not re.fullmatch(r"[!-9;-~]{1,255}", members.get("AutoScalingGroupName", "")):
        problems.add("AutoScalingGroupName", f"{members.get('AutoScalingGroupName')!r} is no name of a group")
    given = [name for name in _SOURCES if name in members]
    if len(given) != 1:
        problems.add("", f"a group has one of {', '.join(_SOURCES)}, not {len(given)}")
    _check_sizes(members, problems)
    policy = members.get("MixedInstancesPolicy", {})
    overrides = policy.get("LaunchTemplate", {}).get("Overrides", [])
    if len(overrides) > 40:
        problems.add("Overrides", f"{len(overrides)} instance types are above the most, 40")
    types = [each.get("InstanceType") for each in overrides]
    if len(set(types)) < len(types):
        problems.add("Overrides", "an instance type is there twice")
    for each in overrides:
        weight = each.get("WeightedCapacity", "1")
        if not weight.isdigit() or not 1 <= int(weight) <= 999:
            problems.add("Overrides", f"the weight {weight!r} is not from 1 to 999")
    if not 0 <= policy.get("InstancesDistribution", {}).get("OnDemandPercentageAboveBaseCapacity", 100) <= 100:
        problems.add("OnDemandPercentageAboveBaseCapacity", "is not from 0 to 100")
    check_tags(pairs_of(members.get("Tags")), 50, "Tags", problems)


def check_action(members, _request, problems):
    """https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutScheduledUpdateGroupAction.html"""
    _check_sizes(members, problems)
    if not {"MinSize", "MaxSize", "DesiredCapacity"} & members.keys():
        problems.add("", "an action has at least one of MinSize, MaxSize and DesiredCapacity")


def _check_sizes(members, problems):
    sizes = [members[name] for name in ("MinSize", "DesiredCapacity", "MaxSize") if name in members]
    if sizes != sorted(sizes) or any(size < 0 for size in sizes):
        problems.add("DesiredCapacity", f"the sizes {sizes} are not in order")


def check_processes(members, _request, problems):
    """https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html"""
    for name in members.get("ScalingProcesses", []):
        if name not in _PROCESSES:
            problems.add("ScalingProcesses", f"there is no process {name!r}")


RULES = (
    (("autoscaling:CreateAutoScalingGroup",), check_group),
    (("autoscaling:PutScheduledUpdateGroupAction",), check_action),
    (("autoscaling:SuspendProcesses", "autoscaling:ResumeProcesses"), check_processes),
)
