"""The tags of a resource, for the condition keys aws:ResourceTag/* and autoscaling:ResourceTag/*."""

from ministack.core.responses import get_account_id, get_region
from ministack.services import dynamodb, ec2

from .group_store import groups


def tag_keys(arn):
    """Condition keys, in lower case, with their values."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return {}
    service, resource = parts[2], parts[5]
    if service == "autoscaling":
        group = groups.get(resource.rpartition("autoScalingGroupName/")[2])
        tags = group["Tags"] if group else []
    elif service == "ec2":
        tags = ec2._tags.get(resource.rpartition("/")[2], [])
    elif service == "dynamodb":
        tags = dynamodb._tags.get_scoped(get_account_id(), get_region(), arn) or []
    else:
        return {}
    found = {}
    for tag in tags:
        found[f"aws:resourcetag/{tag['Key']}".lower()] = tag["Value"]
        found[f"{service}:resourcetag/{tag['Key']}".lower()] = tag["Value"]
    return found
