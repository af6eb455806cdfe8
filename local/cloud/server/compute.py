"""EC2 of the local cloud: ministack's records of networks, security groups and launch templates, with separate instances.

Served (operations.py): the official provider's calls for aws_security_group and aws_launch_template, descriptions of networks,
images, instance types and instances, and TerminateInstances. Instances come from Auto Scaling groups only (members.py). They are
records: none runs here. Each region of each account has a default VPC with a subnet in three zones, its route to the internet,
and the images of Amazon Linux 2023 (images.py).

This module refuses requests that ministack would silently misinterpret: unknown filters, and settings of a launch template that it
does not store.
"""

import base64
import binascii
import re
from urllib.parse import parse_qs

from ministack.core.responses import get_account_id
from ministack.services import ec2

from . import instances
from .instance_types import describe_instance_types
from .operations import EC2

_INTERNET = {"DestinationCidrBlock": "0.0.0.0/0", "State": "active", "Origin": "CreateRoute"}
# The filters that ministack or this module evaluates; it ignores others.
_FILTERS = {
    "DescribeImages": {"architecture", "image-id", "name", "owner-alias", "owner-id", "state"},
    "DescribeLaunchTemplates": {"launch-template-name"},
    "DescribeNatGateways": {"state", "subnet-id", "vpc-id"},
    "DescribeNetworkInterfaces": {"group-id"},
    "DescribeRouteTables": {"association.main", "association.subnet-id", "vpc-id"},
    "DescribeSecurityGroupRules": {"group-id", "security-group-rule-id"},
    "DescribeSecurityGroups": {"group-name", "vpc-id"},
    "DescribeSubnets": {"availability-zone", "cidr-block", "default-for-az", "subnet-id", "vpc-id"},
    "DescribeTags": {"key", "resource-id", "resource-type", "value"},
    "DescribeVpcEndpoints": {"service-name", "vpc-endpoint-state", "vpc-id"},
    "DescribeVpcs": {"cidr", "is-default", "owner-id", "state", "vpc-id"},
    "DescribeInstances": instances.FILTERS,
}
_OF_TAGS = frozenset(("DescribeLaunchTemplates", "DescribeInstances", "DescribeNatGateways", "DescribeRouteTables")) | {
    *("DescribeSecurityGroups", "DescribeSecurityGroupRules", "DescribeSubnets", "DescribeVpcs")
}
_FILTER_NAME = re.compile(r"Filter\.[0-9]+\.Name")
# The properties of a launch template that ministack stores.
_KEPT = re.compile(
    r"LaunchTemplateData\.(?:ImageId|InstanceType|KeyName|UserData|EbsOptimized|DisableApiTermination|Monitoring\.Enabled"
    r"|InstanceInitiatedShutdownBehavior|SecurityGroupId\.[0-9]+|IamInstanceProfile\.(?:Arn|Name)"
    r"|BlockDeviceMapping\.[0-9]+\.(?:DeviceName"
    r"|Ebs\.(?:VolumeSize|VolumeType|Encrypted|DeleteOnTermination|SnapshotId|Iops|Throughput))"
    r"|NetworkInterface\.[0-9]+\.(?:DeviceIndex|SubnetId|AssociatePublicIpAddress|Description"
    r"|(?:Groups\.)?SecurityGroupId\.[0-9]+)"
    r"|TagSpecification\.[0-9]+\.(?:ResourceType|Tag\.[0-9]+\.(?:Key|Value))"
    r"|MetadataOptions\.(?:HttpTokens|HttpEndpoint|HttpProtocolIpv6|InstanceMetadataTags|HttpPutResponseHopLimit))"
)
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html
_USER_DATA_LIMIT = 16_384


def handler():
    """ministack's handler of EC2, limited to the served operations. Called once, at the start."""
    served = {name: ec2._ACTION_MAP[name] for name in EC2}
    served.update(
        DescribeImages=_describe_images,
        DescribeInstances=instances.describe,
        DescribeInstanceAttribute=instances.describe_attribute,
        DescribeInstanceTypes=describe_instance_types,
        DescribeLaunchTemplates=_describe_launch_templates,
        DescribeNetworkInterfaces=_no_network_interfaces,
        DescribeVpcEndpoints=_describe_vpc_endpoints,
        CreateLaunchTemplate=_checked_template(ec2._create_launch_template),
        CreateLaunchTemplateVersion=_checked_template(ec2._create_launch_template_version),
        CreateTags=_with_templates_tags(ec2._create_tags),
        DeleteTags=_with_templates_tags(ec2._delete_tags),
        DeleteSecurityGroup=_delete_security_group,
        TerminateInstances=instances.terminate,
    )
    # ministack's own map, too, so that no other path leads to code that runs containers.
    ec2._ACTION_MAP = served
    ec2._get_docker = lambda: None
    ec2._cleanup_terminated = lambda: None
    init_defaults = ec2._init_defaults

    def init_with_internet():
        init_defaults()
        _route_to_internet()

    ec2._init_defaults = init_with_internet
    _route_to_internet()

    async def handle_request(_method, _path, _headers, body, _query_params):
        ec2._ensure_defaults_initialized()
        params = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
        action = ec2._p(params, "Action")
        if action not in served:
            return ec2._error("InvalidAction", f"The action {ec2._esc(action)} is not valid for this web service.", 400)
        unknown = _unknown_filter(action, params)
        if unknown is not None:
            return ec2._error("InvalidParameterValue", f"The filter '{ec2._esc(unknown)}' is invalid", 400)
        return served[action](params)

    return handle_request


