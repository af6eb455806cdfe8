"""Auto Scaling of the local cloud: groups whose members are EC2 instances, kept at the desired capacity.

Served (operations.py): create, update, describe and delete groups (also by force), with a launch template or a mixed instances
policy, in subnets or zones, with tags; suspend and resume processes; set the desired capacity; terminate a member with or without
replacement; scheduled actions that run once; scaling activities. Members are InService at once.

Not served, and refused: launch configurations, scaling policies, lifecycle hooks, warm pools, load balancers, instance refresh,
attributes in place of instance types, weights, scale-in protection, capacity rebalancing, actions that recur.
Not modelled: cooldown, health checks other than the instance's state, rebalancing of zones.
"""

from urllib.parse import parse_qs

from .group_requests import PROCESSES, new_group, suspension, tag_of, update_group
from .group_store import change, find, groups
from .operations import AUTO_SCALING
from .query import QueryError, QueryService, now
from .reconcile import end_member, reconcile

_SERVICE = QueryService("autoscaling")
_PAGE = 50


async def handle_request(_method, _path, _headers, body, _query_params):
    """A handler of ministack's form."""
    form = {name: values[-1] for name, values in parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True).items()}
    operation = form.get("Action", "")
    try:
        if operation not in AUTO_SCALING:
            raise QueryError("InvalidAction", f"Could not find operation {operation[:80]}")
        return _SERVICE.render(operation, _OPERATIONS[operation](_SERVICE.parse(operation, form)))
    except QueryError as error:
        return _SERVICE.error(error)


def _create(asked):
    name = asked["AutoScalingGroupName"]
    if name in groups:
        if groups[name]["deleting"]:
            raise QueryError("ScalingActivityInProgress", f"AutoScalingGroup {name} has pending delete")
        raise QueryError(
            "AlreadyExists", f"AutoScalingGroup by this name already exists - A group with the name {name} already exists"
        )
    group = groups[name] = new_group(asked)
    reconcile(group)


def _update(asked):
    group = change(asked["AutoScalingGroupName"])
    update_group(group, asked)
    reconcile(group)


def _delete(asked):
    group = find(asked["AutoScalingGroupName"])
    if not asked.get("ForceDelete") and group["members"]:
        raise QueryError(
            "ResourceInUse",
            "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in "
            "the group.",
        )
    for member in list(group["members"]):
        end_member(group, member, "a user request force-deleted the AutoScaling group.")
    group["DesiredCapacity"] = group["MinSize"] = group["MaxSize"] = 0
    # It is described so for a second, until the next turn of group_store.tend.
    group["deleting"], group["Status"] = True, "Delete in progress"


def _describe(asked):
    wanted = asked.get("AutoScalingGroupNames", [])
    found = [
        {**group, "Instances": group["members"]}
        for name, group in sorted(groups.items())
        if (not wanted or name in wanted) and _has_tags(group, asked.get("Filters", []))
    ]
    return _page("AutoScalingGroups", found, asked)


def _has_tags(group, filters):
    for each in filters:
        name, values = each["Name"], each.get("Values", [])
        if name == "tag-key":
            fits = any(tag["Key"] in values for tag in group["Tags"])
        elif name == "tag-value":
            fits = any(tag["Value"] in values for tag in group["Tags"])
        elif name.startswith("tag:"):
            fits = any(tag["Key"] == name[4:] and tag["Value"] in values for tag in group["Tags"])
        else:
            raise QueryError("ValidationError", f"Filter type {name} is not correct.")
        if not fits:
            return False
    return True


def _page(field, items, asked):
    token, size = asked.get("NextToken") or "0", asked.get("MaxRecords", _PAGE)
    if not (token.isascii() and token.isdigit()) or size < 1:
        raise QueryError("InvalidNextToken", "The NextToken is invalid.")
    end = int(token) + size
    return {field: items[int(token) : end], "NextToken": str(end) if end < len(items) else None}


