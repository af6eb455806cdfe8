"""Signs requests with botocore and compares; then lets the local cloud's verifier judge each, whole and changed.

Reads one request a line (cases.ts), and prints the differences as JSON. Arguments: the folder with the package `server`.
"""

import datetime
import json
import random
import sys
import time
from types import SimpleNamespace
from urllib.parse import unquote

import botocore.auth
import botocore.session
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.serialize import create_serializer
from botocore.utils import percent_encode, percent_encode_sequence

sys.path.insert(0, sys.argv[1])
from server.refusal import Refusal  # noqa: E402
from server.sigv4 import claim_of, split_query, verify  # noqa: E402

MODEL = botocore.session.Session().get_service_model("s3")
SERIALIZER = create_serializer("rest-xml", include_validation=False)
# Headers that botocore does not derive from a command's inputs.
OWN = {"content-length", "content-type", "host", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token", "authorization"}
WITH_BODY = ("PutObject", "UploadPart")
SHOWN = 5


def payload_signing(signed):
    return SimpleNamespace(s3={"payload_signing_enabled": signed})


def command_request(case, sent, problems):
    """botocore's request for a command's inputs, with spawn's own headers."""
    command = case["command"]
    operation, given = MODEL.operation_model(command["name"]), dict(command["input"])
    made = SERIALIZER.serialize_to_request(given, operation)
    bucket = given["Bucket"]
    path = made["url_path"]
    if command["isVirtualHost"] or not path.startswith(f"/{bucket}/"):
        path = path.removeprefix(f"/{bucket}")
        path = path if command["isVirtualHost"] else f"/{bucket}{path}"
    query = made["query_string"]
    url = case["origin"] + path + (f"?{percent_encode_sequence(query)}" if query else "")
    headers = {name.lower(): value for name, value in made["headers"].items()}
    for name, value in headers.items():
        ours = sent.get(name)
        if name == "x-amz-copy-source":  # encoded more or less; S3 decodes it
            ours, value = ours and unquote(ours), unquote(value)
        if ours != value:
            problems.append(f"header {name}: {ours!r}, botocore {value!r}")
    more = set(sent) - set(headers) - OWN
    if more:
        problems.append(f"headers {sorted(more)} are not botocore's")
    headers = {name: sent[name] for name in sent if name in headers or name in ("content-length", "content-type")}
    request = AWSRequest(method=operation.http["method"], url=url, headers=headers)
    request.context["client_config"] = payload_signing(command["name"] not in WITH_BODY)
    return request


def raw_request(case):
    raw = case["raw"]
    query = sorted((percent_encode(name), percent_encode(value)) for name, value in raw["query"])
    url = case["origin"] + percent_encode(raw["path"], safe="/-._~")
    url += "?" + "&".join(f"{name}={value}" for name, value in query) if query else ""
    return AWSRequest(method=case["method"], url=url, headers=raw["headers"])


class GivenPayload:
    """A signer for whose body the payload's text is given."""

    given = None

    def payload(self, _request):
        return self.given

    def _modify_request_before_signing(self, request):
        super()._modify_request_before_signing(request)
        del request.headers["X-Amz-Content-SHA256"]  # botocore adds, and does not replace
        request.headers["X-Amz-Content-SHA256"] = self.given


class S3Given(GivenPayload, S3SigV4Auth):
    pass


class OtherGiven(GivenPayload, SigV4Auth):
    pass


def signer_of(case, credentials):
    scope = case["scope"]
    if "command" in case:
        return S3SigV4Auth(credentials, scope["service"], scope["region"])
    kind = S3Given if scope["service"].startswith("s3") else OtherGiven
    signer = kind(credentials, scope["service"], scope["region"])
    signer.given = case["raw"]["payload"]
    return signer


def compare(case):
    problems = []
    flat = case["headers"]
    sent = dict(zip(flat[::2], flat[1::2]))
    if len(sent) * 2 != len(flat):
        problems.append("a header twice")
    request = command_request(case, sent, problems) if "command" in case else raw_request(case)
    if request.method != case["method"]:
        problems.append(f"method {case['method']}, botocore {request.method}")
    target = request.url[len(case["origin"]) :]
    if target != case["path"]:
        path, _, query = target.partition("?")
        ours, _, our_query = case["path"].partition("?")
        if path != ours or sorted(query.split("&")) != our_query.split("&"):
            problems.append(f"path {case['path']!r}, botocore {target!r}")
    scope = case["scope"]
    at = datetime.datetime.fromtimestamp(0, datetime.timezone.utc) + datetime.timedelta(seconds=case["at"])
    botocore.auth.get_current_datetime = lambda remove_tzinfo=True: at.replace(tzinfo=None)
    credentials = Credentials(scope["accessKeyId"], scope["secretAccessKey"], scope.get("sessionToken"))
    signer_of(case, credentials).add_auth(request)
    for name in ("Authorization", "X-Amz-Date", "X-Amz-Content-SHA256", "X-Amz-Security-Token"):
        if request.headers[name] != sent.get(name.lower()):
            problems.append(f"{name} {sent.get(name.lower())!r}, botocore {request.headers[name]!r}")
    return sent, problems


def is_accepted(scope, method, target, headers, payload=None):
    path, _, query = target.partition("?")
    pairs = split_query(query)
    headers = {name: value.strip() for name, value in headers.items()}
    try:
        claim = claim_of(headers, pairs)
        verify(claim, scope["secretAccessKey"], method, path, headers, pairs, payload or headers.get("x-amz-content-sha256", ""))
        return True
    except Refusal:
        return False


def judge(case, sent, dice):
    """The local cloud's verdict about the request, and about the same with one change."""
    scope, method, target = case["scope"], case["method"], case["path"]
    if not is_accepted(scope, method, target, sent):
        yield "the local cloud refuses it"
    path, mark, query = target.partition("?")
    name = dice.choice([name for name in sent if name != "authorization"])
    signature = sent["authorization"]
    changes = {
        "method": ("OPTIONS", target, sent),
        "path": (method, f"{path}x{mark}{query}", sent),
        "query": (method, f"{target}{'&' if mark else '?'}acl=", sent),
        f"header {name}": (method, target, {**sent, name: f"{sent[name]}1"}),
        "added header": (method, target, {**sent, "x-amz-zz": "1"}),
        "left out header": (method, target, {each: sent[each] for each in sent if each != name}),
        "signature": (method, target, {**sent, "authorization": signature[:-1] + ("0" if signature[-1] != "0" else "1")}),
    }
    what = dice.choice(list(changes))
    if is_accepted(scope, *changes[what]):
        yield f"the local cloud accepts it with another {what}"


def judge_presigned(case, dice):
    """The same for botocore's presigned URL."""
    scope = case["scope"]
    botocore.auth.get_current_datetime = lambda remove_tzinfo=True: datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    credentials = Credentials(scope["accessKeyId"], scope["secretAccessKey"], scope.get("sessionToken"))
    kind = S3SigV4QueryAuth if scope["service"].startswith("s3") else SigV4QueryAuth
    request = AWSRequest(method="GET", url=case["origin"] + case["path"].partition("?")[0])
    kind(credentials, scope["service"], scope["region"], expires=600).add_auth(request)
    target, host = request.url[len(case["origin"]) :], case["origin"].partition("//")[2]
    payload = "UNSIGNED-PAYLOAD" if kind is S3SigV4QueryAuth else botocore.auth.EMPTY_SHA256_HASH
    if not is_accepted(scope, "GET", target, {"host": host}, payload):
        yield "the local cloud refuses its presigned URL"
    changed = dice.choice(
        [
            ("PUT", target, host),
            ("GET", f"/x{target}", host),
            ("GET", f"{target}&versionId=1", host),
            ("GET", target.replace("X-Amz-Expires=600", "X-Amz-Expires=601"), host),
            ("GET", target, f"{host}1"),
        ]
    )
    if is_accepted(scope, *changed[:2], {"host": changed[2]}, payload):
        yield f"the local cloud accepts its presigned URL changed: {changed}"


def main():
    dice = random.Random(len(sys.argv))
    count, presigned, wrong = 0, 0, []
    started = time.monotonic()
    for line in sys.stdin:
        case = json.loads(line)
        sent, problems = compare(case)
        problems += judge(case, sent, dice)
        if count % 5 == 0:
            problems += judge_presigned(case, dice)
            presigned += 1
        if problems and len(wrong) < SHOWN:
            wrong.append({"number": count, "problems": problems, "case": case})
        count += 1
    print(json.dumps({"count": count, "presigned": presigned, "wrong": wrong, "seconds": time.monotonic() - started}))


main()
