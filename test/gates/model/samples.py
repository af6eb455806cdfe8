"""Requests for the gate's own test: for an operation, an input with every member, as botocore sends it."""

import base64
import hashlib
import json
from datetime import datetime, timezone
from urllib.parse import quote, urlencode

from botocore.serialize import create_serializer

from validator.operations import model_of
from validator.patterns import matches

_SIGNED_FOR = {"s3control": "s3", "service-quotas": "servicequotas"}
# Below these levels, samples have only required members: DynamoDB's values are recursive.
_DEPTH = 7
_TEXTS = (
    ("text", "a", "key", "123456789012", "i-12345678", "2026-01-01", "name_of-it", "/path/", "1.0")
    + ("arn:aws:iam::123456789012:role/name", "arn:aws:dynamodb:us-east-1:123456789012:table/name")
    + ("arn:aws:s3:us-east-1:123456789012:accesspoint/name", "us-east-1", "a" * 20, "a" * 36, "a" * 64, "{}")
)


def operations(names):
    """The models of operations by names such as `s3:PutObject`."""
    for name in names:
        service, _, operation = name.partition(":")
        yield model_of(service).operation_model(operation)


def value_for(shape, depth=0):
    """A value that satisfies every constraint; None if none is found."""
    kind = shape.type_name
    if kind == "structure":
        # A form cannot express an empty one.
        return _structure_for(shape, depth) or None
    if kind == "list":
        item = value_for(shape.member, depth + 1)
        return None if item is None else [item] * max(shape.metadata.get("min", 1), 1)
    if kind == "map":
        key, item = value_for(shape.key, depth + 1), value_for(shape.value, depth + 1)
        return None if key is None or item is None else {key: item}
    if kind == "string":
        return _text_for(shape)
    if kind == "boolean":
        return True
    if kind in ("integer", "long"):
        return max(shape.metadata.get("min", 1), 1)
    if kind in ("float", "double"):
        return 1.5
    if kind == "timestamp":
        return datetime(2026, 11, 29, 12, tzinfo=timezone.utc)
    if kind == "blob":
        return b"bytes" * max(shape.metadata.get("min", 1), 1)
    raise NotImplementedError(kind)


def _structure_for(shape, depth):
    if shape.is_document_type:
        return {"any": [1]}
    names = shape.members if depth < _DEPTH else shape.required_members
    if shape.is_tagged_union:
        names = list(shape.members)[:1]
    values = {name: value_for(shape.members[name], depth + 1) for name in names}
    if any(values[name] is None for name in shape.required_members if name in values):
        return None
    return {name: value for name, value in values.items() if value is not None}


def _text_for(shape):
    if shape.enum:
        return shape.enum[0]
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max")
    for text in _TEXTS:
        text = text * -(-least // len(text)) if len(text) < least else text
        pattern = shape.metadata.get("pattern")
        if (most is None or len(text) <= most) and (pattern is None or matches(pattern, text)):
            return text
    return None


def record_of(operation, values):
    """A record, as record.py writes it, of botocore's request for these values, unchecked."""
    model = operation.service_model
    protocol = model.metadata["protocol"]
    sent = create_serializer(protocol, include_validation=False).serialize_to_request(values, operation)
    headers = {name: str(value) for name, value in sent["headers"].items()}
    signed_for = _SIGNED_FOR.get(model.service_name, model.service_name)
    headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential=KEY/20261129/us-east-1/{signed_for}/aws4_request"
    body = sent["body"]
    if isinstance(body, dict):
        body = urlencode(body).encode()
        headers["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8"
    elif isinstance(body, str):
        body = body.encode()
    if operation.http_checksum or operation.http_checksum_required:
        # Replaces the member that a caller could set.
        headers["Content-MD5"] = base64.b64encode(hashlib.md5(body or b"").digest()).decode()
    return {
        "method": sent["method"],
        "path": quote(sent["url_path"].partition("?")[0], safe="/%~"),
        "query": _query_of(sent),
        "headers": [[name, value.encode().decode("latin-1")] for name, value in headers.items()],
        "body": None if operation.has_streaming_input else base64.b64encode(body or b"").decode(),
        "size": len(body or b""),
        "status": 200,
    }


def _query_of(sent):
    pairs = list(sent["query_string"].items()) if isinstance(sent["query_string"], dict) else sent["query_string"]
    fixed = sent["url_path"].partition("?")[2]
    return "&".join(filter(None, (fixed, urlencode(pairs, quote_via=quote))))


def with_body(record, text):
    """The record with another body."""
    digest = base64.b64encode(hashlib.md5(text).digest()).decode()
    headers = [[name, digest if name == "Content-MD5" else value] for name, value in record["headers"]]
    return {**record, "headers": headers, "body": base64.b64encode(text).decode(), "size": len(text)}


def body_of(record):
    return base64.b64decode(record["body"] or "")


def as_json(value):
    """Comparable values: times as seconds, bytes as texts."""
    return json.loads(json.dumps(value, default=lambda v: v.timestamp() if isinstance(v, datetime) else v.decode()))
