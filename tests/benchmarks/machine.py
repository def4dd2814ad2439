"""On what the figures were taken: the machine, and the versions of everything that took part."""

import os
import platform
import re
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

from desktop import __version__
from tests.benchmarks.arena import executable
from tests.servers.process import ServerMissing

PROGRAMS = {
    "OpenSSH": ("ssh", "-V"),
    "vsftpd": ("vsftpd", "-v"),
    "nginx": ("nginx", "-v"),
    "curl": ("curl", "-V"),
    "aria2": ("aria2c", "-v"),
    "lftp": ("lftp", "--version"),
    "rclone": ("rclone", "version"),
}


def machine() -> str:
    """Return the machine in one line."""
    cpu = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    system = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    model = cpu[1] if cpu else platform.machine()
    return f"{os.cpu_count()} cores of {model}, {memory:.0f} GiB, {system}, Linux {platform.release()}"


def versions() -> dict[str, str]:
    """Return every program's version; "not installed" for what is missing."""
    found = {"ShotDock": __version__, "Python": sys.version.split()[0]}
    for package in ("PySide6-Essentials", "paramiko", "cryptography", "requests"):
        found[package] = metadata.version(package)
    for name, (command, option) in PROGRAMS.items():
        found[name] = _version(command, option)
    return found


def _version(command: str, option: str) -> str:
    try:
        path = executable(command)
    except ServerMissing:
        return "not installed"
    with tempfile.TemporaryFile() as said:
        # vsftpd takes its standard input for a client's connection, and tells its version there.
        subprocess.run([path, option], stdin=said, stdout=said, stderr=said)
        said.seek(0)
        number = re.search(rb"\d+\.\d[\w.]*", said.read())
    return number[0].decode() if number else "unknown"
