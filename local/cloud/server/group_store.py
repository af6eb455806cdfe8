"""The Auto Scaling groups of the local cloud, by account, region and name, and their storage."""

from ministack.core.persistence import load_state
from ministack.core.responses import AccountRegionScopedDict, request_scope

from . import instances
from .query import QueryError
from .reconcile import reconcile

# The name of the state file. ministack's own, unrelated groups are in autoscaling.json.
STATE = "groups"

# In a record, a name with a capital letter is part of AWS's description of a group. `members` are its instances,
# `actions` its scheduled actions by name, `activities` its history, newest first, `launched` the number of instances
# it has started, `retryAt` the time before which it starts none, `deleting` whether it is being deleted.
groups = AccountRegionScopedDict()


def find(name):
    """Raises QueryError if the region has no such group."""
    group = groups.get(name)
    if group is None:
        raise QueryError("ValidationError", f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")
    return group


def change(name):
    """The group, unless it is about to be deleted. Raises QueryError."""
    group = find(name)
    if group["deleting"]:
        raise QueryError("ScalingActivityInProgress", f"AutoScalingGroup {name} has pending delete")
    return group


def tend():
    """Reconciles the groups of all accounts and regions. Returns whether anything changed."""
    changed = instances.forget_terminated()
    for (account, region, name), group in groups.all_items():
        with request_scope(account, region):
            if group["deleting"]:
                del groups[name]
                changed = True
            elif reconcile(group):
                changed = True
    return changed


def get_state():
    return {"groups": groups, "user_data": instances.user_data}


def load():
    data = load_state(STATE)
    if data is not None:
        groups.update(data["groups"])
        instances.user_data.update(data["user_data"])
    # The instances are written before the groups: a kill in between leaves instances without a group.
    known = {member["InstanceId"] for group in groups.all_values() for member in group["members"]}
    instances.end_others(known)