def _describe_instances(asked):
    wanted = asked.get("InstanceIds", [])
    found = [
        {**member, "AutoScalingGroupName": name, "HealthStatus": member["HealthStatus"].upper()}
        for name, group in sorted(groups.items())
        for member in group["members"]
        if not wanted or member["InstanceId"] in wanted
    ]
    return _page("AutoScalingInstances", found, asked)


def _set_desired_capacity(asked):
    group = change(asked["AutoScalingGroupName"])
    desired, least, most = asked["DesiredCapacity"], group["MinSize"], group["MaxSize"]
    if not least <= desired <= most:
        limit = f"above max value {most}" if desired > most else f"below min value {least}"
        raise QueryError("ValidationError", f"New SetDesiredCapacity value {desired} is {limit} for the AutoScalingGroup.")
    group["DesiredCapacity"] = desired
    group["retryAt"] = 0
    reconcile(group)


def group_of_instance(instance_id):
    """The group of the request's region that an instance is a member of, or None."""
    for group in groups.values():
        if any(member["InstanceId"] == instance_id for member in group["members"]):
            return group
    return None


def _terminate_instance(asked):
    instance_id = asked["InstanceId"]
    group = group_of_instance(instance_id)
    if group is None:
        raise QueryError(
            "ValidationError", f"Instance Id not found - No managed instance found for instance ID: {instance_id}"
        )
    if asked["ShouldDecrementDesiredCapacity"]:
        if group["DesiredCapacity"] <= group["MinSize"]:
            raise QueryError(
                "ValidationError",
                f"Currently, desiredSize equals minSize ({group['MinSize']}). Terminating instance without replacement "
                "will violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or "
                "lower group's min size.",
            )
        group["DesiredCapacity"] -= 1
    member = next(each for each in group["members"] if each["InstanceId"] == instance_id)
    activity = end_member(group, member, "instance was taken out of service in response to a user request.")
    reconcile(group)
    return {"Activity": {**activity, "StatusCode": "InProgress", "Progress": 0, "EndTime": None}}


def _suspend(asked):
    group = change(asked["AutoScalingGroupName"])
    for process in _processes(asked):
        if not any(each["ProcessName"] == process for each in group["SuspendedProcesses"]):
            group["SuspendedProcesses"].append(suspension(process))


def _resume(asked):
    group = change(asked["AutoScalingGroupName"])
    resumed = set(_processes(asked))
    group["SuspendedProcesses"] = [each for each in group["SuspendedProcesses"] if each["ProcessName"] not in resumed]
    reconcile(group)


def _processes(asked):
    names = asked.get("ScalingProcesses") or sorted(PROCESSES)
    for name in names:
        if name not in PROCESSES:
            raise QueryError("ValidationError", f"'{name}' is not a valid scaling process.")
    return names


def _put_scheduled(asked):
    group = change(asked["AutoScalingGroupName"])
    if asked.get("Recurrence") or asked.get("EndTime"):
        raise QueryError("ValidationError", "The local cloud knows only scheduled actions that run once.")
    start = asked.get("StartTime", asked.get("Time"))
    if start is None:
        raise QueryError("ValidationError", "Either StartTime or Recurrence must be specified.")
    if start <= now():
        raise QueryError("ValidationError", "Given start time is in the past")
    sizes = {name: asked[name] for name in ("MinSize", "MaxSize", "DesiredCapacity") if name in asked}
    if not sizes:
        raise QueryError("ValidationError", "At least one of MinSize, MaxSize and DesiredCapacity must be specified.")
    name = asked["ScheduledActionName"]
    group["actions"][name] = {
        "AutoScalingGroupName": group["AutoScalingGroupName"],
        "ScheduledActionName": name,
        "ScheduledActionARN": (
            group["AutoScalingGroupARN"].replace(":autoScalingGroup:", ":scheduledUpdateGroupAction:")
            + f":scheduledActionName/{name}"
        ),
        "Time": start,
        "StartTime": start,
        **sizes,
    }


