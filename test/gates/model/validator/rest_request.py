"""The members of a request of S3 and S3 Control. https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html"""

from urllib.parse import unquote

from .operations import route_of
from .request import GENERIC_HEADERS
from .scalars import scalar_of
from .xml_body import element_of, value_of


def members_of(operation, request, problems):
    shape = operation.input_shape
    members = dict(shape.members) if shape is not None else {}
    found = {}
    pattern, fixed = route_of(operation)
    labels = pattern.fullmatch(request.path).groupdict()
    by_location = {"uri": {}, "querystring": {}, "header": {}, "headers": {}, None: {}}
    for name, member in members.items():
        location = member.serialization.get("location")
        by_location[location][member.serialization.get("name", name)] = (name, member)
    for key, text in labels.items():
        name, member = by_location["uri"][key]
        found[name] = scalar_of(member, unquote(text), name, problems)
    _read_query(operation, request, by_location["querystring"], dict(fixed), found, problems)
    _read_headers(operation, request, by_location["header"], by_location["headers"], found, problems)
    _read_body(operation, request, by_location[None], found, problems)
    return found


def _read_query(operation, request, members, fixed, found, problems):
    seen = set()
    for key, text in request.query:
        if key in seen:
            problems.add(f"query {key}", "is there twice")
        seen.add(key)
        if key in members:
            name, member = members[key]
            found[name] = scalar_of(member, text, name, problems)
        elif key == "x-id":
            if text != operation.name:
                problems.add("query x-id", f"is {text}, not {operation.name}")
        elif key not in fixed or text != fixed[key]:
            problems.add(f"query {key}", "unknown member")


def _read_headers(operation, request, members, prefixed, found, problems):
    members = {key.lower(): value for key, value in members.items()}
    for key, text in request.headers.items():
        if key in members:
            name, member = members[key]
            found[name] = _header_value(member, text, name, problems)
            continue
        prefix = next((prefix for prefix in prefixed if key.startswith(prefix.lower())), None)
        if prefix is not None:
            found.setdefault(prefixed[prefix][0], {})[key[len(prefix) :]] = text
        elif key not in GENERIC_HEADERS and key not in _of_checksums(operation) and key not in _of_chunks(request):
            problems.add(f"header {key}", "unknown member")


def _header_value(member, text, path, problems):
    if member.type_name == "list":
        return [scalar_of(member.member, each.strip(), path, problems) for each in text.split(",")]
    return scalar_of(member, text, path, problems, "rfc822")


def _of_checksums(operation):
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html"""
    if operation.http_checksum or operation.http_checksum_required:
        return ("content-md5", "x-amz-sdk-checksum-algorithm", *CHECKSUMS)
    return ()


def _of_chunks(request):
    """https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html"""
    if request.headers.get("x-amz-content-sha256", "").startswith("STREAMING-"):
        return ("content-encoding", "x-amz-decoded-content-length", "x-amz-trailer")
    return ()


CHECKSUMS = tuple(f"x-amz-checksum-{name}" for name in ("crc32", "crc32c", "crc64nvme", "sha1", "sha256"))


def _read_body(operation, request, members, found, problems):
    shape = operation.input_shape
    payload = shape.serialization.get("payload") if shape is not None else None
    if payload is not None and shape.members[payload].type_name != "structure":
        # The bytes of objects are not recorded.
        content = request.body if request.body is not None else b""
        if request.size > 0:
            found[payload] = content if shape.members[payload].type_name == "blob" else content.decode("utf-8", "replace")
        return
    if request.body is None:
        problems.add("", f"the body of {request.size} bytes was not kept")
        return
    if request.body == b"":
        return
    inner = shape.members[payload] if payload is not None else shape
    if inner is None or (payload is None and not members):
        problems.add("", "unknown member: the operation has no body")
        return
    root = inner.serialization.get("name", inner.name)
    element = element_of(request.body, root, inner.serialization.get("xmlNamespace"), problems)
    if element is None:
        return
    value = value_of(inner, element, payload or "", problems, payload is None)
    if payload is not None:
        found[payload] = value
    elif value is not None:
        found.update(value)
