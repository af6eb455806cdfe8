"""Launch templates and security groups."""

import base64
import binascii
import re

from .tags import check_tags, pairs_of

_USER_DATA = 16 * 1024
_GROUP_TEXT = re.compile(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{0,255}")
_OF_METADATA = re.compile(r"(?!\.{1,2}$|_index$)[a-zA-Z0-9+\-=.,_:@]+")


def check_template(members, _request, problems):
    """
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html: 16 KB before base64
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html
    """
    if not re.fullmatch(r"[a-zA-Z0-9().\-/_]{3,128}", members.get("LaunchTemplateName", "name")):
        problems.add("LaunchTemplateName", "is no name of a launch template")
    if len(members.get("VersionDescription", "")) > 255:
        problems.add("VersionDescription", "is longer than 255 characters")
    data = members.get("LaunchTemplateData", {})
    try:
        size = len(base64.b64decode(data.get("UserData", ""), validate=True))
    except binascii.Error:
        size = 0
        problems.add("UserData", "is no base64")
    if size > _USER_DATA:
        problems.add("UserData", f"{size} bytes are above the most, {_USER_DATA}")
    in_metadata = data.get("MetadataOptions", {}).get("InstanceMetadataTags") == "enabled"
    for given in data.get("TagSpecifications", []):
        pairs = pairs_of(given.get("Tags"))
        check_tags(pairs, 50, "TagSpecifications", problems)
        if in_metadata and given.get("ResourceType") == "instance":
            for key, _ in pairs:
                if not _OF_METADATA.fullmatch(key):
                    problems.add("TagSpecifications", f"{key!r} cannot be in the instance's metadata")
    if "NetworkInterfaces" in data and ("SecurityGroupIds" in data or "SecurityGroups" in data):
        problems.add("LaunchTemplateData", "security groups beside network interfaces")


def check_created_tags(members, _request, problems):
    """https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html"""
    for given in members.get("TagSpecifications", []):
        check_tags(pairs_of(given.get("Tags")), 50, "TagSpecifications", problems)
    check_tags(pairs_of(members.get("Tags")), 50, "Tags", problems)


def check_group(members, _request, problems):
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html"""
    if not _GROUP_TEXT.fullmatch(members.get("GroupName", "")) or members.get("GroupName", "").startswith("sg-"):
        problems.add("GroupName", f"{members.get('GroupName')!r} is no name of a security group")
    if not _GROUP_TEXT.fullmatch(members.get("Description", "")):
        problems.add("Description", f"{members.get('Description')!r} has other characters or is longer than 255")


def check_permissions(members, _request, problems):
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html"""
    for permission in members.get("IpPermissions", []):
        for sources in permission.values():
            for source in sources if isinstance(sources, list) else ():
                if not _GROUP_TEXT.fullmatch(source.get("Description", "")):
                    problems.add("IpPermissions", f"{source['Description']!r} has other characters or is longer than 255")


def check_filters(members, _request, problems):
    """https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html"""
    for given in members.get("Filters", []):
        if not 1 <= len(given.get("Values", [])) <= 200:
            problems.add("Filters", f"{given.get('Name')} has {len(given.get('Values', []))} values, not from 1 to 200")
    ids = next((name for name in ("InstanceIds", "InstanceTypes", "GroupIds") if members.get(name)), None)
    if "MaxResults" in members and ids is not None:
        problems.add("MaxResults", f"cannot be beside {ids}")


_DESCRIPTIONS = ("Instances", "InstanceTypes", "Subnets", "SecurityGroups", "RouteTables", "VpcEndpoints", "Images")
_DESCRIPTIONS += ("LaunchTemplates", "NetworkInterfaces", "AvailabilityZones", "NatGateways", "Vpcs", "SpotPriceHistory")
RULES = (
    (("ec2:CreateLaunchTemplate", "ec2:CreateLaunchTemplateVersion"), check_template),
    (("ec2:CreateLaunchTemplate", "ec2:CreateSecurityGroup", "ec2:CreateTags"), check_created_tags),
    (("ec2:CreateSecurityGroup",), check_group),
    (("ec2:AuthorizeSecurityGroupIngress", "ec2:AuthorizeSecurityGroupEgress"), check_permissions),
    (tuple(f"ec2:Describe{name}" for name in _DESCRIPTIONS), check_filters),
)
