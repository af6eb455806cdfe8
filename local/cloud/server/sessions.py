"""The temporary credentials of roles: their secrets, and their storage.

ministack creates them (STS AssumeRole) and keeps them in memory only. A worker's would be lost after a restart of the
local cloud."""

import hmac
import time

from ministack.core.persistence import load_state
from ministack.services import sts

from .refusal import Refusal

# The name of the state file.
STATE = "sessions"

# Seconds for which expired credentials are still known, so that their owner gets the right error.
_REMEMBERED = 86_400


def install():
    """ministack drops expired credentials at once; AWS reports them as expired for some time."""
    sts._evict_expired_sessions = _forget_old


def _forget_old():
    limit = time.time() - _REMEMBERED
    for key in [key for key, session in sts._sessions.items() if session["Expiration"] < limit]:
        del sts._sessions[key]


def secret_of(access_key_id, token):
    """The secret of a session's credentials, or None if there is none. Raises Refusal."""
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
