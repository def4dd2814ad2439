"""Take secrets out of a text before anyone keeps or shows it; the one place that knows what a secret looks like."""

import re
import threading
from urllib.parse import quote, quote_plus

HIDDEN = "***"

_SHORTEST = 4
"""Registered secrets shorter than this are hidden only where they stand alone, or every log would be stars."""

_QUERY_KEYS = (
    r"x-(?:amz|goog)-(?:signature|credential|security-token)|signature|sig|se?cret|\w*token|api[_-]?key|"
    r"awsaccesskeyid|googleaccessid|key-pair-id|policy|passw(?:or)?d|passphrase"
)
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # A password in a URL; greedy to the last "@" before the path, for passwords with an "@" in them. No scheme is as
    # long as what a server may send: without an end each "a-" of its "a-a-a-..." would be looked through to the last.
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]{0,30}://[^\s/:@]*):[^\s/]+@"), rf"\1:{HIDDEN}@"),
    (re.compile(rf"(?i)([?&;](?:{_QUERY_KEYS})=)[^&;\s\"'<>#]+"), rf"\1{HIDDEN}"),
    # A signature out of its query, as a storage's error quotes it.
    (re.compile(r"(?i)\b(x-(?:amz|goog)-(?:signature|credential|security-token)=)[^&;\s\"'<>#]+"), rf"\1{HIDDEN}"),
    # Headers, as a dict shows them and as a line.
    (
        re.compile(
            r"(?i)(\b(?:proxy-)?authorization|\b(?:set-)?cookie|\bx-api-key|\bx-auth-token)"
            r"((?-i:b)?[\"']?\s*[:=]\s*(?-i:b(?=[\"']))?)(?:\"[^\"]*\"|'[^']*'|(?!b?\*{3})[^\s\"'][^\r\n]*)"
        ),
        rf"\1\2{HIDDEN}",
    ),
    (re.compile(r"(?i)\b(bearer|basic)\s+[a-z0-9._~+/-]{8,}=*"), rf"\1 {HIDDEN}"),
    # `"password": "..."`, `password=...` as JSON, TOML and reprs spell it.
    (
        re.compile(r"(?i)\b((?:\w*password|passphrase|\w*token|secret)[\"']?\s*[:=]\s*)(\"[^\"]*\"|'[^']*')"),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"\bPASS [^\s]+"), f"PASS {HIDDEN}"),  # FTP's command line
)


class _Secrets:
    """The registered secrets, as one pattern that threads read without a lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: set[str] = set()
        self.pattern: re.Pattern[str] | None = None

    def add(self, secret: str) -> None:
        with self._lock:
            self._known |= {secret, quote(secret, safe=""), quote(secret), quote_plus(secret)}
            longest_first = sorted(self._known, key=len, reverse=True)
            self.pattern = re.compile("|".join(map(_spelled, longest_first)))


def _spelled(secret: str) -> str:
    literal = re.escape(secret)
    return literal if len(secret) >= _SHORTEST else rf"(?<!\w){literal}(?!\w)"


_secrets = _Secrets()


def register_secret(value: str) -> None:
    """Hide this string wherever it would be logged, also percent-encoded, for the rest of the run.

    Of a whole `Cookie: name=value; ...` each value is hidden, too: a server that repeats them leaves the header out.
    """
    if not value:
        return
    _secrets.add(value)
    header, colon, cookies = value.partition(":")
    if colon and header.strip().lower() == "cookie":
        for cookie in cookies.split(";"):
            if found := cookie.partition("=")[2].strip():
                _secrets.add(found)


def redact(text: str) -> str:
    """Return the text without secrets: URL passwords, signed queries, tokens, headers, registered strings."""
    if not text:
        return text
    if _secrets.pattern is not None:
        text = _secrets.pattern.sub(HIDDEN, text)
    for pattern, shown in _PATTERNS:
        text = pattern.sub(shown, text)
    return text
