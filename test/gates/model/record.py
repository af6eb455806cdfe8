"""Writes down each request that reaches the local cloud, so that check.py can compare it with AWS's models afterwards.

It stands between the server and the local cloud's own application: neither it nor its clients notice. The bodies of objects
are not kept, as nothing in a model is about them.

Used by a start script that the tests write in place of local/cloud/serve.py; see test/support/recorded-cloud.ts.
"""

import base64
import json
import os
import runpy
import sys
import uuid

# Maximum length of a recorded body. The longest ones are templates and items; DeleteObjects of 1000 long keys comes close.
KEPT = 4 * 1024 * 1024
# local/cloud/cloud.ts checks here that it reached its own cloud: no AWS request.
_PROOF = "/_spawn/proof"
# Parameters of a PUT to a key that still carries an object or a part. With another one, its body is XML.
_OF_UPLOADS = frozenset(("x-id", "partNumber", "uploadId"))


def run(script, folder):
    """Runs `script` as the main program, and records its requests in a new file in `folder`."""
    sys.argv[0] = script
    import hypercorn.asyncio

    serve = hypercorn.asyncio.serve
    file = os.open(os.path.join(folder, f"{uuid.uuid4()}.jsonl"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def serve_recorded(app, *args, **kwargs):
        return serve(Recorder(app, file), *args, **kwargs)

    hypercorn.asyncio.serve = serve_recorded
    runpy.run_path(script, run_name="__main__")


class Recorder:
    """ASGI middleware."""

    def __init__(self, app, file):
        self._app, self._file = app, file

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http" or scope["path"] == _PROOF:
            await self._app(scope, receive, send)
            return
        body = Body(0 if is_upload(scope) else KEPT, receive)
        status = []

        async def send_noting_status(message):
            if message["type"] == "http.response.start":
                status.append(message["status"])
            await send(message)

        try:
            await self._app(scope, body, send_noting_status)
        finally:
            os.write(self._file, line_of(scope, body, status))


class Body:
    """`receive` that records the beginning of the body."""

    def __init__(self, limit, receive):
        self._receive, self._limit = receive, limit
        self.size, self.chunks, self.complete = 0, [], False

    async def __call__(self):
        message = await self._receive()
        if message["type"] == "http.request":
            chunk = message.get("body", b"")
            self.size += len(chunk)
            if self.size <= self._limit:
                self.chunks.append(chunk)
            self.complete = not message.get("more_body", False)
        return message

    @property
    def kept(self):
        """The whole body, or None if it is not recorded, is too long, or was not read to its end."""
        if self.size > self._limit:
            return None
        return b"".join(self.chunks) if self.complete or self.size == 0 else None


def is_upload(scope):
    """Whether the body is an object's."""
    if scope["method"] != "PUT" or scope["path"].startswith("/v20180820/"):
        return False
    names = {pair.partition("=")[0] for pair in scope["query_string"].decode("latin-1").split("&") if pair}
    of_signature = {name for name in names if name.startswith("X-Amz-")}
    return "/" in scope["path"].strip("/") and names - of_signature <= _OF_UPLOADS


def announces_body(scope):
    return any(name == b"content-length" and value.strip() != b"0" for name, value in scope["headers"])


def line_of(scope, body, status):
    # A client that was killed has sent less than it announced.
    is_cut_off = body.size == 0 and not body.complete and announces_body(scope)
    kept = None if is_cut_off else body.kept
    record = {
        "method": scope["method"],
        "path": scope["raw_path"].decode("latin-1"),
        "query": scope["query_string"].decode("latin-1"),
        "headers": [[name.decode("latin-1"), value.decode("latin-1")] for name, value in scope["headers"]],
        "body": None if kept is None else base64.b64encode(kept).decode(),
        "size": body.size,
        "status": status[0] if status else None,
    }
    return json.dumps(record).encode() + b"\n"
