"""Starts and ends the members of an Auto Scaling group: EC2 instances from its launch template."""

import math
from dataclasses import dataclass

from ministack.core.responses import get_region
from ministack.services import ec2, iam

from . import instances
from .images import architecture_of
from .instance_types import processors_of


class LaunchFailed(Exception):
    """The reason why an instance cannot be started, in AWS's words for the scaling activity."""


@dataclass(frozen=True)
class Template:
    """The current version of a group's launch template."""

    template_id: str
    name: str
    version: int
    data: dict


def find_template(specification):
    """The launch template in a specification, or None. Its version is ignored."""
    wanted, name = specification.get("LaunchTemplateId"), specification.get("LaunchTemplateName")
    if wanted:
        return ec2._launch_templates.get(wanted)
    return next((each for each in ec2._launch_templates.values() if each["LaunchTemplateName"] == name), None)


def template_of(specification):
    """Raises LaunchFailed."""
    record = find_template(specification)
    if record is None:
        raise LaunchFailed("The specified launch template does not exist. Launching EC2 instance failed.")
    version = specification.get("Version") or "$Default"
    if version == "$Default":
        version = record["DefaultVersionNumber"]
    elif version == "$Latest":
        version = record["LatestVersionNumber"]
    for each in record["Versions"]:
        if str(each["VersionNumber"]) == str(version):
            return Template(
                record["LaunchTemplateId"], record["LaunchTemplateName"], each["VersionNumber"], each["LaunchTemplateData"]
            )
    raise LaunchFailed(f"Could not find launch template version {version}. Launching EC2 instance failed.")


def specification_of(group):
    """The launch template of a group, with or without a mixed instances policy."""
    policy = group.get("MixedInstancesPolicy")
    return policy["LaunchTemplate"]["LaunchTemplateSpecification"] if policy else group["LaunchTemplate"]


def subnets_of(group):
    """The subnets of a group's VPCZoneIdentifier, or the default ones of its zones."""
    if group["VPCZoneIdentifier"]:
        return [ec2._subnets.get(subnet) for subnet in group["VPCZoneIdentifier"].split(",")]
    return [
        subnet
        for subnet in ec2._subnets.values()
        if subnet.get("DefaultForAz") and subnet["AvailabilityZone"] in group["AvailabilityZones"]
    ]


def launch(group):
    """Starts a member, and returns its description in DescribeAutoScalingGroups. Raises LaunchFailed."""
    template = template_of(specification_of(group))
    spot = _is_next_spot(group)
    instance_type = _next_type(group, template, spot)
    subnet = _next_subnet(group)
    data = template.data
    if "ImageId" not in data:
        raise LaunchFailed("The launch template has no image ID. Launching EC2 instance failed.")
    image = instances.architecture_of_image(data["ImageId"])
    if image is None:
        raise LaunchFailed(f"The image id '[{data['ImageId']}]' does not exist. Launching EC2 instance failed.")
    if image != architecture_of(instance_type):
        raise LaunchFailed(
            f"The architecture '{architecture_of(instance_type)}' of the specified instance type does not match the "
            f"architecture '{image}' of the specified AMI. Launching EC2 instance failed."
        )
    record = instances.make(
        template=data,
        instance_type=instance_type,
        subnet=subnet,
        spot=spot,
        profile=_profile_of(data.get("IamInstanceProfile")),
        groups=_security_groups_of(data, subnet),
        tags=_tags_of(group, template),
    )
    return {
        "InstanceId": record["InstanceId"],
        "InstanceType": instance_type,
        "AvailabilityZone": subnet["AvailabilityZone"],
        "LifecycleState": "InService",
        "HealthStatus": "Healthy",
        "LaunchTemplate": {
            "LaunchTemplateId": template.template_id,
            "LaunchTemplateName": template.name,
            "Version": str(template.version),
        },
        "ProtectedFromScaleIn": False,
    }


