"""Requests of one account to buckets of another, also through its access points.

ministack refuses every other account at an access point, and evaluates a bucket's policy for the other account's root, whatever the
caller. This module evaluates both for the caller, as on AWS: the caller's own policies must allow the request (authorization.py checks
them first), and so must the bucket's policy, or the access point's policy and then the bucket's.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html

It also refuses a request that expects another owner of a bucket, or of a copy's source; ministack ignores the expected owner.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html

Not modelled: ACLs, which new buckets have disabled; network origins; copies whose source is named by an alias of another account.
"""

from urllib.parse import unquote

from ministack.core import iam_actions
from ministack.core.iam_evaluator import AuthError, evaluate_resource_policy, resolve_principal
from ministack.core.responses import get_account_id, get_region, request_scope, set_request_account_id
from ministack.core.router import extract_access_key_id
from ministack.services import s3

from . import authorization


def install():
    """Replaces ministack's functions with these."""
    s3._foreign_bucket_allows = _bucket_allows
    s3.access_point_for_alias = _point_of_alias
    s3.object_tags_for_condition = _tags_of_owner(s3.object_tags_for_condition)
    s3.handle_request = _through_points(s3.handle_request)
    iam_actions.s3_access_point_resources = _resources(iam_actions.s3_access_point_resources)


def _bucket_allows(owner, bucket, key, method, query_params, caller, headers=None):
    """Replaces ministack's: whether the policy of another account's bucket allows a request."""
    if not caller:
        return False
    policy = s3._bucket_policies.get_scoped(owner, None, bucket)
    if policy and s3._public_access_blocked(owner, bucket, "RestrictPublicBuckets") and s3._policy_is_public(policy):
        return False
    return _allows(policy, owner, f"arn:aws:s3:::{bucket}", "/", bucket, key, method, query_params, headers, {})


def _allows(policy, owner, arn, separator, bucket, key, method, query_params, headers, keys):
    """Whether an S3 policy allows the request to the caller; no policy or no match means no."""
    action = iam_actions._s3_action(method, f"/{bucket}/{key}" if key else f"/{bucket}", query_params)
    principal = resolve_principal(extract_access_key_id(headers or {}, query_params) or "", get_account_id())
    if not policy or action is None or isinstance(principal, AuthError):
        return False
    action = f"s3:{action}"
    with request_scope(owner, get_region()):
        facts = iam_actions.s3_service_context(action, query_params, f"/{bucket}/{key}" if key else f"/{bucket}", headers or {})
    resource = f"{arn}{separator}{key}" if key else arn
    context = authorization.context_of(principal, action, get_region(), resource, {**facts, **keys})
    return evaluate_resource_policy(policy, context).decision == "Allow"


def _point_of_alias(alias):
    """Replaces ministack's, which supports only those of the caller's account."""
    resolved = _resolved(alias)
    if resolved is None:
        return None
    account, region, record = resolved
    arn = s3.access_point_arn(record["Name"], account, region)
    return arn, record["Bucket"], _point_keys(arn, account, record)


def _point_keys(arn, account, record):
    return {
        "s3:DataAccessPointArn": arn,
        "s3:DataAccessPointAccount": account,
        "s3:AccessPointNetworkOrigin": record["NetworkOrigin"],
    }


def _resources(resources_of):
    """The caller's own policies apply to the access point of another account, not to the bucket behind it."""

    def resources(resource_arn):
        found = resources_of(resource_arn)
        alias = resource_arn.removeprefix("arn:aws:s3:::").partition("/")[0]
        resolved = s3.resolve_access_point_alias(alias)
        return found[:1] if resolved is not None and resolved[0] != get_account_id() else found

    return resources


def _tags_of_owner(tags_of):
    def tags_of_owner(bucket, key, query_params):
        with request_scope(_owner_of(bucket) or get_account_id(), get_region()):
            return tags_of(bucket, key, query_params)

    return tags_of_owner


def _resolved(bucket):
    """Account, region and record of the access point with this alias."""
    return s3.resolve_access_point_alias(bucket) if bucket.endswith(s3._ACCESS_POINT_ALIAS_SUFFIX) else None


def _owner_of(bucket):
    """The account of a bucket, or of the access point with this alias."""
    resolved = _resolved(bucket)
    return resolved[0] if resolved is not None else s3._bucket_owner_account(bucket)


def _copied_from(headers):
    return unquote(headers.get("x-amz-copy-source", "")).lstrip("/").partition("/")[0]


def _has_expected_owner(bucket, headers, prefix):
    """Whether a bucket, or the one behind an alias, belongs to the account in the request. A missing bucket is not checked."""
    expected = headers.get(f"{prefix}expected-bucket-owner")
    if not expected or not bucket:
        return True
    return _owner_of(bucket) in (None, expected)


def _through_points(handle):
    async def handle_request(method, path, headers, body, query_params, *args, **options):
        bucket, key = s3._parse_bucket_key(path, headers)
        resolved = _resolved(bucket)
        if not (_has_expected_owner(bucket, headers, "x-amz-") and _has_expected_owner(_copied_from(headers), headers, "x-amz-source-")):
            return s3._error("AccessDenied", "Access Denied", 403, f"/{bucket}")
        if resolved is not None and resolved[0] != get_account_id() and not options.get("internal"):
            account, region, record = resolved
            arn = s3.access_point_arn(record["Name"], account, region)
            behind = s3._bucket_policies.get_scoped(account, None, record["Bucket"])
            asked = (record["Bucket"], key, method, query_params, headers, _point_keys(arn, account, record))
            if not (
                _allows(record.get("Policy"), account, arn, "/object/", *asked)
                and _allows(behind, account, f"arn:aws:s3:::{record['Bucket']}", "/", *asked)
            ):
                return s3._error("AccessDenied", "Access Denied", 403, f"/{bucket}")
            set_request_account_id(account)
        return await handle(method, path, headers, body, query_params, *args, **options)

    return handle_request
