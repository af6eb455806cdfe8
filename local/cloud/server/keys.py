"""The access key of the local cloud, and its derived keys."""

import hashlib
import hmac
import re

_ACCOUNT = re.compile(r"[0-9]{12}")


class Keys:
    """One key for the account 000000000000. An access key ID of 12 digits stands for that account, with a derived secret."""

    def __init__(self, text):
        """`text` is ID:SECRET."""
        self.access_key_id, colon, self._secret = text.partition(":")
        if not colon or len(self.access_key_id) < 16 or len(self._secret) < 32:
            raise ValueError("the access key of the local cloud is missing or too short")

    def secret_of(self, access_key_id):
        """The secret of an access key ID, or None if there is no such key."""
        if hmac.compare_digest(access_key_id.encode(), self.access_key_id.encode()):
            return self._secret
        if _ACCOUNT.fullmatch(access_key_id):
            return self._mac(f"account {access_key_id}")
        return None

    def proof(self, side, port, nonce, pid=0):
        """Proves knowledge of the secret to the other side. `side` is "client" or "server", so that neither proof is
        valid for the other."""
        return self._mac(f"proof {side} {port} {pid} {nonce}")

    def _mac(self, text):
        return hmac.new(self._secret.encode(), f"spawn local cloud: {text}".encode(), hashlib.sha256).hexdigest()
