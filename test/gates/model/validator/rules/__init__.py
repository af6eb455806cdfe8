"""Documented limits of operations that botocore's models lack: sizes, counts, and exclusive members.

Each function has the page of AWS that says so. Only for operations that spawn sends.
"""

from . import auto_scaling, dynamodb, ec2, iam, s3_buckets, s3_objects

RULES = {}
for _module in (auto_scaling, dynamodb, ec2, iam, s3_buckets, s3_objects):
    for _names, _rule in _module.RULES:
        for _name in _names:
            RULES.setdefault(_name, []).append(_rule)


def check_rules(operation, members, request, problems):
    """Adds a problem for each rule that the request violates. `operation` is such as `s3:PutObject`."""
    for rule in RULES.get(operation, ()):
        rule(members, request, problems)
