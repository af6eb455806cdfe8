"""Buckets and access points of S3: names, lifecycle, replication, policies."""

import json
import re

from .tags import check_tags, pairs_of

_BUCKET = re.compile(r"(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9](?:[a-z0-9.-]{1,61})[a-z0-9]")
_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
_POINT = re.compile(r"[a-z0-9][a-z0-9-]{1,48}[a-z0-9]")
_POLICY_BYTES = 20 * 1024


def check_creation(members, request, problems):
    """
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html: no location for us-east-1, elsewhere the region's
    """
    name = members.get("Bucket", "")
    if not _BUCKET.fullmatch(name) or ".." in name or name.endswith(_SUFFIXES) or re.fullmatch(r"[\d.]+", name):
        problems.add("Bucket", f"{name!r} is no name of a bucket")
    configuration = members.get("CreateBucketConfiguration", {})
    location = configuration.get("LocationConstraint")
    wanted = None if request.region == "us-east-1" else request.region
    if location != wanted:
        problems.add("LocationConstraint", f"is {location}, and the request goes to {request.region}")
    check_tags(pairs_of(configuration.get("Tags")), 50, "Tags", problems)


def check_bucket_tags(members, _request, problems):
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/CostAllocTagging.html"""
    check_tags(pairs_of(members.get("Tagging", {}).get("TagSet")), 50, "Tagging", problems)


def check_lifecycle(members, _request, problems):
    """
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html
    """
    rules = members.get("LifecycleConfiguration", {}).get("Rules", [])
    _check_rules(rules, problems)
    for rule in rules:
        path = f"rule {rule.get('ID')}"
        tags = _check_filter(rule, path, problems)
        expiration = rule.get("Expiration", {})
        if len(expiration) > 1:
            problems.add(path, f"Expiration has {' and '.join(expiration)}, which exclude each other")
        if tags and "ExpiredObjectDeleteMarker" in expiration:
            problems.add(path, "ExpiredObjectDeleteMarker cannot have a filter by tags")
        if tags and "AbortIncompleteMultipartUpload" in rule:
            problems.add(path, "AbortIncompleteMultipartUpload cannot have a filter by tags")
        days = [expiration.get("Days", 1), rule.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays", 1)]
        days.append(rule.get("AbortIncompleteMultipartUpload", {}).get("DaysAfterInitiation", 1))
        if min(days) < 1:
            problems.add(path, "days begin at 1")
        if not {"AbortIncompleteMultipartUpload", "Expiration", "NoncurrentVersionExpiration"} & {
            name for name in rule if rule[name]
        } and not any(name.endswith("Transitions") for name in rule):
            problems.add(path, "does nothing")


def check_replication(members, _request, problems):
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-add-config.html"""
    rules = members.get("ReplicationConfiguration", {}).get("Rules", [])
    _check_rules(rules, problems)
    priorities = [rule["Priority"] for rule in rules if "Priority" in rule]
    if len(set(priorities)) < len(priorities):
        problems.add("Rules", "two have the same priority")
    for rule in rules:
        path = f"rule {rule.get('ID')}"
        tags = _check_filter(rule, path, problems)
        markers = rule.get("DeleteMarkerReplication", {}).get("Status")
        if "Filter" in rule and ("Priority" not in rule or markers is None):
            problems.add(path, "a rule with a filter has Priority and DeleteMarkerReplication")
        if tags and markers == "Enabled":
            problems.add(path, "a filter by tags does not replicate delete markers")
        if "ExistingObjectReplication" in rule:
            problems.add(path, "ExistingObjectReplication is no longer supported")
        if not re.fullmatch(r"arn:aws[a-z-]*:s3:::[a-z0-9.-]+", rule.get("Destination", {}).get("Bucket", "")):
            problems.add(path, "the destination is no ARN of a bucket")


def _check_rules(rules, problems):
    if not 1 <= len(rules) <= 1000:
        problems.add("Rules", f"{len(rules)} are not from 1 to 1000")
    ids = [rule["ID"] for rule in rules if "ID" in rule]
    if len(set(ids)) < len(ids):
        problems.add("Rules", "two have the same ID")
    if any(len(each) > 255 for each in ids):
        problems.add("Rules", "an ID is longer than 255 characters")


def _check_filter(rule, path, problems):
    """The tags of a rule's filter, which has one condition, or `And` with two or more."""
    given = rule.get("Filter")
    if given is None:
        if "Prefix" not in rule:
            problems.add(path, "has neither Filter nor Prefix")
        return []
    if "Prefix" in rule:
        problems.add(path, "has both Filter and Prefix")
    if len(given) > 1:
        problems.add(path, f"Filter has {' and '.join(given)}, which exclude each other")
    conditions = given.get("And", given)
    tags = [*conditions.get("Tags", []), *([conditions["Tag"]] if "Tag" in conditions else [])]
    if "And" in given and len(tags) + len(conditions.keys() - {"Tag", "Tags"}) < 2:
        problems.add(path, "And has fewer than two conditions")
    check_tags(pairs_of(tags), 10, path, problems)
    return tags


def check_policy(members, _request, problems):
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/add-bucket-policy.html"""
    text = members.get("Policy", "")
    if len(text.encode()) > _POLICY_BYTES:
        problems.add("Policy", f"{len(text.encode())} bytes are above the most, {_POLICY_BYTES}")
    _check_json(text, problems)


def _check_json(text, problems):
    try:
        json.loads(text)
    except ValueError:
        problems.add("Policy", "is no JSON")


def check_access_point(members, _request, problems):
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-restrictions-limitations-naming-rules.html"""
    name = members.get("Name", "")
    if not _POINT.fullmatch(name) or name.endswith(("-s3alias", "--xa-s3")):
        problems.add("Name", f"{name!r} is no name of an access point")
    check_tags(pairs_of(members.get("Tags")), 50, "Tags", problems)


RULES = (
    (("s3:CreateBucket",), check_creation),
    (("s3:PutBucketTagging",), check_bucket_tags),
    (("s3:PutBucketLifecycleConfiguration",), check_lifecycle),
    (("s3:PutBucketReplication",), check_replication),
    (("s3:PutBucketPolicy", "s3control:PutAccessPointPolicy"), check_policy),
    (("s3control:CreateAccessPoint",), check_access_point),
)
