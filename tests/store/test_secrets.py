"""Secrets go to the system's keyring, or nowhere."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop.core.errors import NoSecretStore
from desktop.core.redaction import redact
from desktop.store import secrets

ORIGIN = "sftp://ann@render.example:2222"


def test_without_a_keyring_it_says_so_in_words() -> None:
    attempts: list[Callable[[], object]] = [
        lambda: secrets.set(ORIGIN, "sentinel-0"),
        lambda: secrets.get(ORIGIN),
        lambda: secrets.delete(ORIGIN),
    ]
    for attempt in attempts:
        with pytest.raises(NoSecretStore, match="no keyring") as caught:
            attempt()
        assert caught.value.path == ORIGIN
        assert "key file" in caught.value.suggestion
        assert "sentinel" not in str(caught.value)


@pytest.mark.usefixtures("memory_keyring")
def test_secrets_are_kept_by_origin() -> None:
    assert secrets.get(ORIGIN) is None
    secrets.set(ORIGIN, "first sentinel")
    secrets.set(ORIGIN, "pass wörd 123")
    secrets.set("ftp://bob@host", "other sentinel")
    assert secrets.get(ORIGIN) == "pass wörd 123"
    secrets.delete(ORIGIN)
    secrets.delete(ORIGIN)
    assert secrets.get(ORIGIN) is None
    assert secrets.get("ftp://bob@host") == "other sentinel"


@pytest.mark.usefixtures("memory_keyring")
def test_a_secret_is_hidden_from_then_on() -> None:
    secrets.set(ORIGIN, "sentinel/of the keyring")
    assert redact("login with sentinel/of the keyring") == "login with ***"
    assert "sentinel" not in redact("sftp://ann@h/?p=sentinel%2Fof%20the%20keyring")


def test_the_keyring_library_is_loaded_only_when_asked_for() -> None:
    code = "import sys, desktop.store.secrets; print('keyring' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"


PLAINTEXT = """
from pathlib import Path
from keyring.backend import KeyringBackend
class PlaintextKeyring(KeyringBackend):
    priority = 0.5
    def get_password(self, service, username): return None
    def set_password(self, service, username, password): Path("secrets.cfg").write_text(password)
    def delete_password(self, service, username): Path("secrets.cfg").unlink()
"""

TRIED = """
from desktop.core.errors import NoSecretStore
from desktop.store import secrets
for attempt in (lambda: secrets.set("ftp://ann@h", "sentinel"), lambda: secrets.get("ftp://ann@h")):
    try:
        attempt()
    except NoSecretStore as error:
        print(error.title)
"""


@pytest.mark.parametrize("chosen", [True, False], ids=["chosen", "found"])
def test_a_backend_that_writes_files_is_no_keyring(tmp_path: Path, chosen: bool) -> None:
    """keyrings.alt is what the library falls back to where it is installed and no real keyring answers."""
    package = tmp_path / "keyrings" / "alt"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "file.py").write_text(PLAINTEXT)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), str(Path(__file__).parents[2])))}
    environment["PYTHON_KEYRING_BACKEND"] = "keyrings.alt.file.PlaintextKeyring"
    code = TRIED
    if not chosen:
        del environment["PYTHON_KEYRING_BACKEND"]
        # What the library would choose by itself depends on the machine: here two of them, one behind the other.
        chain = "import keyring, keyring.backends.chainer as c; from keyrings.alt.file import PlaintextKeyring as P\n"
        code = f"{chain}keyring.set_keyring(type('C', (c.ChainerBackend,), {{'backends': [P(), P()]}})()){TRIED}"
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=environment, check=False
    )
    assert said.returncode == 0, said.stderr
    assert said.stdout.splitlines() == ["This system has no keyring to keep a password in."] * 2
    assert not (tmp_path / "secrets.cfg").exists()


REAL = """
from desktop.store import secrets
origin = "sftp://ann@render.example"
assert secrets.get(origin) is None
secrets.set(origin, "pass wörd")
assert secrets.get(origin) == "pass wörd"
import keyring
assert keyring.get_password("ShotDock", origin) == "pass wörd"
assert "SecretService" in type(keyring.get_keyring()).__module__, keyring.get_keyring()
secrets.delete(origin)
secrets.delete(origin)
assert secrets.get(origin) is None
print("kept and forgotten")
"""

LOCKED = """
from desktop.core.errors import NoSecretStore
from desktop.store import secrets
try:
    secrets.set("sftp://ann@render.example", "pass")
except NoSecretStore as error:
    print(error.title)
"""


@pytest.mark.servers
@pytest.mark.parametrize(
    ("unlock", "code", "said"),
    [
        ("echo -n pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null", REAL, "kept and forgotten"),
        ("true", LOCKED, "The system"),
    ],
    ids=["unlocked", "nobody home"],
)
def test_a_real_secret_service(tmp_path_factory: pytest.TempPathFactory, unlock: str, code: str, said: str) -> None:
    if not shutil.which("gnome-keyring-daemon") or not shutil.which("dbus-run-session"):
        pytest.skip("gnome-keyring and dbus are not installed")
    home = tmp_path_factory.mktemp("keyring")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_RUNTIME_DIR": str(home),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "LC_ALL": "C.UTF-8",
    }
    script = f'{unlock} && exec "$0" -c "$1"'
    found = subprocess.run(
        ["dbus-run-session", "--", "sh", "-c", script, sys.executable, code],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    assert said in found.stdout
