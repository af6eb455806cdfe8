"""The instances of the local cloud: records in ministack's store of EC2, one per member of a group."""

import hashlib
import ipaddress
import random

from ministack.core.responses import AccountScopedDict, get_account_id, get_region
from ministack.services import ec2

from .images import architecture_of, image_of, images_of
from .query import iso, now

FILTERS = {
    "availability-zone",
    "image-id",
    "instance-id",
    "instance-lifecycle",
    "instance-state-name",
    "instance-type",
    "instance.group-id",
    "subnet-id",
    "vpc-id",
}
# Seconds for which a terminated instance is still described. AWS keeps it for about an hour.
KEPT = 600
_PAGE = 1000
_AMAZON = "137112412989"

# User data by its SHA-256: many instances share one text, which would otherwise be written for each of them.
user_data = AccountScopedDict()


def image_views():
    """The images of the request's region."""
    return [
        {"ImageId": image.image_id, "Name": image.name, "Architecture": image.architecture, "OwnerId": _AMAZON}
        for image in images_of(get_region())
    ]


def architecture_of_image(image_id):
    """Or None if the region has no such image."""
    for architecture in ("x86_64", "arm64"):
        if image_of(get_region(), architecture).image_id == image_id:
            return architecture
    return None


def living(account_id):
    """The non-terminated instances of the request's region, with the IDs of their security groups."""
    return [
        {"id": record["InstanceId"], "groups": {group["GroupId"] for group in record["SecurityGroups"]}}
        for record in ec2._instances.values_scoped(account_id, get_region())
        if is_alive(record)
    ]


def is_alive(record):
    return record is not None and record["State"]["Name"] in ("pending", "running")


def make(*, template, instance_type, subnet, spot, profile, groups, tags):
    """Creates a running instance from the data of a launch template, and returns its record."""
    instance_id = ec2._new_instance_id()
    text = template.get("UserData", "")
    digest = hashlib.sha256(text.encode()).hexdigest()
    user_data[digest] = text
    address = _free_address(subnet)
    public = _is_public(template, subnet)
    dashed = address.replace(".", "-")
    record = {
        "InstanceId": instance_id,
        "ImageId": template["ImageId"],
        "InstanceType": instance_type,
        "KeyName": template.get("KeyName", ""),
        "State": {"Code": 16, "Name": "running"},
        "SubnetId": subnet["SubnetId"],
        "VpcId": subnet["VpcId"],
        "PrivateIpAddress": address,
        "PrivateDnsName": f"ip-{dashed}.{get_region()}.compute.internal",
        "PublicIpAddress": ec2._random_ip("54.") if public else "",
        "PublicDnsName": f"ec2-{dashed}.{get_region()}.compute.amazonaws.com" if public else "",
        "SecurityGroups": [{"GroupId": group, "GroupName": ec2._security_groups[group]["GroupName"]} for group in groups],
        "Architecture": architecture_of(instance_type),
        "RootDeviceType": "ebs",
        "RootDeviceName": "/dev/xvda",
        "Hypervisor": "xen",
        "Virtualization": "hvm",
        "Placement": {"AvailabilityZone": subnet["AvailabilityZone"], "Tenancy": "default"},
        "Monitoring": {"State": "enabled" if template.get("Monitoring", {}).get("Enabled") else "disabled"},
        "AmiLaunchIndex": 0,
        "UserData": "",
        "LaunchTime": iso(now()),
        "BlockDeviceMappings": [],
        "IamInstanceProfile": profile,
        "_user_data": digest,
        "_spot": spot,
        "_metadata": template.get("MetadataOptions", {}),
        "_shutdown": template.get("InstanceInitiatedShutdownBehavior", "stop"),
        "_reason": "",
    }
    ec2._instances[instance_id] = record
    ec2._tags[instance_id] = tags
    return record


def _is_public(template, subnet):
    for interface in template.get("NetworkInterfaces", []):
        if "AssociatePublicIpAddress" in interface:
            return interface["AssociatePublicIpAddress"]
    return bool(subnet.get("MapPublicIpOnLaunch"))


def _free_address(subnet):
    """AWS reserves the first four addresses of a subnet and the last one."""
    network = ipaddress.ip_network(subnet["CidrBlock"])
    taken = {record["PrivateIpAddress"] for record in ec2._instances.values() if is_alive(record)}
    while True:
        address = str(network[random.randrange(4, network.num_addresses - 1)])
        if address not in taken:
            return address


def end(record, reason):
    """Terminates an instance. `reason` appears in DescribeInstances."""
    record["State"] = {"Code": 48, "Name": "terminated"}
    record["_terminated_at"] = now()
    record["_reason"] = f"{reason} ({iso(now())})"


def end_others(known):
    """Terminates all instances except those with IDs in `known`, in all accounts and regions."""
    for record in ec2._instances.all_values():
        if is_alive(record) and record["InstanceId"] not in known:
            end(record, "Server.InternalError")


def forget_terminated():
    """Removes instances some time after their termination, in all accounts and regions. Returns whether there were any."""
    limit = now() - KEPT
    gone = [
        key for key, record in ec2._instances.all_items() if not is_alive(record) and record.get("_terminated_at", 0) < limit
    ]
    for account, region, instance_id in gone:
        ec2._instances.pop_scoped(account, region, instance_id, None)
        ec2._tags.pop_scoped(account, region, instance_id, None)
    if gone:
        used = {(key[0], record["_user_data"]) for key, record in ec2._instances.all_items() if "_user_data" in record}
        for account, digest in list(user_data.to_dict()):
            if (account, digest) not in used:
                user_data.pop_scoped(account, None, digest, None)
    return bool(gone)


