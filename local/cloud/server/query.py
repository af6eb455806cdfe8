"""Requests and responses of AWS's query protocol, by the service's model in botocore.

The model defines the parameters, so a misspelt or misplaced one is refused; most emulators ignore it.
https://smithy.io/2.0/aws/protocols/aws-query-protocol.html"""

import time
import uuid
from datetime import datetime, timezone
from xml.sax.saxutils import escape

from botocore.loaders import Loader
from botocore.model import ServiceModel


class QueryError(Exception):
    """An error response of the service."""

    def __init__(self, code, message, status=400):
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


class QueryService:
    """Parses requests of a service and renders its responses."""

    def __init__(self, name):
        self._model = ServiceModel(Loader().load_service_model(name, "service-2"), name)
        self._namespace = self._model.metadata["xmlNamespace"]

    def parse(self, operation, form):
        """The parameters of an operation, from a mapping of names to strings. Raises QueryError."""
        shape = self._model.operation_model(operation).input_shape
        tree = {}
        for key, value in form.items():
            if key in ("Action", "Version"):
                continue
            *path, last = key.split(".")
            node = tree
            for part in path:
                node = node.setdefault(part, {})
                if not isinstance(node, dict):
                    raise QueryError("ValidationError", f"The parameter {key} is both a text and a structure.")
            node[last] = value
        if shape is None:
            if tree:
                raise QueryError("ValidationError", f"Unknown parameter: {next(iter(tree))}")
            return {}
        return _value_of(shape, tree, "")

    def render(self, operation, value):
        """A response in ministack's form: status, headers and body."""
        shape = self._model.operation_model(operation).output_shape
        result = ""
        if shape is not None:
            wrapper = shape.serialization.get("resultWrapper", f"{operation}Result")
            result = f"<{wrapper}>{_structure_xml(shape, value or {})}</{wrapper}>"
        text = (
            f'<{operation}Response xmlns="{self._namespace}">{result}'
            f"<ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata></{operation}Response>"
        )
        return 200, {"Content-Type": "text/xml"}, text.encode()

    def error(self, error):
        """An error in ministack's form: status, headers and body."""
        text = (
            f'<ErrorResponse xmlns="{self._namespace}"><Error><Type>Sender</Type><Code>{escape(error.code)}</Code>'
            f"<Message>{escape(error.message)}</Message></Error><RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>"
        )
        return error.status, {"Content-Type": "text/xml"}, text.encode()


def iso(seconds):
    """A time in AWS's form."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _value_of(shape, node, path):
    kind = shape.type_name
    if kind == "structure":
        return _structure_of(shape, node, path)
    if kind == "list":
        return _list_of(shape, node, path)
    if isinstance(node, dict):
        raise _invalid(path, "is no structure")
    try:
        return _SCALARS.get(kind, str)(node)
    except ValueError:
        raise _invalid(path, f"is no {kind}: {node[:40]}") from None


def _structure_of(shape, node, path):
    if not isinstance(node, dict):
        raise _invalid(path, "is a structure")
    value = {}
    for name, inner in node.items():
        if name not in shape.members:
            raise QueryError("ValidationError", f"Unknown parameter: {path}{name}")
        value[name] = _value_of(shape.members[name], inner, f"{path}{name}.")
    for name in shape.required_members:
        if name not in value:
            raise QueryError(
                "ValidationError",
                f"1 validation error detected: Value null at '{path}{name}' failed to satisfy constraint: "
                "Member must not be null",
            )
    return value


def _list_of(shape, node, path):
    if node == "":
        return []
    if not isinstance(node, dict) or list(node) != ["member"] or not isinstance(node["member"], dict):
        raise _invalid(path, "is a list")
    members = node["member"]
    if not all(index.isascii() and index.isdigit() for index in members):
        raise _invalid(path, "has members without a number")
    return [_value_of(shape.member, members[index], f"{path}{index}.") for index in sorted(members, key=int)]


def _invalid(path, why):
    return QueryError("ValidationError", f"The parameter {path.rstrip('.')} {why}.")


def _boolean(text):
    if text not in ("true", "false"):
        raise ValueError(text)
    return text == "true"


def _seconds(text):
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


_SCALARS = {"integer": int, "long": int, "boolean": _boolean, "timestamp": _seconds, "double": float, "float": float}


def _xml(shape, value):
    kind = shape.type_name
    if kind == "structure":
        return _structure_xml(shape, value)
    if kind == "list":
        return "".join(f"<member>{_xml(shape.member, each)}</member>" for each in value)
    if kind == "boolean":
        return "true" if value else "false"
    if kind == "timestamp":
        return iso(value)
    return escape(str(value))


def _structure_xml(shape, value):
    """Keys with a lower-case initial are internal; any other key that the model lacks is a bug."""
    parts = []
    for name, inner in value.items():
        if name[0].islower() or inner is None:
            continue
        parts.append(f"<{name}>{_xml(shape.members[name], inner)}</{name}>")
    return "".join(parts)


def now():
    """The time of the local cloud, in seconds since 1970."""
    return time.time()
