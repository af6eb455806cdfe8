"""Refusals of requests, in the format in which the SDKs of the service read errors."""

import json
from xml.sax.saxutils import escape


class Refusal(Exception):
    """Why the gate refuses a request. `code` is one of AWS's where AWS has one."""

    def __init__(self, status, code, message):
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


KEY_HINT = 'The local cloud serves only requests that are signed with its own key. Set it in this shell: eval "$(spawn env)"'

# What the query and JSON protocols call the errors of S3.
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
