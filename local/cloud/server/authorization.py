"""Authorizes requests: those signed with a role's credentials are evaluated against its policies, as on AWS.

ministack has an evaluator (AUTH=true). This module adds the features that it lacks and spawn's policies need:
- dynamodb:LeadingKeys, dynamodb:Attributes and dynamodb:ReturnValues, also of each item of a transaction,
- s3:RequestObjectTag/*, and s3:PutObjectTagging for a write that brings tags,
- aws:ResourceAccount of a bucket: the owner's account, not the caller's,
- aws:ResourceTag/* and autoscaling:ResourceTag/*,
- the group as the resource of Auto Scaling's operations, even if a request names only a member,
- for S3, the action by method and path alone, not by a parameter named Action,
- ${*}, ${?} and ${$} in patterns, which stand for these characters, and variables such as ${aws:PrincipalAccount} in conditions,
- permissions that a request needs beside its own action, such as iam:PassRole (required.py),
- a role that trusts a service: only the root of its own account, which represents the service here, can assume it.

The user's own key, and the keys of other accounts, are the root of their accounts and have all permissions there.
"""

import functools
import json
import re
from contextvars import ContextVar
from urllib.parse import parse_qsl

from ministack.core import iam_actions, iam_evaluator
from ministack.core.iam_evaluator import AuthError, EvalContext, combine_resource_policy, evaluate, resolve_principal
from ministack.core.responses import get_account_id
from ministack.services import s3

from . import item_keys
from .groups import group_of_instance
from .group_store import groups
from .required import checks_of
from .resource_tags import tag_keys

_PARTS = re.compile(r"(\$\{[*?$]\}|[*?])")
_WILDCARDS = {"*": ".*", "?": "."}
_VARIABLE = re.compile(r"\$\{([A-Za-z0-9:/._-]+)\}")

# Condition keys of the current request that ministack's context lacks.
_request_keys = ContextVar("_request_keys", default={})
# The additional requirements of the current request, and the denied one.
_required = ContextVar("_required", default=())
_denied = ContextVar("_denied", default=None)


class _ItemArn(str):
    """The table of one item of a transaction, with the item's own condition keys."""

    keys: dict


def install():
    """Replaces ministack's functions. Its application looks them up at each request."""
    iam_actions.extract_iam_action = _action_of(iam_actions.extract_iam_action)
    iam_actions.extract_resource_arn = _resource_of(iam_actions.extract_resource_arn)
    iam_actions.dynamodb_transaction_checks = _transaction_checks
    iam_actions.s3_additional_checks = _with_tagging(iam_actions.s3_additional_checks)
    iam_evaluator._resolve_condition_key = _with_owner(iam_evaluator._resolve_condition_key)
    iam_evaluator._conditions_met = _with_variables(iam_evaluator._conditions_met)
    iam_actions.access_denied_response = _naming_denied(iam_actions.access_denied_response)
    iam_evaluator.enforce = enforce
    iam_evaluator.check_credentials = _refuse_unknown_action
    iam_evaluator._fnmatch_compile = _compiled
    iam_evaluator.evaluate_trust_policy = _trust(iam_evaluator.evaluate_trust_policy)
    # The gate has verified the signature and the token.
    iam_evaluator.authenticate = lambda *_args: None


def enforce(access_key_id, iam_action, service, region, resource_arn="*", service_context=None):
    """None if a request is allowed, otherwise the denial. The gate has verified the signature."""
    if iam_action in iam_evaluator._ALWAYS_ALLOWED_ACTIONS:
        return None
    principal = resolve_principal(access_key_id or "", get_account_id())
    if isinstance(principal, AuthError) or principal.policies is None:
        return principal if isinstance(principal, AuthError) else None
    context = context_of(principal, iam_action, region, resource_arn, service_context or {})
    result = evaluate(context, principal.policies, *principal.limits)
    found = iam_evaluator._resource_policy(service, resource_arn)
    if found is None and service == "s3" and "s3:dataaccesspointarn" in context.service_context:
        found = s3.access_point_policy_for_arn(resource_arn)
    if found is not None:
        result = combine_resource_policy(result, context, *found, limits=principal.limits)
    if result.decision == "Allow":
        return _enforce_required(access_key_id, region)
    result.principal_arn = principal.arn
    return result


