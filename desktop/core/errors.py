"""What can go wrong, and what to do next.

    ShotDockError
      Retry                     a passing fault: try again, soon, from the byte reached
        ConnectionLost            the line broke, or the server hung up in mid-transfer
        TimedOut                  no byte for too long
        Truncated                 fewer or more bytes than the server promised
          Overlong                  more: what came before them is not kept either
        RemoteChanged             the file changed while or since it was read: start it over
        Corrupted                 the bytes do not match their hash
      Wait                      the other side or the disk needs time
        ServerBusy                too many connections, 421, 429, 503 (carries retry_after)
        StillUploading            the file is still being written on the server
        DiskFull                  no space, no quota, no inodes on the target
        FileInUse                 another program holds the target
        DatabaseBusy              another program holds the database
      Ask                       a person has to decide
        Unreachable               no such host, refused, or no answer at all
        LoginFailed               wrong user, password, key or token
          KeyLocked               a private key that its passphrase does not open, or none was given (carries key)
        HostKeyUnknown            a server never seen before (carries host, fingerprint, key)
        HostKeyChanged            a known server shows another key or certificate: hard stop
        NotEncrypted              a password would go over the line in clear, and nobody agreed to that (carries origin)
        ConflictAsked             the target changed since the plan and the strategy has no answer
        NoSecretStore             the system has no keyring to keep a password in
      Stop                      trying again will not help
        NotFound                  no such file, folder, shot or connection
          RootMissing               the folder a connection's shots should lie under is not there
        VersionNotAvailable       this shot has no such version
        NotAllowed                permission denied, there or here
        HostileName               a name from the server that would leave the target folder
        NameTooLong               a name or path the local file system cannot hold
        NotTheFile                something else came instead: a login page, an error document
        BadArchive                an archive that is damaged, or made to do harm: nothing of it is unpacked
        IncompleteResultsError    a job's results lack what makes them whole (carries missing)
        TargetUnwritable          the destination cannot be written
        Unsupported               the server cannot do what is needed
        UsageError                wrong options, settings, layout file (exit status 2)
          NoShots                   the tree is empty, or the layout recognises nothing in it
        NewerDatabase             the database was written by a newer ShotDock
        DatabaseDamaged           the database cannot be read
      Stopped                   not an error: someone pressed pause or cancel

Every member answers "what next?" through `next_step` and carries a title (what happened), a cause
(with numbers), a suggestion (what to do) and the path concerned. Foreign exceptions become members at
the border, in one context manager per library.
"""

from enum import StrEnum
from pathlib import Path
from typing import ClassVar


class NextStep(StrEnum):
    """What the engine does after an error."""

    RETRY = "retry"
    WAIT = "wait"
    ASK = "ask"
    STOP = "stop"


class ShotDockError(Exception):
    """An error in words a person can act on.

    title: what happened, one sentence. cause: why, with numbers. suggestion: what to do.
    path: the file, folder or host concerned, or "".
    """

    kind: ClassVar[str] = "error"
    next_step: ClassVar[NextStep] = NextStep.STOP

    def __init__(self, title: str, cause: str = "", suggestion: str = "", path: str = "") -> None:
        super().__init__(title)
        self.title = title
        self.cause = cause
        self.suggestion = suggestion
        self.path = path

    def __str__(self) -> str:
        return " ".join(part for part in (self.title, self.cause, self.suggestion) if part)

    @property
    def retryable(self) -> bool:
        """True if the same request may succeed later without a person's help."""
        return self.next_step in (NextStep.RETRY, NextStep.WAIT)

    def as_dict(self) -> dict[str, object]:
        """Return the error as CLI.md's `errors` rows spell it."""
        return {
            "path": self.path,
            "kind": self.kind,
            "title": self.title,
            "cause": self.cause,
            "suggestion": self.suggestion,
            "retryable": self.retryable,
        }


class Retry(ShotDockError):
    """A passing fault."""

    next_step = NextStep.RETRY


class ConnectionLost(Retry):
    """The line broke, or the server hung up in mid-transfer."""

    kind = "connection-lost"


class TimedOut(Retry):
    """No byte arrived for too long."""

    kind = "timed-out"


class Truncated(Retry):
    """Fewer or more bytes arrived than the server promised."""

    kind = "truncated"


class Overlong(Truncated):
    """More bytes arrived than there are: those before them need not be what was asked for either."""


class RemoteChanged(Retry):
    """The file changed on the server while, or since, part of it was read."""

    kind = "remote-changed"


class Corrupted(Retry):
    """The bytes do not match their hash."""

    kind = "corrupted"


class Wait(ShotDockError):
    """The other side, or the disk, needs time."""

    next_step = NextStep.WAIT


