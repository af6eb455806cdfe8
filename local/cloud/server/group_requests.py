"""Validates a request about an Auto Scaling group, and converts it to the group's record."""

from ministack.core.responses import get_account_id, get_region, new_uuid
from ministack.services import ec2

from . import members
from .query import QueryError, iso, now

PROCESSES = frozenset(
    ("AddToLoadBalancer", "AlarmNotification", "AZRebalance", "HealthCheck", "InstanceRefresh", "Launch")
    + ("ReplaceUnhealthy", "ScheduledActions", "Terminate")
)

_NUMBERS = ("DefaultCooldown", "HealthCheckGracePeriod", "DefaultInstanceWarmup", "MaxInstanceLifetime")
# The properties of a group that the local cloud stores, beside its size and location.
_KEPT = frozenset(
    (
        *("AutoScalingGroupName", "MinSize", "MaxSize", "DesiredCapacity", "AvailabilityZones", "VPCZoneIdentifier"),
        *("LaunchTemplate", "MixedInstancesPolicy", "Tags", "TerminationPolicies", "HealthCheckType"),
        *("NewInstancesProtectedFromScaleIn", "CapacityRebalance", "ServiceLinkedRoleARN", *_NUMBERS),
    )
)
# Sent by clients with default values.
_EMPTY = (None, "", [], {}, False)


def new_group(asked):
    """The record of a new group. Raises QueryError."""
    _refuse_unknown(asked)
    name = asked["AutoScalingGroupName"]
    size = {"MinSize": asked["MinSize"], "MaxSize": asked["MaxSize"]}
    size["DesiredCapacity"] = asked.get("DesiredCapacity", asked["MinSize"])
    _check_size(size)
    group = {
        "AutoScalingGroupName": name,
        "AutoScalingGroupARN": (
            f"arn:aws:autoscaling:{get_region()}:{get_account_id()}:autoScalingGroup:{new_uuid()}"
            f":autoScalingGroupName/{name}"
        ),
        **_launch_source(asked, required=True),
        **size,
        "DefaultCooldown": 300,
        **_place(asked, required=True),
        "LoadBalancerNames": [],
        "TargetGroupARNs": [],
        "HealthCheckType": "EC2",
        "HealthCheckGracePeriod": 0,
        "CreatedTime": now(),
        "SuspendedProcesses": [],
        "EnabledMetrics": [],
        "Tags": [tag_of(tag, name) for tag in asked.get("Tags", [])],
        "TerminationPolicies": ["Default"],
        "NewInstancesProtectedFromScaleIn": False,
        "ServiceLinkedRoleARN": (
            f"arn:aws:iam::{get_account_id()}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
        ),
        "CapacityRebalance": False,
        "TrafficSources": [],
        **_other(asked),
        **{"members": [], "actions": {}, "activities": [], "launched": 0, "retryAt": 0, "deleting": False},
    }
    return group


def update_group(group, asked):
    """Raises QueryError without changing anything."""
    _refuse_unknown(asked)
    size = {name: asked.get(name, group[name]) for name in ("MinSize", "MaxSize", "DesiredCapacity")}
    if "DesiredCapacity" not in asked:
        size["DesiredCapacity"] = min(max(size["DesiredCapacity"], size["MinSize"]), max(size["MinSize"], size["MaxSize"]))
    _check_size(size)
    source, place = _launch_source(asked, required=False), _place(asked, required=False)
    if source:
        group.pop("LaunchTemplate", None)
        group.pop("MixedInstancesPolicy", None)
    group.update(size | source | place | _other(asked))
    group["retryAt"] = 0


def _refuse_unknown(asked):
    for name, value in asked.items():
        if name not in _KEPT and value not in _EMPTY:
            raise QueryError("ValidationError", f"The local cloud does not keep {name}.")
    if asked.get("NewInstancesProtectedFromScaleIn") or asked.get("CapacityRebalance"):
        raise QueryError("ValidationError", "The local cloud knows neither scale-in protection nor capacity rebalancing.")


def _other(asked):
    names = ("HealthCheckType", "TerminationPolicies", "ServiceLinkedRoleARN", *_NUMBERS)
    return {name: asked[name] for name in names if asked.get(name) not in (None, "", [])}


def _check_size(size):
    least, most, desired = size["MinSize"], size["MaxSize"], size["DesiredCapacity"]
    if least < 0 or most < 0 or desired < 0:
        raise QueryError("ValidationError", "Sizes of a group must not be negative.")
    if most < least:
        raise QueryError("ValidationError", f"Max bound, {most}, must be greater than or equal to min bound, {least}")
    if not least <= desired <= most:
        raise QueryError(
            "ValidationError",
            f"Desired capacity:{desired} must be between the specified min size:{least} and max size:{most}",
        )


