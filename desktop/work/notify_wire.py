"""What services are asked over: no redirects, and an answer that is short and soon over, or none."""

import io
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

LONGEST = 20.0
"""Seconds until a service has answered, or is given up: a socket's own limit begins anew with each byte."""
MOST = 1 << 20
"""Bytes of an answer that are read; what a service says of a message is short."""
_VERBS = ("delete", "get", "post", "put", "request")


def _nobody(request: Any) -> Any:
    return request


class Wire:
    """Stands where Apprise's plugins have the module `requests`, and gives them everything else of it.

    A message goes to the address that was written down: what a server would send it on to, which may be this machine or
    one behind its firewall, is nobody's wish, and a secret is not to go there.
    """

    def __init__(self, requests: Any) -> None:
        """Take the module to stand for."""
        self._requests = requests

    def __getattr__(self, name: str) -> Any:
        """Return what the module has, its verbs with bounds."""
        found = getattr(self._requests, name)
        return partial(self._ask, name) if name in _VERBS else found

    def _ask(self, verb: str, *arguments: Any, **options: Any) -> Any:
        until = time.monotonic() + LONGEST
        with self._requests.Session() as session:
            # Even those that are not followed would be looked at, and their bodies read to the end.
            session.get_redirect_target = lambda _answer: None
            # Whoever has a way to say who he is does not get what ~/.netrc holds for the host, and proxies stay.
            session.auth = _nobody
            answer = self._head(partial(getattr(session, verb), *arguments, **{**options, "stream": True}))
            body = bytearray()
            with answer.raw as raw:
                try:
                    # As much as there is each time, for one that sends a byte now and then.
                    while len(body) < MOST and time.monotonic() < until and (got := raw.read1(MOST, True)):
                        body += got
                except (OSError, self._requests.packages.urllib3.exceptions.HTTPError):
                    pass  # It took the message, or did not, before it began to explain.
            answer.raw = io.BytesIO(body[:MOST])
        return answer

    def _head(self, ask: Callable[[], Any]) -> Any:
        """Ask on a thread of its own, which can be left alone with a server that never comes to an end."""
        answers: list[Any] = []

        def wait() -> None:
            try:
                answers.append(ask())
            except (OSError, ValueError, TypeError) as error:  # requests' own are OSErrors
                answers.append(error)

        thread = threading.Thread(target=wait, name="notify", daemon=True)
        thread.start()
        thread.join(LONGEST)
        if not answers:
            raise self._requests.exceptions.ReadTimeout(f"no answer within {LONGEST:.0f} s")
        if isinstance(answers[0], BaseException):
            raise answers[0]
        return answers[0]