def terminate(params):
    """TerminateInstances. A group's member is replaced at the group's next reconciliation."""
    ids = ec2._parse_member_list(params, "InstanceId")
    missing = _missing(ids)
    if missing is not None:
        return missing
    items = ""
    for instance_id in ids:
        record = ec2._instances[instance_id]
        before = record["State"]
        if is_alive(record):
            end(record, "User initiated")
        items += (
            f"<item><instanceId>{instance_id}</instanceId>"
            f"<previousState><code>{before['Code']}</code><name>{before['Name']}</name></previousState>"
            f"<currentState><code>{record['State']['Code']}</code><name>{record['State']['Name']}</name></currentState></item>"
        )
    return ec2._xml(200, "TerminateInstancesResponse", f"<instancesSet>{items}</instancesSet>")


def describe(params):
    """DescribeInstances, in pages of 1000 by default."""
    ids = ec2._parse_member_list(params, "InstanceId")
    missing = _missing(ids)
    if missing is not None:
        return missing
    filters = ec2._parse_filters(params)
    found = [
        record
        for instance_id, record in sorted(ec2._instances.items(), key=lambda item: item[1]["LaunchTime"])
        if (not ids or instance_id in ids) and _matches(record, filters)
    ]
    start, size = ec2._p(params, "NextToken") or "0", ec2._p(params, "MaxResults") or str(_PAGE)
    if not (start.isascii() and start.isdigit() and size.isascii() and size.isdigit() and 5 <= int(size) <= _PAGE):
        return ec2._error("InvalidParameterValue", "NextToken or MaxResults is invalid.", 400)
    end_of_page = int(start) + int(size)
    items = "".join(_reservation_xml(record) for record in found[int(start) : end_of_page])
    token = f"<nextToken>{end_of_page}</nextToken>" if end_of_page < len(found) else ""
    return ec2._xml(200, "DescribeInstancesResponse", f"<reservationSet>{items}</reservationSet>{token}")


def _missing(ids):
    for instance_id in ids:
        if not ec2._INSTANCE_ID_RE.match(instance_id):
            return ec2._error("InvalidInstanceID.Malformed", f'Invalid id: "{ec2._esc(instance_id)}"', 400)
        if instance_id not in ec2._instances:
            return ec2._error("InvalidInstanceID.NotFound", f"The instance ID '{instance_id}' does not exist", 400)
    return None


def _matches(record, filters):
    if not ec2._resource_matches_tag_filters(record["InstanceId"], filters):
        return False
    facts = {
        "availability-zone": [record["Placement"]["AvailabilityZone"]],
        "image-id": [record["ImageId"]],
        "instance-id": [record["InstanceId"]],
        "instance-lifecycle": ["spot"] if record.get("_spot") else [],
        "instance-state-name": [record["State"]["Name"]],
        "instance-type": [record["InstanceType"]],
        "instance.group-id": [group["GroupId"] for group in record["SecurityGroups"]],
        "subnet-id": [record["SubnetId"]],
        "vpc-id": [record["VpcId"]],
    }
    return all(
        any(ec2._glob_match(value, fact) for value in values for fact in facts[name])
        for name, values in filters.items()
        if name in facts
    )


def _reservation_xml(record):
    extra = f"<reason>{ec2._esc(record.get('_reason', ''))}</reason>"
    if record.get("_spot"):
        extra += "<instanceLifecycle>spot</instanceLifecycle>"
    options = record.get("_metadata") or {}
    extra += (
        "<metadataOptions><state>applied</state>"
        f"<httpTokens>{ec2._esc(options.get('HttpTokens', 'required'))}</httpTokens>"
        f"<httpPutResponseHopLimit>{options.get('HttpPutResponseHopLimit', 2)}</httpPutResponseHopLimit>"
        f"<httpEndpoint>{ec2._esc(options.get('HttpEndpoint', 'enabled'))}</httpEndpoint></metadataOptions>"
    )
    xml = ec2._instance_xml(record).removesuffix("</item>") + extra + "</item>"
    return (
        f"<item><reservationId>r-{record['InstanceId'][2:]}</reservationId><ownerId>{get_account_id()}</ownerId>"
        f"<groupSet/><instancesSet>{xml}</instancesSet></item>"
    )


def describe_attribute(params):
    """DescribeInstanceAttribute, for user data and the shutdown behaviour."""
    instance_id, attribute = ec2._p(params, "InstanceId"), ec2._p(params, "Attribute")
    missing = _missing([instance_id])
    if missing is not None:
        return missing
    record = ec2._instances[instance_id]
    if attribute == "userData":
        text = user_data.get(record.get("_user_data"), "")
        inner = f"<userData><value>{ec2._esc(text)}</value></userData>" if text else "<userData/>"
    elif attribute == "instanceInitiatedShutdownBehavior":
        inner = f"<{attribute}><value>{ec2._esc(record.get('_shutdown', 'stop'))}</value></{attribute}>"
    else:
        message = f"The local cloud does not know the attribute {ec2._esc(attribute)}."
        return ec2._error("InvalidParameterValue", message, 400)
    return ec2._xml(200, "DescribeInstanceAttributeResponse", f"<instanceId>{instance_id}</instanceId>{inner}")