class ServerBusy(Wait):
    """The server turned a connection or request away for now; retry_after is in seconds, if it said."""

    kind = "server-busy"

    def __init__(
        self,
        title: str,
        cause: str = "",
        suggestion: str = "",
        path: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(title, cause, suggestion, path)
        self.retry_after = retry_after


class StillUploading(Wait):
    """The file is still being written on the server."""

    kind = "still-uploading"


class DiskFull(Wait):
    """No space, quota or inodes are left on the target."""

    kind = "disk-full"


class FileInUse(Wait):
    """Another program holds the target file."""

    kind = "file-in-use"


class DatabaseBusy(Wait):
    """Another program holds the database; nothing was read or written."""

    kind = "database-busy"


class Ask(ShotDockError):
    """A person has to decide."""

    next_step = NextStep.ASK


class Unreachable(Ask):
    """There is no such host, it refused, or it never answered."""

    kind = "unreachable"


class LoginFailed(Ask):
    """The server did not accept the user, password, key or token."""

    kind = "login-failed"


class KeyLocked(LoginFailed):
    """A private key file is encrypted: no passphrase was given (wrong is False), or one that does not open it.

    key: the file.
    """

    def __init__(
        self,
        title: str,
        cause: str = "",
        suggestion: str = "",
        path: str = "",
        key: Path = Path(),
        wrong: bool = False,
    ) -> None:
        super().__init__(title, cause, suggestion, path)
        self.key = key
        self.wrong = wrong


class HostKeyUnknown(Ask):
    """A server never seen before; nothing was sent to it yet but the greeting.

    host: "name" or "[name]:port" as known-hosts files spell it. fingerprint: "SHA256:..." as OpenSSH
    prints it. key: what to remember to trust it: a known-hosts line, or a certificate's SHA-256.
    """

    kind = "host-key-unknown"

    def __init__(
        self,
        title: str,
        cause: str = "",
        suggestion: str = "",
        path: str = "",
        host: str = "",
        fingerprint: str = "",
        key: str = "",
    ) -> None:
        super().__init__(title, cause, suggestion, path)
        self.host = host
        self.fingerprint = fingerprint
        self.key = key


class HostKeyChanged(HostKeyUnknown):
    """A known server shows another key or certificate: a hard stop."""

    kind = "host-key-changed"


class NotEncrypted(Ask):
    """A password would go over the line for anybody to read, and nobody has agreed to that; nothing was sent.

    origin: whose, e.g. "ftp://ann@host", as the agreement is remembered.
    """

    kind = "not-encrypted"

    def __init__(self, title: str, cause: str = "", suggestion: str = "", path: str = "", origin: str = "") -> None:
        super().__init__(title, cause, suggestion, path)
        self.origin = origin


class ConflictAsked(Ask):
    """The target changed since the plan, and the strategy has no answer for what is there now."""

    kind = "conflict"


class NoSecretStore(Ask):
    """The system has no keyring to keep a secret in."""

    kind = "no-secret-store"


class Stop(ShotDockError):
    """Trying again will not help."""


class NotFound(Stop):
    """No such file, folder, shot, task or connection."""

    kind = "not-found"


class RootMissing(NotFound):
    """The folder a connection's shots should lie under is not there: the connection is set up wrongly."""


class VersionNotAvailable(Stop):
    """This shot has no such version; the message names the available ones."""

    kind = "version-not-available"


class NotAllowed(Stop):
    """Permission was denied, on the server or here."""

    kind = "not-allowed"


class HostileName(Stop):
    """A name from the server that would leave the target folder, or that no file may bear."""

    kind = "hostile-name"


class NameTooLong(Stop):
    """A name or path the local file system cannot hold."""

    kind = "name-too-long"


class NotTheFile(Stop):
    """Something else came instead of the file: a login page, an error document."""

    kind = "not-the-file"


class BadArchive(Stop):
    """An archive that is damaged, cut short, or made to do harm; nothing of it is unpacked."""

    kind = "bad-archive"


class IncompleteResultsError(Stop):
    """A job's results lack what makes them whole.

    missing: what is not there, an item each, as paths below the results' folder.
    """

    kind = "incomplete-results"

    def __init__(
        self,
        title: str,
        cause: str = "",
        suggestion: str = "",
        path: str = "",
        missing: tuple[str, ...] = (),
    ) -> None:
        super().__init__(title, cause, suggestion, path)
        self.missing = missing


class TargetUnwritable(Stop):
    """The destination cannot be written."""

    kind = "target-unwritable"


class Unsupported(Stop):
    """The server cannot do what is needed."""

    kind = "unsupported"


class UsageError(Stop):
    """Wrong options, settings or layout file; nothing was touched."""

    kind = "usage"


class NoShots(UsageError):
    """The tree below a connection's root is empty, or its layout recognises nothing there."""

    kind = "no-shots"


class NewerDatabase(UsageError):
    """The database was written by a newer ShotDock."""

    kind = "newer-database"


class DatabaseDamaged(UsageError):
    """The database cannot be read; it is left as it is."""

    kind = "database-damaged"


class Stopped(Exception):
    """Someone pressed pause or cancel: unwind quietly, keep what is durable."""
