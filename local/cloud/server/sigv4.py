"""Verifies signatures of AWS (Signature Version 4): in the header, and in the query of a presigned URL.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html

The time of a request with a header is not checked: signer and verifier share one clock, and a wrong clock, which makes a signature
old on AWS, is a test case here. A presigned URL expires at its time.
"""

import functools
import hashlib
import hmac
import re
import time
from calendar import timegm
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from .refusal import KEY_HINT, Refusal

EMPTY = hashlib.sha256(b"").hexdigest()
UNSIGNED = "UNSIGNED-PAYLOAD"

_ALGORITHM = "AWS4-HMAC-SHA256"
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 +Credential=([^\s,]+), *SignedHeaders=([^\s,]+), *Signature=([0-9a-f]{64})"
)
_CREDENTIAL = re.compile(r"([^/]+)/([0-9]{8})/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")
_DATE = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_SAFE = re.compile(r"[A-Za-z0-9._~%-]*")
# A week: the longest that S3 allows.
_LONGEST = 604_800


@dataclass(frozen=True)
class Claim:
    """The parts of a request's signature."""

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: str
    signature: str
    time: str
    presigned: bool


def claim_of(headers, query):
    """The signature of a request. `headers` maps lower-case names to strings, `query` is the list of pairs, still
    encoded. Raises Refusal if there is none, or more than one."""
    authorization = headers.get("authorization")
    presigned = dict(query)
    if "X-Amz-Signature" in presigned or "X-Amz-Credential" in presigned:
        if authorization is not None or len(presigned) != len(query):
            raise Refusal(400, "InvalidArgument", "Only one auth mechanism allowed; each query parameter once.")
        return _presigned_claim({name: unquote_to_bytes(value).decode("utf-8", "replace") for name, value in query})
    if authorization is None:
        raise Refusal(403, "AccessDenied", f"The request is not signed. {KEY_HINT}")
    match = _AUTHORIZATION.fullmatch(authorization)
    if match is None:
        raise Refusal(400, "AuthorizationHeaderMalformed", f"The authorization header is no {_ALGORITHM}. {KEY_HINT}")
    credential, signed_headers, signature = match.groups()
    return _claim(credential, signed_headers, signature, headers.get("x-amz-date", ""), presigned=False)


def _presigned_claim(query):
    if query.get("X-Amz-Algorithm") != _ALGORITHM:
        raise Refusal(400, "AuthorizationQueryParametersError", f"X-Amz-Algorithm only supports {_ALGORITHM}.")
    claim = _claim(
        query.get("X-Amz-Credential", ""),
        query.get("X-Amz-SignedHeaders", ""),
        query.get("X-Amz-Signature", ""),
        query.get("X-Amz-Date", ""),
        presigned=True,
    )
    expires = query.get("X-Amz-Expires", "")
    if not expires.isascii() or not expires.isdigit() or int(expires) > _LONGEST:
        raise Refusal(400, "AuthorizationQueryParametersError", "X-Amz-Expires must be from 0 to 604800 seconds.")
    try:
        signed_at = timegm(time.strptime(claim.time, "%Y%m%dT%H%M%SZ"))
    except ValueError:
        raise Refusal(403, "AccessDenied", "X-Amz-Date is no date.") from None
    if time.time() > signed_at + int(expires):
        raise Refusal(403, "AccessDenied", "Request has expired")
    return claim


def _claim(credential, signed_headers, signature, at, presigned):
    match = _CREDENTIAL.fullmatch(credential)
    if match is None:
        raise Refusal(400, "AuthorizationHeaderMalformed", "The Credential is malformed.")
    access_key_id, date, region, service = match.groups()
    if not _DATE.fullmatch(at) or at[:8] != date:
        raise Refusal(403, "AccessDenied", "The request has no valid X-Amz-Date, or the Credential has another date.")
    return Claim(access_key_id, date, region, service, signed_headers, signature, at, presigned)


