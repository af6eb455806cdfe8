"""The temporary credentials of roles: who signs with them, and their way to the disk.

ministack makes them (STS AssumeRole) and keeps them in memory only. A worker's would be gone after a restart of the local cloud.
"""

import hmac
import time

from ministack.core.persistence import load_state
from ministack.services import sts

from .refusal import Refusal

# The name of the file of the state.
STATE = "sessions"

# Seconds for which credentials are known after their end, so that their owner is told so.
_REMEMBERED = 86_400


def install():
    """ministack forgets credentials that have ended at once; AWS says so for a while."""
    sts._evict_expired_sessions = _forget_old


def _forget_old():
    limit = time.time() - _REMEMBERED
    for key in [key for key, session in sts._sessions.items() if session["Expiration"] < limit]:
        del sts._sessions[key]


def secret_of(access_key_id, token):
    """The secret that signs for the credentials of a session, or None where there are none. Raises Refusal."""
    session = sts._sessions.get(access_key_id)
    if session is None:
        return None
    if not hmac.compare_digest(session["SessionToken"].encode(), token.encode("utf-8", "replace")):
        raise Refusal(400, "InvalidToken", "The provided token is malformed or otherwise invalid.")
    if session["Expiration"] <= time.time():
        raise Refusal(400, "ExpiredToken", "The provided token has expired.")
    return session["SecretAccessKey"]


def get_state():
    return {"sessions": sts._sessions}


def load():
    data = load_state(STATE)
    if data is not None:
        sts._sessions.update(data["sessions"])
