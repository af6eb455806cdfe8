"""Compares one request with the model of its operation."""

import base64
import hashlib
import zlib
from dataclasses import dataclass

from . import json_request, query_request, rest_request
from .constraints import check
from .operations import UnknownOperation, operation_of
from .problems import Problems
from .request import GENERIC_HEADERS
from .rules import check_rules

_READERS = {
    "json": json_request.members_of,
    "query": query_request.members_of,
    "ec2": query_request.members_of,
    "rest-xml": rest_request.members_of,
}
_DIGESTS = {
    "content-md5": lambda body: hashlib.md5(body).digest(),
    "x-amz-checksum-crc32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
    "x-amz-checksum-sha1": lambda body: hashlib.sha1(body).digest(),
    "x-amz-checksum-sha256": lambda body: hashlib.sha256(body).digest(),
}


@dataclass(frozen=True)
class Verdict:
    """The operation and values of a request, and its problems."""

    # `s3:PutObject`, or the service alone for an unknown operation.
    operation: str
    # The values of its members.
    members: dict
    problems: list


def validate(request, with_rules=True):
    """The verdict about a request. Without rules, only models count."""
    problems = Problems()
    try:
        operation = operation_of(request)
    except UnknownOperation as error:
        return Verdict(request.signed_for or "unsigned", {}, [f"no operation of AWS: {error}"])
    service = operation.service_model
    members = _READERS[service.metadata["protocol"]](operation, request, problems) or {}
    if operation.input_shape is not None:
        check(operation.input_shape, members, "", problems)
    if service.metadata["protocol"] == "rest-xml":
        _check_digests(operation, request, problems)
    else:
        for name in request.headers.keys() - GENERIC_HEADERS - {"x-amz-target", "x-amzn-query-mode"}:
            problems.add(f"header {name}", "unknown member")
    name = f"{service.service_name}:{operation.name}"
    if with_rules and not problems.texts:
        check_rules(name, members, request, problems)
    return Verdict(name, members, problems.texts)


def _check_digests(operation, request, problems):
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html"""
    given = [name for name in ("content-md5", *rest_request.CHECKSUMS) if name in request.headers]
    wanted = operation.http_checksum.get("requestChecksumRequired", False) or operation.http_checksum_required
    if wanted and not given and "x-amz-trailer" not in request.headers:
        problems.add("", "required member is missing: Content-MD5 or a checksum of the body")
    whole = operation.http_checksum.get("requestAlgorithmMember") or operation.http_checksum_required
    if request.body is None or not whole:
        return
    for name in given:
        digest = _DIGESTS.get(name)
        if digest is not None and base64.b64encode(digest(request.body)).decode() != request.headers[name]:
            problems.add(f"header {name}", "is not the body's")
