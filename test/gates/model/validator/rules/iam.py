"""Roles. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""

import json
import re

from .tags import check_tags, pairs_of


def check_policy(name, most):
    """A rule for a policy's length, for which white space does not count."""

    def check(members, _request, problems):
        text = members.get(name, "")
        size = len(re.sub(r"\s", "", text))
        if size > most:
            problems.add(name, f"{size} characters are above the most, {most}")
        try:
            json.loads(text)
        except ValueError:
            problems.add(name, "is no JSON")

    return check


def check_role_tags(members, _request, problems):
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html: keys differ in more than their case"""
    pairs = pairs_of(members.get("Tags"))
    check_tags(pairs, 50, "Tags", problems)
    if len({key.lower() for key, _ in pairs}) < len({key for key, _ in pairs}):
        problems.add("Tags", "two keys differ in their case only")


RULES = (
    (("iam:CreateRole",), check_policy("AssumeRolePolicyDocument", 2048)),
    (("iam:UpdateAssumeRolePolicy",), check_policy("PolicyDocument", 2048)),
    (("iam:PutRolePolicy",), check_policy("PolicyDocument", 10_240)),
    (("iam:CreateRole", "iam:TagRole", "iam:CreateInstanceProfile"), check_role_tags),
)
