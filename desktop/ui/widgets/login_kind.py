"""How to log in to a web server: nothing, a bearer token, a cookie - or, where it is offered, a user."""

from PySide6.QtWidgets import QComboBox

NONE, TOKEN, COOKIE, USER = "none", "token", "cookie", "user"
_WORDS = {NONE: "No login", TOKEN: "Bearer token", COOKIE: "Cookie", USER: "User and password"}
_HINTS = {TOKEN: "the token alone", COOKIE: "name=value"}


class LoginKind(QComboBox):
    """The choice, and how it spells a secret."""

    def __init__(self, *kinds: str) -> None:
        super().__init__()
        self.setAccessibleName("Login")
        for kind in kinds:
            self.addItem(_WORDS[kind], kind)

    def kind(self) -> str:
        """Return what is chosen."""
        return str(self.currentData())

    def choose(self, kind: str) -> None:
        """Choose."""
        self.setCurrentIndex(max(0, self.findData(kind)))

    def hint(self) -> str:
        """Return how the secret is to be written."""
        return _HINTS.get(self.kind(), "")

    def spelled(self, text: str) -> str | None:
        """Return the secret as a web connection keeps it; None if there is none."""
        text = text.strip()
        if not text or self.kind() == NONE:
            return None
        if self.kind() == COOKIE:
            return text if text.lower().startswith("cookie:") else f"Cookie: {text}"
        return text.removeprefix("Bearer ") if self.kind() == TOKEN else text
