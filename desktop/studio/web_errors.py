"""What can go wrong in a conversation with an API, in our words; the one border of requests."""

import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests
from urllib3 import exceptions as urllib3_errors

from desktop.core.connection import DEFAULT_PORTS
from desktop.core.errors import (
    LoginFailed,
    NotAllowed,
    NotFound,
    NotTheFile,
    ServerBusy,
    ShotDockError,
    TimedOut,
    Truncated,
    Unreachable,
)
from desktop.transfer.dial import dial
from desktop.transfer.pins import changed_certificate, digest_of, place_of, read_pins
from desktop.transfer.ports import Site
from desktop.transfer.sources.http_errors import converted as on_the_line
from desktop.transfer.sources.http_errors import lost, parse_retry_after
from desktop.transfer.tls import Guard, pinning_context, tls_error


@contextmanager
def converted(site: Site, place: str) -> Iterator[None]:
    """Turn what requests raises about a conversation with the site into our errors."""
    try:
        yield
    except requests.exceptions.SSLError as error:
        raise _untrusted(error, site, place) from error
    except requests.exceptions.Timeout as error:
        raise _silent(place) from error
    except requests.exceptions.ConnectionError as error:
        raise _unconnected(error, place) from error
    except requests.exceptions.RequestException as error:
        # ChunkedEncodingError, ContentDecodingError, InvalidHeader: the answer makes no sense or broke off.
        raise lost(place, f"Its answer cannot be read ({type(error).__name__}).") from error


def answer_error(
    status: int, headers: Mapping[str, str], body: bytes, data: Any, place: str, path: str
) -> ShotDockError:
    """Return what an API's answer means that is not the one wanted. data: its JSON, or None.

    path: what was asked for; only what is missing is a matter of it, everything else is the server's.
    """
    said = words_of(data)
    cause = f"It answered {status}" + (f": {said.rstrip('.')}." if said else ".")
    if status == 401:
        return LoginFailed(f"{place} wants a login.", cause, "Check the token in the server's settings.", place)
    if status == 403:
        return NotAllowed(f"{place} does not let you in.", cause, "Ask your administrator for access.", place)
    if status in (404, 410):
        return NotFound(said or f"{place} does not know this.", cause, "It may have been removed; refresh.", path)
    if status in (429, 503):
        wait = parse_retry_after(headers.get("retry-after"), time.time())
        return ServerBusy(f"{place} is busy.", cause, "It will be asked again shortly.", place, wait)
    if status >= 500 or status == 408:
        return Truncated(f"{place} has a fault of its own.", cause, "Try again in a minute.", place)
    if 200 <= status < 300:
        kind = headers.get("content-type", "nothing").partition(";")[0]
        page = "html" in kind.lower() or b"<html" in body[:512].lower() or b"<!doctype html" in body[:512].lower()
        what = "a web page, as login and error pages are" if page else f"{kind}, not JSON"
        return NotTheFile(
            f"{place} does not answer as this API should.",
            f"It sent {what}.",
            "Check the server's address and login.",
            place,
        )
    return NotAllowed(f"{place} refuses the question.", cause, "Check what was asked for.", place)


def words_of(data: Any) -> str:
    """Return what an API's JSON says in words: its detail, message or error, on one line, or ""."""
    for _ in range(3):
        if isinstance(data, dict):
            data = next((data[key] for key in ("detail", "message", "error") if data.get(key)), None)
    text = data if isinstance(data, str) else ""
    return "".join(char if char.isprintable() else " " for char in text)[:300].strip()


def _silent(place: str) -> TimedOut:
    return TimedOut(f"{place} stopped answering.", "No byte came for the time allowed.", "Try again.", place)


def _unconnected(error: requests.exceptions.ConnectionError, place: str) -> ShotDockError:
    """Tell a server that cannot be reached from a line that broke."""
    reason = error.args[0] if error.args else None
    reason = getattr(reason, "reason", reason)
    if isinstance(reason, urllib3_errors.ReadTimeoutError):
        return _silent(place)
    return lost(place, "The server hung up.")


def _untrusted(error: requests.exceptions.SSLError, site: Site, place: str) -> ShotDockError:
    """Return the question about a certificate nobody vouches for, or what else went wrong under TLS.

    A failed handshake does not hand the certificate out: looking at it takes another connection.
    """
    host, port = site.address.host, site.address.port or DEFAULT_PORTS[site.address.protocol] or 443
    inner: BaseException | None = error
    seen = []
    while inner is not None and inner not in seen:
        seen.append(inner)
        if isinstance(inner, ssl.SSLCertVerificationError):
            return _doubtful(inner, site, host, port)
        reason = getattr(inner, "reason", None)
        args = [arg for arg in inner.args if isinstance(arg, BaseException)]
        inner = reason if isinstance(reason, BaseException) else args[0] if args else inner.__cause__
    pin = read_pins(site.trust.certificates).get(place_of(host, port))
    if pin is not None:
        return _changed(site, host, port, pin)
    last = seen[-1]
    return tls_error(last if isinstance(last, ssl.SSLError) else ssl.SSLError(str(last)), place)


def _doubtful(doubt: ssl.SSLCertVerificationError, site: Site, host: str, port: int) -> ShotDockError:
    place = place_of(host, port)
    guard = Guard(host, port, site.trust)
    guard.doubts(doubt)
    try:
        with on_the_line(place), dial(host, port, site.connect_timeout, lambda: False) as sock:
            guard.secure(sock).close()
    except ShotDockError as question:
        return question
    return Unreachable(
        title=f"The certificate of {place} was not trusted a moment ago, and is now.",
        suggestion="Try again.",
        path=place,
    )


def _changed(site: Site, host: str, port: int, pin: str) -> ShotDockError:
    place = place_of(host, port)
    try:
        with (
            on_the_line(place),
            dial(host, port, site.connect_timeout, lambda: False) as sock,
            pinning_context().wrap_socket(sock, server_hostname=host) as secured,
        ):
            shown = digest_of(secured.getpeercert(binary_form=True) or b"")
    except ShotDockError as error:
        return error
    return changed_certificate(place, pin, shown)
