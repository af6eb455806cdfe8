"""The permissions that a role's request needs on AWS beside its own action, and the resources and condition keys that
ministack does not provide.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-api-permissions.html"""

import re
from dataclasses import dataclass, field

from ministack.services import iam

from .group_store import groups
from .item_keys import parse
from .members import find_template, specification_of

_SERVICE_ROLE = "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
_TAG = re.compile(r"(?:TagSpecification\.\d+\.)?(?:Tags?\.)(?:member\.)?\d+\.Key")
_OWN_ID = {"LaunchTemplate": "launch-template", "SecurityGroup": "security-group"}


@dataclass(frozen=True)
class Check:
    """An action on a resource, with condition keys in lower case."""

    action: str
    resource: str
    keys: dict = field(default_factory=dict)


def checks_of(service, action, params, body, region, account):
    """The first is the request's own; its keys are added to ministack's. Empty if ministack's are correct."""
    name = action.partition(":")[2]
    if service == "ec2":
        return _of_ec2(name, params, region, account)
    if service == "iam":
        return _of_iam(name, params, account)
    if service == "autoscaling":
        return _of_group(name, params, region, account)
    if service == "dynamodb" and name in ("ListTagsOfResource", "TagResource", "UntagResource"):
        return [Check(action, str(parse(body).get("ResourceArn", "*")))]
    if service == "s3" and name == "PutReplicationConfiguration" and body:
        role = re.search(rb"<Role>([^<]+)</Role>", body)
        return [None, _pass_role(role.group(1).decode(), "s3.amazonaws.com")] if role else []
    return []


def _value(params, name):
    found = params.get(name, "")
    return (found[0] if found else "") if isinstance(found, list) else found


def _tags(params):
    names = [name for name in params if _TAG.fullmatch(name)]
    return {f"aws:requesttag/{_value(params, name)}".lower(): _value(params, name[: -len("Key")] + "Value") for name in names}


def _pass_role(arn, service):
    return Check("iam:PassRole", arn, {"iam:passedtoservice": service})


def _of_ec2(name, params, region, account):
    def arn(kind, identity="*"):
        return f"arn:aws:ec2:{region}:{account}:{kind}/{identity}"

    if name.startswith("Describe"):
        return [Check(f"ec2:{name}", "*")]
    if name in ("CreateSecurityGroup", "CreateLaunchTemplate"):
        tags, made = _tags(params), arn(_OWN_ID[name.removeprefix("Create")])
        found = [Check(f"ec2:{name}", made, tags)]
        if tags:
            found.append(Check("ec2:CreateTags", made, {**tags, "ec2:createaction": name}))
        vpc = _value(params, "VpcId")
        return [*found, Check(f"ec2:{name}", arn("vpc", vpc))] if vpc else found
    if name in ("CreateTags", "DeleteTags"):
        ids = [_value(params, key) for key in sorted(params) if re.fullmatch(r"ResourceId\.\d+", key)]
        kinds = {"lt-": "launch-template", "sg-": "security-group", "i-": "instance"}
        kind_of = lambda each: next((kind for start, kind in kinds.items() if each.startswith(start)), "*")  # noqa: E731
        return [Check(f"ec2:{name}", arn(kind_of(each), each)) for each in ids]
    if "LaunchTemplate" in name:
        found = find_template({key: _value(params, key) for key in ("LaunchTemplateId", "LaunchTemplateName")})
        return [Check(f"ec2:{name}", arn("launch-template", found["LaunchTemplateId"] if found else "unknown"))]
    if "SecurityGroup" in name:
        return [Check(f"ec2:{name}", arn("security-group", _value(params, "GroupId")))]
    return []


def _of_iam(name, params, account):
    role, profile = _value(params, "RoleName"), _value(params, "InstanceProfileName")
    role_arn = f"arn:aws:iam::{account}:role/{role}"
    if name.endswith("InstanceProfile") and profile:
        own = Check(f"iam:{name}", f"arn:aws:iam::{account}:instance-profile/{profile}")
        if name == "AddRoleToInstanceProfile":
            return [own, _pass_role(role_arn, "ec2.amazonaws.com")]
        tagged = name == "CreateInstanceProfile" and _tags(params)
        return [own, Check("iam:TagInstanceProfile", own.resource)] if tagged else [own]
    if not role:
        return []
    boundary = _value(params, "PermissionsBoundary") or (iam._roles.get(role) or {}).get("PermissionsBoundary")
    own = Check(f"iam:{name}", role_arn, {"iam:permissionsboundary": boundary} if boundary else {})
    return [own, Check("iam:TagRole", role_arn)] if name == "CreateRole" and _tags(params) else [own]


def _of_group(name, params, region, account):
    if name.startswith("Describe"):
        return [Check(f"autoscaling:{name}", "*")]
    if name not in ("CreateAutoScalingGroup", "UpdateAutoScalingGroup"):
        return []
    template = _template_of(name, params)
    if template is None:
        return [None]
    launch = f"arn:aws:ec2:{region}:{account}:launch-template/{template['LaunchTemplateId']}"
    version = next(each for each in template["Versions"] if each["VersionNumber"] == template["LatestVersionNumber"])
    data = version["LaunchTemplateData"]
    instance = f"arn:aws:ec2:{region}:{account}:instance/*"
    found = [None, Check("ec2:RunInstances", instance, {"ec2:launchtemplate": launch})]
    found.append(Check("ec2:RunInstances", f"arn:aws:ec2:{region}::image/{data.get('ImageId')}", {"ec2:launchtemplate": launch}))
    if data.get("TagSpecifications"):
        found.append(Check("ec2:CreateTags", instance, {"ec2:createaction": "RunInstances"}))
    profile = iam._instance_profiles.get((data.get("IamInstanceProfile") or {}).get("Name", ""))
    for role in (profile or {}).get("Roles", []):
        role_name = role if isinstance(role, str) else role["RoleName"]
        found.append(_pass_role(f"arn:aws:iam::{account}:role/{role_name}", "ec2.amazonaws.com"))
    if name == "CreateAutoScalingGroup":
        # The local cloud has no such role, so each group counts as the account's first.
        found.append(Check("iam:CreateServiceLinkedRole", f"arn:aws:iam::{account}:{_SERVICE_ROLE}"))
    return found


def _template_of(name, params):
    wanted = {
        key: _value(params, f"MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.{key}")
        or _value(params, f"LaunchTemplate.{key}")
        for key in ("LaunchTemplateId", "LaunchTemplateName")
    }
    if any(wanted.values()):
        return find_template(wanted)
    group = groups.get(_value(params, "AutoScalingGroupName")) if name == "UpdateAutoScalingGroup" else None
    return find_template(specification_of(group)) if group and params.keys() & {"LaunchTemplate"} else None
