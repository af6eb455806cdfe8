"""A recorded request, without the parts of HTTP and signatures."""

import base64
import re
from dataclasses import dataclass
from urllib.parse import unquote

# Of HTTP, of signatures, and of the SDKs' own accounting. Members of an operation may have these names, too (Content-Type).
GENERIC_HEADERS = frozenset(
    ("accept", "accept-encoding", "authorization", "connection", "content-length", "content-type", "expect", "host")
    + ("keep-alive", "te", "transfer-encoding", "user-agent", "via", "proxy-connection")
    + ("amz-sdk-invocation-id", "amz-sdk-request", "x-amz-user-agent")
    + ("x-amz-date", "x-amz-content-sha256", "x-amz-security-token")
)
_GENERIC_QUERY = frozenset(
    ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature")
    + ("X-Amz-Security-Token", "X-Amz-Content-Sha256", "X-Amz-User-Agent")
)
_SCOPE = re.compile(r"Credential=[^/,]+/\d{8}/([a-z0-9-]*)/([a-z0-9-]+)/aws4_request")


@dataclass(frozen=True)
class Request:
    """One request as received."""

    method: str
    # Percent-encoded.
    path: str
    # Decoded, in their order, without those of a presigned URL.
    query: tuple
    # By lower-case names; repeated headers are joined by commas.
    headers: dict
    # None: an object's bytes, or too long to keep.
    body: bytes | None
    size: int
    status: int | None
    # The name in the signature's scope; None without a signature.
    signed_for: str | None
    region: str | None

    @property
    def agent(self):
        return self.headers.get("user-agent", "")


def of_record(record):
    """The request of a line that record.py wrote."""
    headers = {}
    for name, value in record["headers"]:
        name, value = name.lower(), value.encode("latin-1").decode("utf-8", "surrogateescape").strip()
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    pairs = [pair.partition("=") for pair in record["query"].split("&") if pair]
    query = [(unquote(name), unquote(value)) for name, _, value in pairs]
    credential = next((f"Credential={value}" for name, value in query if name == "X-Amz-Credential"), "")
    scope = _SCOPE.search(headers.get("authorization", "")) or _SCOPE.search(credential)
    return Request(
        method=record["method"],
        path=record["path"],
        query=tuple(pair for pair in query if pair[0] not in _GENERIC_QUERY),
        headers=headers,
        body=None if record["body"] is None else base64.b64decode(record["body"]),
        size=record["size"],
        status=record["status"],
        signed_for=scope.group(2) if scope else None,
        region=scope.group(1) if scope else None,
    )
