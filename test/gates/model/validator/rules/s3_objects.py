"""Objects of S3: keys, metadata, tags, parts, copies."""

import re
from urllib.parse import parse_qsl

from .tags import check_tags, pairs_of

MIB, GIB = 1024**2, 1024**3
_UPLOADS = ("s3:PutObject", "s3:CopyObject", "s3:CreateMultipartUpload")
_COPY_SOURCE = re.compile(r"/?[^/?]+/[!-~]+")
_RANGE = re.compile(r"bytes=(\d+)-(\d+)")


def check_key(members, _request, problems):
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html"""
    if len(members.get("Key", "").encode()) > 1024:
        problems.add("Key", "is longer than 1024 bytes")


def check_metadata(members, request, problems):
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html"""
    metadata = members.get("Metadata", {})
    size = sum(len(key.encode()) + len(value.encode("utf-8", "surrogateescape")) for key, value in metadata.items())
    if size > 2048:
        problems.add("Metadata", f"{size} bytes are above the most, 2048")
    for key, value in metadata.items():
        if not value.isascii():
            problems.add(f"Metadata[{key}]", "is not ASCII, which S3 gives back in another form")
    size = sum(len(name) + len(value) for name, value in request.headers.items() if name.startswith("x-amz-"))
    if size > 8192:
        problems.add("", f"{size} bytes of x-amz- headers are above the most, 8192")


def check_tagging_header(members, _request, problems):
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html"""
    if "Tagging" in members:
        pairs = parse_qsl(members["Tagging"], keep_blank_values=True, strict_parsing=True) if members["Tagging"] else []
        check_tags(pairs, 10, "Tagging", problems)


def check_tagging(members, _request, problems):
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html"""
    check_tags(pairs_of(members.get("Tagging", {}).get("TagSet")), 10, "Tagging", problems)


def check_copy_source(members, request, problems):
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html: URL-encoded, with a key"""
    source = request.headers.get("x-amz-copy-source", "")
    if not _COPY_SOURCE.fullmatch(source) or re.search(r"%(?![0-9A-Fa-f]{2})", source):
        problems.add("CopySource", f"{source[:80]!r} is not URL-encoded or has no key")


def check_copy(members, _request, problems):
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html: members that are ignored without the directive"""
    if members.get("MetadataDirective") != "REPLACE":
        for name in ("Metadata", "ContentType", "ContentEncoding", "CacheControl", "ContentDisposition", "ContentLanguage"):
            if name in members:
                problems.add(name, "is ignored without MetadataDirective=REPLACE")
    if members.get("TaggingDirective") != "REPLACE" and members.get("Tagging"):
        problems.add("Tagging", "is ignored without TaggingDirective=REPLACE")


def check_part(members, request, problems):
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html"""
    number = members.get("PartNumber")
    if number is not None and not 1 <= number <= 10_000:
        problems.add("PartNumber", f"{number} is not from 1 to 10000")
    span = _RANGE.fullmatch(members.get("CopySourceRange", ""))
    if "CopySourceRange" in members and (span is None or int(span[1]) > int(span[2])):
        problems.add("CopySourceRange", f"{members['CopySourceRange']!r} is not bytes=first-last")
    size = int(span[2]) - int(span[1]) + 1 if span else request.size
    if size > 5 * GIB:
        problems.add("", f"{size} bytes are above the most of one request, 5 GiB")


def check_parts(members, _request, problems):
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html"""
    parts = members.get("MultipartUpload", {}).get("Parts", [])
    numbers = [part.get("PartNumber", 0) for part in parts]
    if not 1 <= len(numbers) <= 10_000:
        problems.add("MultipartUpload", f"{len(numbers)} parts are not from 1 to 10000")
    if any(later <= earlier for earlier, later in zip(numbers, numbers[1:])):
        problems.add("MultipartUpload", "the parts are not in ascending order")
    if any("ETag" not in part for part in parts):
        problems.add("MultipartUpload", "a part has no ETag")


def check_deletions(members, _request, problems):
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html"""
    objects = members.get("Delete", {}).get("Objects", [])
    if not 1 <= len(objects) <= 1000:
        problems.add("Delete", f"{len(objects)} objects are not from 1 to 1000")
    for each in objects:
        check_key(each, None, problems)


RULES = (
    (
        ("s3:GetObject", "s3:HeadObject", "s3:DeleteObject", "s3:GetObjectTagging", "s3:PutObjectTagging")
        + ("s3:UploadPart", "s3:UploadPartCopy", *_UPLOADS),
        check_key,
    ),
    (_UPLOADS, check_metadata),
    (_UPLOADS, check_tagging_header),
    (("s3:PutObjectTagging",), check_tagging),
    (("s3:CopyObject", "s3:UploadPartCopy"), check_copy_source),
    (("s3:CopyObject",), check_copy),
    (("s3:UploadPart", "s3:UploadPartCopy", "s3:PutObject"), check_part),
    (("s3:CompleteMultipartUpload",), check_parts),
    (("s3:DeleteObjects",), check_deletions),
)
