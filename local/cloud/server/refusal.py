"""Refusals of requests, in the error format of the service's SDKs."""

import json
from xml.sax.saxutils import escape


class Refusal(Exception):
    """The reason of a refusal by the gate. `code` is one of AWS's if possible."""

    def __init__(self, status, code, message):
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


KEY_HINT = 'The local cloud serves only requests that are signed with its own key. Set it in this shell: eval "$(spawn env)"'

# The codes of S3's errors in the query and JSON protocols.
_CODES = {
    "query": {
        "InvalidAccessKeyId": "InvalidClientTokenId",
        "AccessDenied": "MissingAuthenticationToken",
        "InvalidToken": "InvalidClientTokenId",
    },
    "ec2": {
        "InvalidAccessKeyId": "AuthFailure",
        "AccessDenied": "AuthFailure",
        "InvalidToken": "AuthFailure",
        "ExpiredToken": "RequestExpired",
    },
    "json": {
        "InvalidAccessKeyId": "UnrecognizedClientException",
        "SignatureDoesNotMatch": "InvalidSignatureException",
        "AccessDenied": "MissingAuthenticationTokenException",
        "InvalidToken": "UnrecognizedClientException",
        "ExpiredToken": "ExpiredTokenException",
    },
}


def answer(refusal, protocol):
    """Content-Type and body of a refusal. `protocol` is that of a service: "rest", "json", "query" or "ec2"."""
    code = _CODES.get(protocol, {}).get(refusal.code, refusal.code)
    if protocol == "json":
        body = {"__type": f"com.amazon.coral.service#{code}", "message": refusal.message}
        return b"application/x-amz-json-1.0", json.dumps(body).encode()
    error = f"<Code>{escape(code)}</Code><Message>{escape(refusal.message)}</Message>"
    if protocol == "ec2":
        return b"text/xml", f"<Response><Errors><Error>{error}</Error></Errors></Response>".encode()
    if protocol == "query":
        return b"text/xml", f"<ErrorResponse><Error><Type>Sender</Type>{error}</Error></ErrorResponse>".encode()
    return b"application/xml", f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{error}</Error>'.encode()