def _route_to_internet():
    """As in a default VPC of AWS; ministack's has only the local route."""
    table = ec2._route_tables.get(ec2._DEFAULT_RTB_ID)
    if table is not None and not any(r.get("DestinationCidrBlock") == "0.0.0.0/0" for r in table["Routes"]):
        table["Routes"].append({**_INTERNET, "GatewayId": ec2._DEFAULT_IGW_ID})


def _unknown_filter(action, params):
    for key in params:
        if not _FILTER_NAME.fullmatch(key):
            continue
        name = ec2._p(params, key)
        of_tags = name.startswith("tag:") or name == "tag-key"
        if name not in _FILTERS.get(action, ()) and not (of_tags and action in _OF_TAGS):
            return name
    return None


def _checked_template(create):
    def checked(params):
        for key in params:
            if key.startswith("LaunchTemplateData.") and not _KEPT.fullmatch(key):
                message = f"The local cloud does not keep {ec2._esc(key)}."
                return ec2._error("InvalidParameterValue", message, 400)
        text = ec2._p(params, "LaunchTemplateData.UserData")
        try:
            size = len(base64.b64decode(text, validate=True))
        except binascii.Error:
            return ec2._error("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.", 400)
        if size > _USER_DATA_LIMIT:
            message = f"User data is limited to {_USER_DATA_LIMIT} bytes"
            return ec2._error("InvalidUserData.Malformed", message, 400)
        return create(params)

    return checked


def _with_templates_tags(change):
    """ministack stores a copy of a launch template's tags, which CreateTags and DeleteTags do not reach."""

    def changed(params):
        answer = change(params)
        for resource in ec2._parse_member_list(params, "ResourceId"):
            template = ec2._launch_templates.get(resource)
            if template is not None:
                template["Tags"] = ec2._tags.get(resource, [])
        return answer

    return changed


def _describe_launch_templates(params):
    for template_id in ec2._parse_member_list(params, "LaunchTemplateId"):
        if template_id not in ec2._launch_templates:
            message = f"The specified launch template, with template ID {ec2._esc(template_id)}, does not exist."
            return ec2._error("InvalidLaunchTemplateId.NotFound", message, 400)
    names = {template["LaunchTemplateName"] for template in ec2._launch_templates.values()}
    for name in ec2._parse_member_list(params, "LaunchTemplateName"):
        if name not in names:
            message = "At least one of the launch templates specified in the request does not exist."
            return ec2._error("InvalidLaunchTemplateName.NotFoundException", message, 400)
    return ec2._describe_launch_templates(params)


def _describe_images(params):
    """The region's own images of Amazon Linux 2023, in place of ministack's, which are the same in all regions."""
    ids = ec2._parse_member_list(params, "ImageId")
    filters = ec2._parse_filters(params)
    views = instances.image_views()
    for image_id in ids:
        if not any(view["ImageId"] == image_id for view in views):
            message = f"The image id '[{ec2._esc(image_id)}]' does not exist"
            return ec2._error("InvalidAMIID.NotFound", message, 400)
    owners = ec2._parse_member_list(params, "Owner")
    items = ""
    for view in views:
        facts = {
            "architecture": view["Architecture"],
            "image-id": view["ImageId"],
            "name": view["Name"],
            "owner-alias": "amazon",
            "owner-id": view["OwnerId"],
            "state": "available",
        }
        if ids and view["ImageId"] not in ids:
            continue
        if owners and not {"amazon", view["OwnerId"]} & set(owners):
            continue
        if any(not any(ec2._glob_match(value, facts[name]) for value in values) for name, values in filters.items()):
            continue
        items += (
            f"<item><imageId>{view['ImageId']}</imageId><imageLocation>amazon/{view['Name']}</imageLocation>"
            f"<imageState>available</imageState><imageOwnerId>{view['OwnerId']}</imageOwnerId>"
            f"<imageOwnerAlias>amazon</imageOwnerAlias><isPublic>true</isPublic>"
            f"<architecture>{view['Architecture']}</architecture><imageType>machine</imageType><name>{view['Name']}</name>"
            f"<description>Amazon Linux 2023</description><rootDeviceType>ebs</rootDeviceType>"
            f"<rootDeviceName>/dev/xvda</rootDeviceName><virtualizationType>hvm</virtualizationType>"
            f"<hypervisor>xen</hypervisor></item>"
        )
    return ec2._xml(200, "DescribeImagesResponse", f"<imagesSet>{items}</imagesSet>")


def _describe_vpc_endpoints(params):
    filters = ec2._parse_filters(params)
    ids = ec2._parse_member_list(params, "VpcEndpointId")
    names = (("service-name", "ServiceName"), ("vpc-id", "VpcId"), ("vpc-endpoint-state", "State"))
    items = ""
    for endpoint in ec2._vpc_endpoints.values():
        if ids and endpoint["VpcEndpointId"] not in ids:
            continue
        if any(name in filters and endpoint.get(field) not in filters[name] for name, field in names):
            continue
        items += ec2._vpce_fields_xml(endpoint)
    return ec2._xml(200, "DescribeVpcEndpointsResponse", f"<vpcEndpointSet>{items}</vpcEndpointSet>")


def _no_network_interfaces(_params):
    """Instances of the local cloud have no network interfaces; the provider asks for them when it deletes a group."""
    return ec2._xml(200, "DescribeNetworkInterfacesResponse", "<networkInterfaceSet/>")


def _delete_security_group(params):
    group_id = ec2._p(params, "GroupId")
    if any(group_id in instance["groups"] for instance in instances.living(get_account_id())):
        message = f"resource {ec2._esc(group_id)} has a dependent object"
        return ec2._error("DependencyViolation", message, 400)
    return ec2._delete_security_group(params)
