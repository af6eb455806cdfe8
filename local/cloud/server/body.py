"""Checks a request's body against its signature."""

import hashlib
import hmac

from .refusal import Refusal
from .sigv4 import verify_chunks

# Maximum bytes of a request of DynamoDB, IAM or STS. DynamoDB itself accepts 16 MB.
SMALL = 20 * 1024 * 1024

MISMATCH = Refusal(
    400, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed."
)


class Source:
    """`receive` of the server, which knows the end of the request: another call would wait for the connection's end."""

    def __init__(self, receive):
        self._receive = receive
        self.ended = False

    async def __call__(self):
        message = await self._receive()
        if not message.get("more_body", False):
            self.ended = True
        return message


async def read(receive, limit=SMALL):
    """The whole body of a request."""
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Refusal(400, "IncompleteBody", "The request ended before its body.")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise Refusal(413, "EntityTooLarge", f"The request is longer than {limit} bytes.")
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


def replay(body, receive):
    """`receive` for an application, with a body that was already read."""
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again():
        return messages.pop() if messages else await receive()

    return receive_again


class Checked:
    """`receive` for an application that reads the whole body before it acts. A body that does not match ends as if the
    client had disconnected, so that it has no effect, and `refusal` has the reason."""

    refusal = None

    def __init__(self, receive):
        self._receive = receive
        self._ended = False

    async def __call__(self):
        message = await self._receive()
        if self._ended or message["type"] != "http.request":
            return message
        self._take(message.get("body", b""))
        if message.get("more_body", False):
            return message
        self._ended = True
        if self._matches():
            return message
        self.refusal = MISMATCH
        return {"type": "http.disconnect"}

    def _take(self, chunk):
        raise NotImplementedError

    def _matches(self):
        raise NotImplementedError


class Hashed(Checked):
    """A body whose SHA-256 is signed."""

    def __init__(self, receive, expected):
        super().__init__(receive)
        self._expected, self._digest = expected, hashlib.sha256()

    def _take(self, chunk):
        self._digest.update(chunk)

    def _matches(self):
        return hmac.compare_digest(self._digest.hexdigest(), self._expected)


class SignedChunks(Checked):
    """A body in chunks, each of which is signed."""

    def __init__(self, receive, claim, key, with_trailer):
        super().__init__(receive)
        self._claim, self._key, self._with_trailer, self._chunks = claim, key, with_trailer, []

    def _take(self, chunk):
        self._chunks.append(chunk)

    def _matches(self):
        body, self._chunks = b"".join(self._chunks), []
        return verify_chunks(body, self._claim, self._key, self._with_trailer)
