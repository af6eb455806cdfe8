"""Texts of a request as values of a model's simple types."""

import base64
import binascii
import math
import re
from datetime import datetime
from email.utils import parsedate_to_datetime

# https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html: date-time in bodies and queries, http-date in headers
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")


def scalar_of(shape, text, path, problems, date_format="iso8601"):
    """A text as a value. A text of another type is a problem."""
    try:
        return _READERS.get(shape.type_name, lambda _shape, given, _format: given)(shape, text, date_format)
    except (ValueError, OverflowError, TypeError, binascii.Error):
        problems.add(path, f"{text[:40]!r} is no {shape.type_name}")
        return None


def _boolean(_shape, text, _format):
    if text not in ("true", "false"):
        raise ValueError(text)
    return text == "true"


def _integer(_shape, text, _format):
    if re.fullmatch(r"-?\d+", text) is None:
        raise ValueError(text)
    return int(text)


def _float(_shape, text, _format):
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _blob(_shape, text, _format):
    return base64.b64decode(text, validate=True)


def _timestamp(shape, text, date_format):
    wanted = shape.serialization.get("timestampFormat", date_format)
    if wanted == "unixTimestamp":
        return float(text)
    if wanted == "rfc822":
        return parsedate_to_datetime(text).timestamp()
    if _DATE_TIME.fullmatch(text) is None:
        raise ValueError(text)
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


_READERS = {
    "boolean": _boolean,
    "integer": _integer,
    "long": _integer,
    "float": _float,
    "double": _float,
    "blob": _blob,
    "timestamp": _timestamp,
}