def verify(claim, secret, method, path, headers, query, payload):
    """Compares the signature with the one that `secret` makes. Raises Refusal. `path` is as sent, percent-encoded;
    `payload` represents the body in the signature. Returns the signing key, for bodies that are signed in chunks."""
    names = claim.signed_headers.split(";")
    if "host" not in names:
        raise Refusal(403, "AccessDenied", "The header Host must be signed.")
    signed = frozenset(names)
    lines = []
    for name in names:
        value = headers.get(name)
        if value is None:
            raise Refusal(403, "SignatureDoesNotMatch", f"The header {name} is signed but was not sent.")
        # As in Amazon's SDKs for Python and JavaScript: consecutive spaces become one, and none remain at the ends.
        lines.append(f"{name}:{' '.join(value.split())}\n")
    for name in headers:
        # Fields that decide about a request must be signed.
        if name.startswith("x-amz-") and name not in signed:
            raise Refusal(403, "AccessDenied", f"The header {name} was sent but is not signed.")
    rest = f"{canonical_query(query, claim.presigned)}\n{''.join(lines)}\n{claim.signed_headers}\n{payload}"
    scope = f"{claim.date}/{claim.region}/{claim.service}/aws4_request"
    key = signing_key(secret, claim.date, claim.region, claim.service)
    start = f"{_ALGORITHM}\n{claim.time}\n{scope}\n"
    for candidate in canonical_paths(path, claim.service):
        digest = hashlib.sha256(f"{method}\n{candidate}\n{rest}".encode("utf-8", "surrogateescape")).hexdigest()
        expected = hmac.new(key, (start + digest).encode(), hashlib.sha256).hexdigest()
        if hmac.compare_digest(expected, claim.signature):
            return key
    raise Refusal(
        403, "SignatureDoesNotMatch", f"The signature is not the one that the key of the local cloud makes. {KEY_HINT}"
    )


@functools.lru_cache(maxsize=256)
def signing_key(secret, date, region, service):
    """The key that signs for a day."""
    key = f"AWS4{secret}".encode()
    for step in (date, region, service, "aws4_request"):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    return key


def canonical_paths(path, service):
    """The forms in which clients sign a path: as sent, strictly encoded, and encoded twice (all services but S3)."""
    yield path
    strict = quote(unquote_to_bytes(path), safe="/-_.~")
    if strict != path:
        yield strict
    twice = quote(path, safe="/-_.~")
    if twice != path:
        yield twice


def split_query(text):
    """The pairs of a query, as sent."""
    return [pair.partition("=")[::2] for pair in text.split("&") if pair]


def canonical_query(query, presigned):
    """Sorted, and encoded as the signer did."""
    pairs = sorted(
        (_encoded(name), _encoded(value)) for name, value in query if not (presigned and name == "X-Amz-Signature")
    )
    return "&".join([f"{name}={value}" for name, value in pairs])


def _encoded(text):
    return text if _SAFE.fullmatch(text) else quote(unquote_to_bytes(text), safe="-_.~")


def verify_chunks(body, claim, key, with_trailer):
    """Verifies the signature of each chunk of an aws-chunked body, and of the trailer.
    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html"""
    scope = f"{claim.date}/{claim.region}/{claim.service}/aws4_request"

    def signs(kind, previous, parts):
        text = "\n".join([f"{_ALGORITHM}-{kind}", claim.time, scope, previous, *parts])
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

    previous, position = claim.signature, 0
    while True:
        end = body.find(b"\r\n", position)
        size, separator, given = body[position:end].partition(b";chunk-signature=")
        if end < 0 or not separator or not re.fullmatch(rb"[0-9A-Fa-f]{1,16}", size):
            return False
        start = end + 2
        length = int(size, 16)
        chunk = body[start : start + length]
        previous = signs("PAYLOAD", previous, (EMPTY, hashlib.sha256(chunk).hexdigest()))
        if not hmac.compare_digest(previous.encode(), given):
            return False
        if length == 0:
            break
        if body[start + length : start + length + 2] != b"\r\n":
            return False
        position = start + length + 2
    rest = body[start:]
    if not with_trailer:
        return rest in (b"", b"\r\n")
    trailer, separator, given = rest.partition(b"x-amz-trailer-signature:")
    canonical = b"".join(line.strip() + b"\n" for line in trailer.split(b"\r\n") if line.strip())
    expected = signs("TRAILER", previous, (hashlib.sha256(canonical).hexdigest(),))
    return bool(separator) and hmac.compare_digest(expected.encode(), given.strip())