def _enforce_required(access_key_id, region):
    """The other checks of a request, after its own has passed."""
    checks = _required.get()
    _required.set(())
    for check in checks:
        service = check.action.partition(":")[0]
        denied = enforce(access_key_id, check.action, service, region, check.resource, check.keys)
        if denied:
            _denied.set(_denied.get() or check.action)
            return denied
    return None


def context_of(principal, iam_action, region, resource_arn, service_context):
    """The condition keys of a request."""
    keys = {name.lower(): value for name, value in {**service_context, **_request_keys.get()}.items()}
    keys.setdefault("aws:tagkeys", None)
    return EvalContext(
        principal_arn=principal.arn,
        principal_type=principal.type,
        principal_account=principal.account,
        action=iam_action,
        resource_arn=str(resource_arn),
        region=region,
        service_context=keys | tag_keys(resource_arn) | getattr(resource_arn, "keys", {}),
        principal_keys=principal.keys,
    )


def _refuse_unknown_action(access_key_id, _service=None):
    """A request without an action is only for root."""
    principal = resolve_principal(access_key_id or "", get_account_id())
    if isinstance(principal, AuthError):
        return principal
    if principal.policies is None:
        return None
    return AuthError("UnrecognizedClientException", "The local cloud knows no action for this request of a role.")


def _action_of(extract):
    def action_of(service, method, path, headers, body, query_params):
        if service != "s3":
            return extract(service, method, path, headers, body, query_params)
        name = iam_actions._s3_action(method, path, query_params)
        return f"s3:{name}" if name else None

    return action_of


def _resource_of(extract):
    """Called before each check, so it also records the condition keys in the request's body."""

    def resource_of(service, method, path, headers, body, query_params, region, account_id):
        keys = _keys_of(service, method, headers, body, query_params)
        action = iam_actions.extract_iam_action(service, method, path, headers, body, query_params) or ""
        own, *others = checks_of(service, action, query_params, body, region, account_id) or [None]
        _request_keys.set(keys | (own.keys if own else {}))
        _required.set(tuple(others))
        _denied.set(None)
        if own:
            return own.resource
        if service == "autoscaling":
            return _group_arn(query_params, region, account_id)
        found = extract(service, method, path, headers, body, query_params, region, account_id)
        # Parameters of AWS itself belong to no account.
        return re.sub(r"^(arn:aws:ssm:[^:]*:)[0-9]+(:parameter/aws/)", r"\1\2", found) if service == "ssm" else found

    return resource_of


def _naming_denied(respond):
    """A denial names the denied action, which may not be the request's own."""

    def response(service, action, *args, **options):
        return respond(service, _denied.get() or action, *args, **options)

    return response


def _keys_of(service, method, headers, body, query_params):
    if service == "dynamodb":
        return item_keys.condition_keys(body)
    if service == "s3" and method in ("PUT", "POST"):
        tags = dict(parse_qsl(headers.get("x-amz-tagging", ""), keep_blank_values=True))
        if "tagging" in query_params:
            tags = _tags_in(body)
        keys = {f"s3:RequestObjectTag/{name}": value for name, value in tags.items()}
        return keys | ({"s3:RequestObjectTagKeys": list(tags)} if tags else {})
    return {}


def _tags_in(body):
    """The tags of PutObjectTagging."""
    try:
        root = iam_actions.fromstring(body)
    except (iam_actions.ParseError, ValueError):
        return {}
    tags = {}
    for tag in root.iter():
        if tag.tag.rpartition("}")[2] == "Tag":
            pair = {child.tag.rpartition("}")[2]: child.text or "" for child in tag}
            tags[pair.get("Key", "")] = pair.get("Value", "")
    return tags