def _launch_source(asked, required):
    template, policy = asked.get("LaunchTemplate"), asked.get("MixedInstancesPolicy")
    if template and policy:
        raise QueryError(
            "ValidationError",
            "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or "
            "MixedInstancesPolicy parameter.",
        )
    if template:
        return {"LaunchTemplate": _specification(template)}
    if policy:
        return {"MixedInstancesPolicy": _mixed(policy)}
    if required:
        raise QueryError(
            "ValidationError",
            "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or "
            "MixedInstancesPolicy parameter.",
        )
    return {}


def _specification(asked):
    record = members.find_template(asked)
    if record is None:
        raise QueryError(
            "ValidationError",
            "You must use a valid fully-formed launch template. The specified launch template, with template ID "
            f"{asked.get('LaunchTemplateId') or asked.get('LaunchTemplateName')}, does not exist.",
        )
    found = {"LaunchTemplateId": record["LaunchTemplateId"], "LaunchTemplateName": record["LaunchTemplateName"]}
    found["Version"] = asked.get("Version") or "$Default"
    try:
        members.template_of(found)
    except members.LaunchFailed as failed:
        raise QueryError("ValidationError", f"You must use a valid fully-formed launch template. {failed}") from None
    return found


def _mixed(asked):
    template = asked.get("LaunchTemplate") or {}
    overrides = template.get("Overrides", [])
    for override in overrides:
        if set(override) - {"InstanceType", "WeightedCapacity"} or override.get("WeightedCapacity", "1") != "1":
            raise QueryError("ValidationError", "The local cloud knows only instance types as overrides.")
    distribution = asked.get("InstancesDistribution") or {}
    strategy = distribution.get("SpotAllocationStrategy", "lowest-price")
    complete = {
        "OnDemandAllocationStrategy": distribution.get("OnDemandAllocationStrategy", "prioritized"),
        "OnDemandBaseCapacity": distribution.get("OnDemandBaseCapacity", 0),
        "OnDemandPercentageAboveBaseCapacity": distribution.get("OnDemandPercentageAboveBaseCapacity", 100),
        "SpotAllocationStrategy": strategy,
    }
    if strategy == "lowest-price":
        complete["SpotInstancePools"] = distribution.get("SpotInstancePools", 2)
    if distribution.get("SpotMaxPrice"):
        complete["SpotMaxPrice"] = distribution["SpotMaxPrice"]
    specification = _specification(template.get("LaunchTemplateSpecification") or {})
    return {
        "LaunchTemplate": {"LaunchTemplateSpecification": specification, "Overrides": overrides},
        "InstancesDistribution": complete,
    }


def _place(asked, required):
    identifier = asked.get("VPCZoneIdentifier", "")
    zones = asked.get("AvailabilityZones", [])
    if identifier:
        ids = [each.strip() for each in identifier.split(",")]
        subnets = [ec2._subnets.get(each) for each in ids]
        for subnet_id, subnet in zip(ids, subnets, strict=True):
            if subnet is None:
                raise QueryError("ValidationError", f"The subnet ID '{subnet_id}' does not exist")
        if len({subnet["VpcId"] for subnet in subnets}) > 1:
            raise QueryError("ValidationError", "The subnets of a group must be in one VPC.")
        found = sorted({subnet["AvailabilityZone"] for subnet in subnets})
        if zones and sorted(zones) != found:
            raise QueryError(
                "ValidationError",
                "The availability zones of the specified subnets and the Auto Scaling group do not match",
            )
        return {"VPCZoneIdentifier": ",".join(ids), "AvailabilityZones": found}
    for zone in zones:
        if not members.zone_exists(zone):
            raise QueryError("ValidationError", f"Invalid availability zone - [{zone}]")
    if zones:
        return {"VPCZoneIdentifier": "", "AvailabilityZones": sorted(zones)}
    if required:
        raise QueryError("ValidationError", "At least one Availability Zone or VPC Subnet is required.")
    return {}


def tag_of(asked, name):
    return {
        "ResourceId": name,
        "ResourceType": "auto-scaling-group",
        "Key": asked["Key"],
        "Value": asked.get("Value", ""),
        "PropagateAtLaunch": asked.get("PropagateAtLaunch", False),
    }


def suspension(process):
    return {"ProcessName": process, "SuspensionReason": f"User suspended at {iso(now())}"}