def _describe_scheduled(asked):
    name = asked.get("AutoScalingGroupName")
    wanted = asked.get("ScheduledActionNames", [])
    found = [
        action
        for group in ([find(name)] if name else [each for _, each in sorted(groups.items())])
        for action in group["actions"].values()
        if (not wanted or action["ScheduledActionName"] in wanted)
        and asked.get("StartTime", action["StartTime"]) <= action["StartTime"]
        and asked.get("EndTime", action["StartTime"]) >= action["StartTime"]
    ]
    return _page("ScheduledUpdateGroupActions", found, asked)


def _delete_scheduled(asked):
    group = find(asked["AutoScalingGroupName"])
    if group["actions"].pop(asked["ScheduledActionName"], None) is None:
        raise QueryError("ValidationError", "Scheduled action name not found")


def _describe_activities(asked):
    name = asked.get("AutoScalingGroupName")
    wanted = asked.get("ActivityIds", [])
    if name and name not in groups:
        return {"Activities": []}
    found = [
        activity
        for group in ([find(name)] if name else [each for _, each in sorted(groups.items())])
        for activity in group["activities"]
        if not wanted or activity["ActivityId"] in wanted
    ]
    return _page("Activities", found, asked)


def _tags_by_group(asked):
    for tag in asked["Tags"]:
        if tag.get("ResourceType", "auto-scaling-group") != "auto-scaling-group":
            raise QueryError("ValidationError", "The resource type must be auto-scaling-group.")
        yield change(tag.get("ResourceId", "")), tag


def _tag(asked):
    for group, tag in _tags_by_group(asked):
        new = tag_of(tag, group["AutoScalingGroupName"])
        group["Tags"] = [each for each in group["Tags"] if each["Key"] != tag["Key"]] + [new]


def _untag(asked):
    for group, tag in _tags_by_group(asked):
        group["Tags"] = [each for each in group["Tags"] if each["Key"] != tag["Key"]]


def _describe_tags(asked):
    facts = {
        "auto-scaling-group": lambda tag: tag["ResourceId"],
        "key": lambda tag: tag["Key"],
        "value": lambda tag: tag["Value"],
        "propagate-at-launch": lambda tag: str(tag["PropagateAtLaunch"]).lower(),
    }
    filters = asked.get("Filters", [])
    for each in filters:
        if each["Name"] not in facts:
            raise QueryError("ValidationError", f"Filter type {each['Name']} is not correct.")
    found = [
        tag
        for _, group in sorted(groups.items())
        for tag in group["Tags"]
        if all(facts[each["Name"]](tag) in each.get("Values", []) for each in filters)
    ]
    return _page("Tags", found, asked)


def _no_hooks(asked):
    find(asked["AutoScalingGroupName"])
    return {"LifecycleHooks": []}


def _no_warm_pool(asked):
    find(asked["AutoScalingGroupName"])
    return {"Instances": []}


_OPERATIONS = {
    "CreateAutoScalingGroup": _create,
    "CreateOrUpdateTags": _tag,
    "DeleteAutoScalingGroup": _delete,
    "DeleteScheduledAction": _delete_scheduled,
    "DeleteTags": _untag,
    "DescribeAutoScalingGroups": _describe,
    "DescribeAutoScalingInstances": _describe_instances,
    "DescribeLifecycleHooks": _no_hooks,
    "DescribeScalingActivities": _describe_activities,
    "DescribeScheduledActions": _describe_scheduled,
    "DescribeTags": _describe_tags,
    "DescribeWarmPool": _no_warm_pool,
    "PutScheduledUpdateGroupAction": _put_scheduled,
    "ResumeProcesses": _resume,
    "SetDesiredCapacity": _set_desired_capacity,
    "SuspendProcesses": _suspend,
    "TerminateInstanceInAutoScalingGroup": _terminate_instance,
    "UpdateAutoScalingGroup": _update,
}