def _is_next_spot(group):
    """https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-mixed-instances-groups.html"""
    distribution = (group.get("MixedInstancesPolicy") or {}).get("InstancesDistribution")
    if not distribution:
        return False
    base, percentage = distribution["OnDemandBaseCapacity"], distribution["OnDemandPercentageAboveBaseCapacity"]
    count = len(group["members"]) + 1
    wanted = min(count, base) + math.ceil(max(0, count - base) * percentage / 100)
    records = (ec2._instances.get(member["InstanceId"]) for member in group["members"])
    return sum(1 for record in records if record and not record.get("_spot")) >= wanted


def _next_type(group, template, spot):
    overrides = ((group.get("MixedInstancesPolicy") or {}).get("LaunchTemplate") or {}).get("Overrides") or []
    types = [override["InstanceType"] for override in overrides if "InstanceType" in override]
    if not types:
        types = [template.data.get("InstanceType", "")]
    # On demand, the first type has priority; for Spot, AWS chooses the type with the most free capacity, so any type
    # is possible.
    chosen = types[group["launched"] % len(types)] if spot else types[0]
    if processors_of(chosen) is None:
        raise LaunchFailed(f"Invalid value '{chosen}' for InstanceType. Launching EC2 instance failed.")
    return chosen


def _next_subnet(group):
    """In the zone with the fewest members."""
    subnets = [subnet for subnet in subnets_of(group) if subnet is not None]
    if not subnets:
        raise LaunchFailed("There is no default subnet in the zones of the group. Launching EC2 instance failed.")
    count = {subnet["AvailabilityZone"]: 0 for subnet in subnets}
    for member in group["members"]:
        if member["AvailabilityZone"] in count:
            count[member["AvailabilityZone"]] += 1
    return min(subnets, key=lambda subnet: count[subnet["AvailabilityZone"]])


def _profile_of(asked):
    if not asked:
        return None
    profile = iam._lookup_instance_profile(name=asked.get("Name", ""), arn=asked.get("Arn", ""))
    if profile is None:
        raise LaunchFailed(
            f"Value ({asked.get('Name') or asked.get('Arn')}) for parameter iamInstanceProfile is invalid. "
            "Invalid IAM Instance Profile. Launching EC2 instance failed."
        )
    return {"Arn": profile["Arn"], "Id": profile["InstanceProfileId"]}


def _security_groups_of(data, subnet):
    wanted = list(data.get("SecurityGroupIds", []))
    for interface in data.get("NetworkInterfaces", []):
        wanted += interface.get("Groups", [])
    if not wanted:
        wanted = [
            group["GroupId"]
            for group in ec2._security_groups.values()
            if group["VpcId"] == subnet["VpcId"] and group["GroupName"] == "default"
        ]
    for group_id in wanted:
        group = ec2._security_groups.get(group_id)
        if group is None:
            raise LaunchFailed(f"The security group '{group_id}' does not exist. Launching EC2 instance failed.")
        if group["VpcId"] != subnet["VpcId"]:
            raise LaunchFailed(
                f"The security group '{group_id}' does not exist in VPC '{subnet['VpcId']}'. "
                "Launching EC2 instance failed."
            )
    return wanted


def _tags_of(group, template):
    """The launch template's tags, then the propagated tags of the group, then AWS's own."""
    tags = {}
    for specification in template.data.get("TagSpecifications", []):
        if specification["ResourceType"] == "instance":
            tags.update((tag["Key"], tag["Value"]) for tag in specification["Tags"])
    tags.update((tag["Key"], tag["Value"]) for tag in group["Tags"] if tag["PropagateAtLaunch"])
    tags["aws:autoscaling:groupName"] = group["AutoScalingGroupName"]
    tags["aws:ec2launchtemplate:id"] = template.template_id
    tags["aws:ec2launchtemplate:version"] = str(template.version)
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def is_alive(member):
    return instances.is_alive(ec2._instances.get(member["InstanceId"]))


def end(member, reason):
    """Terminates a member's instance if it still exists."""
    record = ec2._instances.get(member["InstanceId"])
    if instances.is_alive(record):
        instances.end(record, reason)


def zone_exists(zone):
    return zone in {f"{get_region()}{letter}" for letter in "abc"}
