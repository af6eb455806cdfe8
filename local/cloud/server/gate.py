"""Decides which requests reach ministack: those of the user's own programs, to the services that spawn uses.

Every user of this machine can connect to 127.0.0.1, and so can every web page in a browser, also under a host name
that resolves to 127.0.0.1. So each request must be signed with the key in the user's data folder."""

import hashlib
import hmac
import json
import os
import re
from email.utils import formatdate
from urllib.parse import parse_qs, unquote

from . import body
from .refusal import KEY_HINT, Refusal, answer
from .services import SERVICES
from .sigv4 import EMPTY, UNSIGNED, claim_of, split_query, verify

# Names of this machine, with any port, because a proxy in front has its own port. Behind a TLS proxy, tests use a
# reserved name (https://www.rfc-editor.org/rfc/rfc6761) that no web page has.
_HOST = re.compile(
    r"(?:127\.0\.0\.1|\[::1\]|(?:[a-z0-9_-]+\.)*localhost|aws\.test\.invalid)(?::[0-9]{1,5})?", re.IGNORECASE
)
# Only browsers send these: https://developer.mozilla.org/docs/Glossary/Fetch_metadata_request_header
_OF_BROWSERS = ("origin", "sec-fetch-site")
# Two programs could read different values of a duplicate.
_ONCE = frozenset(
    ("authorization", "content-length", "host", "x-amz-content-sha256", "x-amz-date", "x-amz-target")
)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PROOF_PATH = "/_spawn/proof"
_NONCE = re.compile(r"[0-9a-f]{32,64}")
# Bytes of a refused request that are read, so that its client sees the response and not a reset connection.
_DRAINED = 1024 * 1024


class Gate:
    """ASGI application in front of ministack's."""

    def __init__(self, app, keys, session_secret_of, port):
        """`session_secret_of(access_key_id, token)` is the secret of temporary credentials, or None. It raises Refusal."""
        self._app, self._keys, self._session_secret_of, self._port = app, keys, session_secret_of, port

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        headers, source = None, body.Source(receive)
        try:
            headers = _headers_of(scope)
            _refuse_strangers(headers)
            if scope["path"] == _PROOF_PATH:
                await self._prove(headers, send)
                return
            receive = await self._admit(scope, headers, source)
        except Refusal as refusal:
            await _refuse(refusal, scope, headers or {}, source, send)
            return
        await self._app(scope, receive, _without_cors(send))
        if isinstance(receive, body.Checked) and receive.refusal is not None:
            await _refuse(receive.refusal, scope, headers, None, send)

    async def _admit(self, scope, headers, receive):
        """Raises Refusal, or returns the application's source of the request's body."""
        method, path = scope["method"], scope["raw_path"].decode("latin-1")
        query = split_query(scope["query_string"].decode("latin-1"))
        claim = claim_of(headers, query)
        service = SERVICES.get(claim.service)
        if service is None:
            raise Refusal(403, "AccessDenied", f"The local cloud does not serve {claim.service}.")
        secret = self._keys.secret_of(claim.access_key_id)
        if secret is None:
            secret = self._session_secret_of(claim.access_key_id, _token_of(claim, headers, query))
        if secret is None:
            raise Refusal(403, "InvalidAccessKeyId", f"There is no access key {claim.access_key_id[:40]}. {KEY_HINT}")
        _refuse_other_operations(service, claim, method, scope["path"], query, headers)

        payload = headers.get("x-amz-content-sha256")
        known = None
        if claim.presigned:
            payload = UNSIGNED
        elif payload is None and service.protocol != "rest":
            known = await body.read(receive)
            payload = hashlib.sha256(known).hexdigest()
        elif payload is None:
            raise Refusal(400, "MissingSecurityHeader", "The header x-amz-content-sha256 is missing.")
        key = verify(claim, secret, method, path, headers, query, payload)
        if service.protocol == "rest":
            return _checking(payload, claim, key, headers, receive)
        if known is None:
            known = await body.read(receive)
            if not hmac.compare_digest(hashlib.sha256(known).hexdigest().encode(), payload.encode("utf-8", "replace")):
                raise body.MISMATCH
        # serve.py reads it, too.
        scope["operation"] = _operation_of(service, headers, known)
        return body.replay(known, receive)

    async def _prove(self, headers, send):
        """Responds to a client that knows the secret, and proves that this process knows it, too."""
        nonce, given = headers.get("x-spawn-nonce", ""), headers.get("x-spawn-proof", "")
        asked = self._keys.proof("client", self._port, nonce)
        if not _NONCE.fullmatch(nonce) or not hmac.compare_digest(asked.encode(), given.encode()):
            raise Refusal(403, "AccessDenied", KEY_HINT)
        pid = os.getpid()
        text = json.dumps({"pid": pid, "proof": self._keys.proof("server", self._port, nonce, pid)}).encode()
        await _send(send, 200, b"application/json", text)


