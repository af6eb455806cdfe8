"""Finds the service and operation of a request in botocore's models."""

import re
from functools import lru_cache
from urllib.parse import parse_qsl

from botocore.loaders import Loader
from botocore.model import ServiceModel

# The name in a signature's scope, and the model's. Another service needs a line here.
_MODELS = {
    "s3": "s3",
    "dynamodb": "dynamodb",
    "iam": "iam",
    "sts": "sts",
    "ec2": "ec2",
    "autoscaling": "autoscaling",
    "ssm": "ssm",
    "servicequotas": "service-quotas",
}
_CONTROL = "/v20180820/"


class UnknownOperation(Exception):
    """A request without an AWS operation."""


@lru_cache(maxsize=None)
def model_of(name):
    """The model of a service, by botocore's name."""
    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


def operation_of(request):
    """The model of the request's operation. Raises UnknownOperation."""
    service = request.signed_for
    if service is None:
        service = "s3"  # the only unsigned requests of spawn
    if service not in _MODELS:
        raise UnknownOperation(f"signed for {service}, which spawn does not use")
    name = _MODELS[service]
    if name == "s3":
        return _by_path(model_of("s3control" if request.path.startswith(_CONTROL) else "s3"), request)
    model = model_of(name)
    protocol = model.metadata["protocol"]
    asked = _target_of(model, request) if protocol == "json" else _action_of(request)
    if asked not in model.operation_names:
        raise UnknownOperation(f"{service} has no operation {asked}")
    return model.operation_model(asked)


def _target_of(model, request):
    prefix, _, name = request.headers.get("x-amz-target", "").rpartition(".")
    if prefix != model.metadata["targetPrefix"]:
        raise UnknownOperation(f"x-amz-target is {prefix}.{name}")
    return name


def _action_of(request):
    if request.body is None:
        raise UnknownOperation("the body was not kept")
    actions = [value for name, value in parse_qsl(request.body.decode("latin-1")) if name == "Action"]
    if len(actions) != 1:
        raise UnknownOperation(f"{len(actions)} times Action")
    return actions[0]


def _by_path(model, request):
    """The operation of a REST service whose fixed parts and required parameters fit best."""
    asked = dict(request.query).get("x-id")
    found = []
    for name, method, pattern, fixed, required, deprecated in _routes_of(model):
        if method != request.method or pattern.fullmatch(request.path) is None:
            continue
        if asked is not None and asked != name:
            continue
        if not all(_has(request, key, value) for key, value in fixed):
            continue
        missing = sum(not _given(request, location, key) for location, key in required)
        found.append(((len(fixed), -missing, len(required), not deprecated), name))
    if not found:
        keys = "&".join(key for key, _ in request.query)
        raise UnknownOperation(f"no operation has {request.method} {_without_names(request.path)}?{keys}")
    best = max(score for score, _ in found)
    return model.operation_model(next(name for score, name in found if score == best))


def _has(request, key, value):
    return any(name == key and (value == "" or given == value) for name, given in request.query)


def _given(request, location, key):
    if location == "header":
        return key.lower() in request.headers
    return any(name == key for name, _ in request.query)


def _without_names(path):
    return "/".join("*" if part else "" for part in path.split("/"))


@lru_cache(maxsize=None)
def _routes_of(model):
    routes = []
    for name in model.operation_names:
        operation = model.operation_model(name)
        pattern, fixed = route_of(operation)
        shape = operation.input_shape
        required = []
        for member in shape.required_members if shape is not None else ():
            how = shape.members[member].serialization
            if how.get("location") in ("header", "querystring"):
                required.append((how["location"], how["name"]))
        routes.append((name, operation.http["method"], pattern, fixed, required, operation.deprecated))
    return routes


@lru_cache(maxsize=None)
def _compiled(template):
    path, _, query = template.partition("?")
    text = ""
    for part in re.split(r"(\{\w+\+?\})", path):
        label = re.fullmatch(r"\{(\w+)(\+?)\}", part)
        if label is None:
            text += re.escape(part)
        else:
            # A key may hold anything; a bucket or a name ends at the next slash.
            text += f"(?P<{label[1]}>{'.+' if label[2] else '[^/]+'})"
    # A bucket's address may end with a slash.
    pattern = re.compile(text + ("" if "+}" in path else "/?"), re.DOTALL)
    fixed = tuple(tuple(pair.partition("=")[::2]) for pair in query.split("&") if pair)
    return pattern, fixed


def route_of(operation):
    """The pattern of an operation's path, with a group for each label, and its fixed parameters."""
    return _compiled(operation.http["requestUri"])
