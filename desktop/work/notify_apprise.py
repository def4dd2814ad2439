"""Apprise carries messages to mail, Slack, Teams, webhooks and a hundred other services: its only home."""

import logging
import re
import sys
import threading
from types import ModuleType
from typing import Any

from desktop.core.errors import ShotDockError, Unsupported, UsageError
from desktop.core.redaction import redact, register_secret
from desktop.work.notify_wire import Wire

EXAMPLES = "slack://TokenA/TokenB/TokenC, mailto://user:password@studio.example, jsons://host/path for a webhook"
_SECRET = 8
"""Letters from which on a part of an address may be a token; shorter ones are ports and names."""

_CALLS = re.compile(r"@(?=(?:everyone|here|channel|all)\b)|<(?=[@!#])", re.I)
"""What calls a whole channel together in Discord, Slack and the like: files and folders may be called so."""
_JOINER = "\N{WORD JOINER}"

_KINDS = {
    **dict.fromkeys(("mailto", "mailtos"), "Mail"),
    **dict.fromkeys(("msteams", "workflow", "workflows"), "Teams"),
    **dict.fromkeys(("json", "jsons", "xml", "xmls", "form", "forms"), "Webhook"),
}

_one_at_a_time = threading.Lock()
"""What a service says is read from Apprise's own log, which all services share."""


def check(name: str, url: str) -> None:
    """Raise UsageError unless a message could be sent to the address; nothing is sent."""
    with _one_at_a_time:
        _service(_apprise(), name, url)


def send(name: str, url: str, title: str, body: str, failed: bool) -> None:
    """Send a message; raise ShotDockError in words if the service did not take it.

    Takes as long as the service takes, some seconds at most.
    """
    with _one_at_a_time:
        sent, words = _try(_apprise(), name, url, title, body, failed)
    if not sent:
        raise ShotDockError(
            title=f"The service {name} was not told.",
            cause=redact(" ".join(words.split())) or "It did not say why.",
            suggestion=f"See whether it can be reached, and try: shotdock notify test {name}",
            path=name,
        )


def _try(apprise: ModuleType, name: str, url: str, title: str, body: str, failed: bool) -> tuple[bool, str]:
    """Send; return whether the service took it, and what was said about it."""
    carrier = apprise.Apprise()
    carrier.add(_service(apprise, name, url))
    title, body = (_CALLS.sub(rf"\g<0>{_JOINER}", text) for text in (title, body))
    kind = apprise.NotifyType.FAILURE if failed else apprise.NotifyType.SUCCESS
    with apprise.LogCapture(level=logging.WARNING, fmt="%(message)s") as said:
        try:
            # As text, which a service that takes HTML gets escaped.
            sent = bool(carrier.notify(title=title, body=body, notify_type=kind, body_format=apprise.NotifyFormat.TEXT))
        except (OSError, TypeError, ValueError) as error:
            return False, f"{type(error).__name__}: {error}"
        return sent, said.getvalue()


def hide(url: str) -> None:
    """Have no part of the address that may be a secret appear in a log."""
    register_secret(url)
    for part in re.split(r"[/:@?&=]+", url.partition("://")[2])[1:]:
        if len(part) >= _SECRET and not re.fullmatch(r"[\d.]+|[a-z.-]+\.[a-z]+", part):
            register_secret(part)


def kind(url: str) -> str:
    """Return in a word what an address leads to, and nothing else of it."""
    scheme = url.partition("://")[0].lower()
    return _KINDS.get(scheme, scheme.capitalize())


def _service(apprise: ModuleType, name: str, url: str) -> Any:
    hide(url)
    with apprise.LogCapture(level=logging.WARNING, fmt="%(message)s") as said:
        service = apprise.Apprise.instantiate(url)
        words = said.getvalue()
    if service is None:
        raise UsageError(
            title=f"The address of {name} is none that a message can be sent to.",
            cause=redact(" ".join(words.split())),
            suggestion=f"Write it as Apprise does: {EXAMPLES}.",
        )
    plugin = sys.modules[type(service).__module__]
    if isinstance(requests := getattr(plugin, "requests", None), ModuleType):
        plugin.requests = Wire(requests)  # type: ignore[attr-defined]  # plugins have it, modules in general do not
    return service


def _apprise() -> ModuleType:
    try:
        import apprise
    except ImportError as error:
        raise Unsupported(
            title="Messages to other services cannot be sent: Apprise is not installed.",
            cause=f"{error}.",
            suggestion="Install it with: pip install 'shotdock[notify]'",
        ) from None
    module: ModuleType = apprise
    return module
