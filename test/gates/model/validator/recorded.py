"""The recorded requests of a folder, and their senders."""

import json
import os
import re

from .request import of_record

_OURS = re.compile(r"(?:^| )spawn/([a-z-]+)(?: |$)")
# Different in each attempt of the same request.
_CHANGING = frozenset(
    ("authorization", "amz-sdk-invocation-id", "amz-sdk-request", "x-amz-date", "connection", "x-amz-security-token")
)


END_TO_END = "end-to-end"


def requests_in(folder):
    """
    Every request of the folders of a run, once where it was sent several times, and whether it was sent from end to end: by our
    programs as people start them.
    """
    for kind in (END_TO_END, "integration"):
        path = os.path.join(folder, kind)
        for request in _requests_in(path) if os.path.isdir(path) else ():
            yield request, kind == END_TO_END


def _requests_in(folder):
    seen = set()
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as lines:
            for line in lines:
                record = json.loads(line)
                headers = tuple(tuple(pair) for pair in record["headers"] if pair[0].lower() not in _CHANGING)
                key = hash((record["method"], record["path"], record["query"], record["body"], headers))
                if key not in seen:
                    seen.add(key)
                    yield of_record(record)


def client_of(request):
    """The spawn program that sent a request (connection/user-agent.ts), or the AWS CLI. None: a client of the tests alone."""
    ours = _OURS.search(request.agent)
    if ours is not None:
        return ours[1]
    if request.agent.startswith("aws-cli/"):
        return "worker" if "x-amz-security-token" in request.headers else "aws-cli"
    return None
