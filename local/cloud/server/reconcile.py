"""Reconciles the members of Auto Scaling groups: after each change, and each second."""

import uuid

from . import members
from .query import iso, now

# Seconds until a group retries after a failed launch. AWS waits longer with each failure.
RETRY = 20
# Scaling activities kept per group. AWS keeps six weeks.
_ACTIVITIES = 100


def is_suspended(group, process):
    return any(each["ProcessName"] == process for each in group["SuspendedProcesses"])


def add_activity(group, description, cause, status="Successful", message=None):
    """Records a scaling activity, the newest first, and returns it."""
    at = now()
    activity = {
        "ActivityId": str(uuid.uuid4()),
        "AutoScalingGroupName": group["AutoScalingGroupName"],
        "Description": description,
        "Cause": f"At {iso(at)} {cause}",
        "StartTime": at,
        "EndTime": at,
        "StatusCode": status,
        "StatusMessage": message,
        "Progress": 100,
        "Details": "{}",
        "AutoScalingGroupARN": group["AutoScalingGroupARN"],
    }
    group["activities"].insert(0, activity)
    del group["activities"][_ACTIVITIES:]
    return activity


def end_member(group, member, cause):
    """Ends a member and removes it from the group. Returns the activity."""
    group["members"].remove(member)
    members.end(member, "Service initiated")
    return add_activity(group, f"Terminating EC2 instance: {member['InstanceId']}", cause)


def reconcile(group):
    """Returns whether anything changed. The request's account and region must be the group's."""
    changed = _run_scheduled(group)
    changed = _drop_dead(group) or changed
    while len(group["members"]) > group["DesiredCapacity"] and not is_suspended(group, "Terminate"):
        end_member(
            group,
            _surplus(group),
            f"an instance was taken out of service in response to a difference between desired and actual capacity, "
            f"shrinking the capacity from {len(group['members'])} to {len(group['members']) - 1}.",
        )
        changed = True
    return _start_missing(group) or changed


def _run_scheduled(group):
    """Each due scheduled action runs once and is then deleted, as AWS does without recurrence."""
    if is_suspended(group, "ScheduledActions"):
        return False
    due = [action for action in group["actions"].values() if action["StartTime"] <= now()]
    for action in sorted(due, key=lambda each: each["StartTime"]):
        del group["actions"][action["ScheduledActionName"]]
        least, most = action.get("MinSize", group["MinSize"]), action.get("MaxSize", group["MaxSize"])
        desired = action.get("DesiredCapacity", group["DesiredCapacity"])
        group["MinSize"], group["MaxSize"] = least, max(least, most)
        group["DesiredCapacity"] = min(max(desired, group["MinSize"]), group["MaxSize"])
        add_activity(
            group,
            f"Executing scheduled action {action['ScheduledActionName']}",
            f"a scheduled action set group desired capacity to {group['DesiredCapacity']}, "
            f"min size to {group['MinSize']} and max size to {group['MaxSize']}.",
        )
    return bool(due)


def _drop_dead(group):
    """A member that another program terminated leaves the group, and the next step replaces it."""
    dead = [member for member in group["members"] if not members.is_alive(member)]
    if is_suspended(group, "HealthCheck") or is_suspended(group, "ReplaceUnhealthy"):
        return False
    for member in dead:
        end_member(
            group,
            member,
            "an instance was taken out of service in response to an EC2 health check indicating it has been terminated "
            "or stopped.",
        )
    return bool(dead)


def _surplus(group):
    """The oldest member of the zone with the most members."""
    count = {}
    for member in group["members"]:
        count[member["AvailabilityZone"]] = count.get(member["AvailabilityZone"], 0) + 1
    zone = max(count, key=lambda each: count[each])
    return next(member for member in group["members"] if member["AvailabilityZone"] == zone)


def _start_missing(group):
    changed = False
    while len(group["members"]) < group["DesiredCapacity"]:
        if is_suspended(group, "Launch") or group["retryAt"] > now():
            return changed
        changed = True
        cause = (
            f"an instance was started in response to a difference between desired and actual capacity, increasing the "
            f"capacity from {len(group['members'])} to {len(group['members']) + 1}."
        )
        try:
            member = members.launch(group)
        except members.LaunchFailed as failed:
            group["retryAt"] = now() + RETRY
            add_activity(group, "Launching a new EC2 instance.", cause, "Failed", str(failed))
            return True
        group["retryAt"] = 0
        group["launched"] += 1
        group["members"].append(member)
        add_activity(group, f"Launching a new EC2 instance: {member['InstanceId']}", cause)
    return changed
