"""Who runs a task: this process, another one that lives, or one that is gone.

An owner is `host:pid:start`, start being when the process began, in the words of its system: a process
number alone is given out again. Whether a process of this host lives can be told exactly. One of another
host (a home folder on the network) cannot be asked from here, so it counts as alive; the database itself
gives up on it after `SILENCE` without a sign of life in the task's row.
"""

import ctypes
import functools
import os
import platform
import subprocess
import sys
from pathlib import Path

SILENCE = 24 * 3600.0
"""Seconds without a sign of life after which a task of another host's process counts as abandoned."""


@functools.cache
def this_process() -> str:
    """Return the owner text of this process."""
    return _owner(os.getpid())


def alive(owner: str) -> bool:
    """Tell whether the owner still lives; a process of another host counts as alive."""
    if is_elsewhere(owner):
        return True
    pid = _pid(owner)
    return pid is not None and _start(pid) is not None and _owner(pid) == owner


def is_elsewhere(owner: str) -> bool:
    """Tell whether the owner is a process of another host."""
    return _pid(owner) is not None and owner.partition(":")[0] != _host()


def describe(owner: str) -> str:
    """Return the owner in words, e.g. `process 4711 on ws-12`."""
    host, pid, _ = (owner + "::").split(":", 2)
    return f"process {pid} on {host}"


def _pid(owner: str) -> int | None:
    parts = owner.split(":", 2)
    return int(parts[1]) if len(parts) == 3 and parts[1].isdigit() else None


def _owner(pid: int) -> str:
    return f"{_host()}:{pid}:{_start(pid) or ''}"


def _host() -> str:
    return platform.node().replace(":", "-") or "localhost"


def _start(pid: int) -> str | None:
    """Return when the process began, as its system tells it, or None if there is no such process."""
    if sys.platform == "win32":
        return _windows_start(pid)
    if sys.platform == "linux":
        return _linux_start(pid)
    return _unix_start(pid)


def _linux_start(pid: int) -> str | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("ascii", "replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # proc(5): the name in parentheses may hold anything; after it come the state and, as the 22nd field, the
    # start in clock ticks since this boot.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else f"{boot[:8]}-{fields[19]}"


def _unix_start(pid: int) -> str | None:
    found = subprocess.run(
        ["/bin/ps", "-o", "lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        env={"LC_ALL": "C", "TZ": "UTC"},
        check=False,
    )
    return "-".join(found.stdout.split()).replace(":", ".") or None


def _windows_start(pid: int) -> str | None:  # pragma: no cover  # Windows
    """Ask for the creation time (GetProcessTimes: FILETIME, 100 ns since 1601) of a process that still runs."""
    if sys.platform != "win32":
        return None
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel.OpenProcess.restype = ctypes.c_void_p
    handle = kernel.OpenProcess(0x1000, False, pid)  # PROCESS_QUERY_LIMITED_INFORMATION
    if not handle:
        return None
    try:
        code = ctypes.c_ulong()
        times = [ctypes.c_ulonglong() for _ in range(4)]
        process = ctypes.c_void_p(handle)
        running = kernel.GetExitCodeProcess(process, ctypes.byref(code)) and code.value == 259  # STILL_ACTIVE
        told = kernel.GetProcessTimes(process, *(ctypes.byref(time) for time in times))
        return str(times[0].value) if running and told else None
    finally:
        kernel.CloseHandle(ctypes.c_void_p(handle))
