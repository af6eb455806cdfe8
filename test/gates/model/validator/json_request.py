"""The members of a request with JSON (DynamoDB, SSM). https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html"""

import base64
import binascii
import json


def members_of(operation, request, problems):
    model = operation.service_model
    content_type = f"application/x-amz-json-{model.metadata['jsonVersion']}"
    if request.headers.get("content-type") != content_type:
        problems.add("content-type", f"is {request.headers.get('content-type')}, not {content_type}")
    for name in request.query:
        problems.add("", f"unknown parameter {name[0]} in the query")
    try:
        value = json.loads(request.body or b"{}", object_pairs_hook=lambda pairs: _once(pairs, problems))
    except ValueError:
        problems.add("", "the body is no JSON")
        return {}
    shape = operation.input_shape
    return {} if shape is None and value == {} else _value_of(shape, value, "", problems)


def _once(pairs, problems):
    names = [name for name, _ in pairs]
    for name in {name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else ():
        problems.add(name, "is there twice")
    return dict(pairs)


_TYPES = {
    "string": str,
    "character": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float),
    "blob": str,
    "list": list,
    "map": dict,
    "structure": dict,
}


def _value_of(shape, value, path, problems):
    kind = shape.type_name
    if not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        problems.add(path, f"is {type(value).__name__}, not {kind}")
        return None
    if kind == "structure":
        if shape.is_document_type:
            return value
        return _structure_of(shape, value, path, problems)
    if kind == "list":
        return [_value_of(shape.member, each, f"{path}[{at}]", problems) for at, each in enumerate(value)]
    if kind == "map":
        return {key: _value_of(shape.value, each, f"{path}[{key}]", problems) for key, each in value.items()}
    if kind == "blob":
        try:
            return base64.b64decode(value, validate=True)
        except binascii.Error:
            problems.add(path, "is no base64")
            return None
    return value


def _structure_of(shape, value, path, problems):
    names = {member.serialization.get("name", name): name for name, member in shape.members.items()}
    found = {}
    for key, each in value.items():
        if key not in names:
            problems.add(f"{path}.{key}".lstrip("."), "unknown member")
        else:
            name = names[key]
            found[name] = _value_of(shape.members[name], each, f"{path}.{name}".lstrip("."), problems)
    return found