def _group_arn(params, region, account_id):
    """The group that a request names: directly, by a member, or by its tags. "*" if it names none or several."""

    def value(name):
        found = params.get(name, "")
        return found[0] if isinstance(found, list) else found

    names = {value("AutoScalingGroupName")} | {value(key) for key in params if key.endswith(".ResourceId")}
    member = value("InstanceId")
    if member:
        # The operation affects the member, whatever group is also named.
        names.add((group_of_instance(member) or {}).get("AutoScalingGroupName", "*"))
    names.discard("")
    if len(names) != 1 or "*" in names:
        return "*"
    name = names.pop()
    if name in groups:
        return groups[name]["AutoScalingGroupARN"]
    return f"arn:aws:autoscaling:{region}:{account_id}:autoScalingGroup:*:autoScalingGroupName/{name}"


def _transaction_checks(iam_action, body, region, account_id):
    """Each item of a transaction is authorized as its own operation, with its own key."""
    if iam_action not in ("dynamodb:TransactWriteItems", "dynamodb:TransactGetItems"):
        return []
    checks = []
    for member, table, keys in item_keys.transaction_items(body):
        arn = _ItemArn(iam_actions._dynamodb_table_arn(table, region, account_id))
        arn.keys = {name.lower(): value for name, value in keys.items()}
        checks.append((iam_actions._DYNAMODB_TRANSACT_ITEM_ACTIONS[member], arn))
    return checks


@functools.lru_cache(maxsize=4096)
def _compiled(pattern, ignore_case):
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html"""
    parts = "".join(_WILDCARDS.get(part) or re.escape(_literal(part)) for part in _PARTS.split(pattern))
    return re.compile(parts + r"\Z", re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def _literal(part):
    return part[2] if _PARTS.fullmatch(part) else part


def _with_variables(conditions_met):
    """A condition with a variable that the request lacks, or has several values of, is not met."""

    def met(conditions, context):
        def value_of(variable):
            value = iam_evaluator._resolve_condition_key(variable[1], context)
            if not isinstance(value, str):
                raise KeyError(variable[1])
            return re.sub(r"[*?$]", r"${\g<0>}", value)

        def resolved(value):
            if isinstance(value, list):
                return [resolved(each) for each in value]
            return _VARIABLE.sub(value_of, value) if isinstance(value, str) else value

        try:
            known = {
                operator: {key: resolved(value) for key, value in keys.items()} if isinstance(keys, dict) else keys
                for operator, keys in (conditions or {}).items()
            }
        except KeyError:
            return False
        return conditions_met(known, context)

    return met


def _trust(evaluate_trust):
    def trusts(document, caller_arn, context=None):
        if context is None or iam_evaluator._account_from_arn(context.resource_arn) == context.principal_account:
            return evaluate_trust(document, caller_arn, context)
        if isinstance(document, str):
            document = json.loads(document)
        statements = document["Statement"]
        kept = [
            {**each, "Principal": {"AWS": each["Principal"].get("AWS", [])}}
            if isinstance(each.get("Principal"), dict)
            else each
            for each in (statements if isinstance(statements, list) else [statements])
        ]
        return evaluate_trust({**document, "Statement": kept}, caller_arn, context)

    return trusts


def _with_tagging(additional_checks):
    def checks(method, path, headers, body, query_params):
        found = additional_checks(method, path, headers, body, query_params)
        writes = iam_actions._s3_action(method, path, query_params) == "PutObject"
        if writes and headers.get("x-amz-tagging"):
            found = [*found, ("s3:PutObjectTagging", f"arn:aws:s3:::{path.lstrip('/')}")]
        return found

    return checks


def _with_owner(resolve):
    def resolve_condition_key(key, context):
        if key.lower() in ("aws:resourceaccount", "s3:resourceaccount") and context.resource_arn.startswith("arn:aws:s3:::"):
            bucket = context.resource_arn[len("arn:aws:s3:::") :].partition("/")[0]
            return s3._bucket_owner_account(bucket) or context.principal_account
        return resolve(key, context)

    return resolve_condition_key