def _headers_of(scope):
    headers = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), _text(raw_value).strip()
        if name in headers:
            if name in _ONCE:
                raise Refusal(400, "InvalidRequest", f"The header {name} was sent twice.")
            value = f"{headers[name]},{value}"
        headers[name] = value
    return headers


def _text(value):
    return value.decode("utf-8", "surrogateescape")


def _token_of(claim, headers, query):
    """The token of temporary credentials."""
    if claim.presigned:
        return unquote(dict(query).get("X-Amz-Security-Token", ""))
    return headers.get("x-amz-security-token", "")


def _refuse_strangers(headers):
    for name in _OF_BROWSERS:
        if name in headers:
            raise Refusal(403, "AccessDenied", "The local cloud serves no web pages.")
    if not _HOST.fullmatch(headers.get("host", "")):
        raise Refusal(403, "AccessDenied", "The local cloud serves only 127.0.0.1, [::1] and localhost.")


def _refuse_other_operations(service, claim, method, path, query, headers):
    """ministack's router also uses other fields, such as X-Amz-Target: they must lead to the signed service."""
    target = headers.get("x-amz-target")
    if service.protocol == "rest":
        # No bucket name begins so, but ministack's administration and its stand-ins for other services do.
        fits = target is None and not path.startswith("/_")
    else:
        # ministack also accepts an operation in the query, and decompresses a body before it looks for the operation.
        fits = method == "POST" and path == "/" and not claim.presigned and not query
        fits = fits and "content-encoding" not in headers
        if service.protocol == "json":
            fits = fits and target is not None and target.encode().startswith(service.target)
        else:
            fits = fits and target is None
    if not fits:
        raise Refusal(403, "AccessDenied", f"The local cloud does not serve this request of {service.name}.")


def _operation_of(service, headers, known):
    """The operation that a request names. Raises Refusal if the service does not serve it."""
    if service.protocol == "json":
        operation = headers["x-amz-target"].rpartition(".")[2]
    else:
        form = parse_qs(known.decode("utf-8", "replace"), keep_blank_values=True)
        if len(form.get("Action", [])) != 1:
            raise Refusal(400, "MissingAction", "A request names one operation.")
        for name, values in form.items():
            # One program could use the first value, and another program the last.
            if len(values) > 1:
                raise Refusal(400, "InvalidParameterCombination", f"The parameter {name[:80]} was sent twice.")
        operation = form["Action"][0]
    if service.operations is not None and operation not in service.operations:
        raise Refusal(403, "AccessDenied", f"The local cloud does not serve {operation[:80]} of {service.name}.")
    return operation


def _checking(payload, claim, key, headers, receive):
    """`receive` of S3 that checks the body against its signature."""
    if _SHA256.fullmatch(payload):
        if "content-length" not in headers and "transfer-encoding" not in headers:
            if payload != EMPTY:
                raise Refusal(400, "XAmzContentSHA256Mismatch", "A request without a body is signed with one.")
            return receive
        return body.Hashed(receive, payload)
    if payload in (UNSIGNED, "STREAMING-UNSIGNED-PAYLOAD-TRAILER"):
        return receive
    if payload in ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"):
        return body.SignedChunks(receive, claim, key, with_trailer=payload.endswith("TRAILER"))
    raise Refusal(400, "InvalidRequest", f"The local cloud does not know x-amz-content-sha256: {payload[:60]}")


def _without_cors(send):
    """ministack allows every web page to read its responses; this removes the header."""

    async def send_without_cors(message):
        if message["type"] == "http.response.start":
            kept = [pair for pair in message["headers"] if not pair[0].lower().startswith(b"access-control-")]
            message = {**message, "headers": kept}
        await send(message)

    return send_without_cors


async def _refuse(refusal, scope, headers, source, send):
    if source is not None:
        await _drain(headers, source)
    match = re.search(r"/([a-z0-9-]+)/aws4_request", headers.get("authorization", ""))
    service = SERVICES.get(match.group(1)) if match else None
    protocol = "json" if "x-amz-target" in headers else service.protocol if service else "rest"
    content_type, text = answer(refusal, protocol)
    await _send(send, refusal.status, content_type, b"" if scope["method"] == "HEAD" else text)


async def _drain(headers, source):
    """Reads a small body. Other clients notice by `Expect: 100-continue`, or by the end of the connection."""
    length = headers.get("content-length", "")
    if "expect" in headers or not length.isdigit() or int(length) > _DRAINED:
        return
    while not source.ended:
        await source()


async def _send(send, status, content_type, text):
    headers = [(b"content-type", content_type), (b"content-length", str(len(text)).encode())]
    headers.append((b"date", formatdate(usegmt=True).encode()))
    headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text, "more_body": False})
