"""Signed links to a storage: what S3's presigned URLs are, in small."""

import hashlib
import hmac
import math
import secrets
import time
from http import HTTPStatus

from desktop.demo.web import Answer, Request, plain

LIFE = 3600.0


class Links:
    """Signs paths and judges what comes back. life: seconds a new link lives, 0 for none."""

    def __init__(self) -> None:
        self.life = LIFE
        self._keys = [secrets.token_bytes(32)]

    def sign(self, path: str) -> str:
        """Return the quoted path with a query that lets it be got, and nothing else, for a while."""
        expires = str(math.ceil(time.time() + self.life))
        return f"{path}?expires={expires}&signature={_signature(self._keys[-1], 'GET', path, expires)}"

    def expire(self) -> None:
        """Expire every link given so far."""
        self._keys.append(secrets.token_bytes(32))

    def refusal(self, asked: Request) -> Answer | None:
        """Return what a storage says to a link that is not good, None to one that is."""
        expires, given = asked.query.get("expires", ""), asked.query.get("signature", "")
        if not expires or not given:
            return refused("AccessDenied", "Access Denied")
        good = [_signature(key, asked.method, asked.path, expires) for key in self._keys]
        if not any(hmac.compare_digest(one.encode(), given.encode()) for one in good):
            return refused("SignatureDoesNotMatch", "The request signature we calculated does not match.")
        if given != good[-1] or int(expires) <= time.time():
            return refused("AccessDenied", "Request has expired")
        return None


def refused(code: str, message: str, status: HTTPStatus = HTTPStatus.FORBIDDEN) -> Answer:
    """Return an error as S3 words it."""
    xml = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Answer(status, xml.encode(), "application/xml")


def _signature(key: bytes, method: str, path: str, expires: str) -> str:
    # The path unquoted: clients may quote it otherwise than it was.
    return hmac.new(key, f"{method}\n{plain(path)}\n{expires}".encode(), hashlib.sha256).hexdigest()
