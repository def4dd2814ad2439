"""A name server on loopback that takes its time, and a way to have one program ask it instead of the machine's."""

import contextlib
import os
import random
import shutil
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import pytest

PORT = 53
_A = 1


class NameServer:
    """Every name is 127.0.0.1; who asks for one in `slow` gets no answer until it is taken out. A context manager.

    asked: the names that were asked for. It listens on some address of 127.0.0.0/8, at the port that programs ask: root
    alone may.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.slow: set[str] = set()
        self.heard = threading.Condition()
        self._waiting: list[tuple[bytes, tuple[str, int]]] = []

    def wrapped(self, command: Sequence[str], folder: Path) -> list[str]:
        """Return the command so that its program asks here. folder: for files of ours."""
        conf = folder / "resolv.conf"
        conf.write_text(f"nameserver {self.host}\noptions timeout:30 attempts:1\n")
        nsswitch = folder / "nsswitch.conf"
        nsswitch.write_text("hosts: files dns\n")
        mounts = f"mount --bind {conf} /etc/resolv.conf && mount --bind {nsswitch} /etc/nsswitch.conf"
        return ["unshare", "-m", "sh", "-c", f'{mounts} && exec "$@"', "sh", *command]

    def wait_until_asked(self, name: str, times: int = 1) -> None:
        """Wait until the name was asked for so often."""
        with self.heard:
            assert self.heard.wait_for(lambda: self.asked.count(name) >= times, 60)

    def hurry(self) -> None:
        """Answer whoever waits, and from now on at once."""
        self.slow.clear()
        for question, where in self._waiting:
            self._answer(question, where)
        self._waiting.clear()

    def __enter__(self) -> Self:
        if not can_mount():
            pytest.skip("a program's own /etc/resolv.conf needs Linux, root and mount namespaces")
        self._socket = socket.socket(type=socket.SOCK_DGRAM)
        while True:
            self.host = f"127.{random.randrange(2, 250)}.{random.randrange(250)}.{random.randrange(2, 250)}"
            with contextlib.suppress(OSError):
                self._socket.bind((self.host, PORT))
                break
        self._thread = threading.Thread(target=self._serve, name="names")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.sendto(b"", (self.host, PORT))
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            question, where = self._socket.recvfrom(4096)
            if not question:
                return
            name = self._name(question)
            with self.heard:
                self.asked.append(name)
                self.heard.notify_all()
            if name in self.slow:
                self._waiting.append((question, where))
            else:
                self._answer(question, where)

    def _answer(self, question: bytes, where: tuple[str, int]) -> None:
        """Tell the address; of any other kind (AAAA), that there is none."""
        end = question.index(0, 12) + 5
        (kind,) = struct.unpack_from(">H", question, end - 4)
        address = struct.pack(">HHHIH4B", 0xC00C, _A, 1, 0, 4, 127, 0, 0, 1) if kind == _A else b""
        head = question[:2] + struct.pack(">HHHHH", 0x8580, 1, bool(address), 0, 0)
        self._socket.sendto(head + question[12:end] + address, where)

    @staticmethod
    def _name(question: bytes) -> str:
        labels, place = [], 12
        while length := question[place]:
            labels.append(question[place + 1 : place + 1 + length].decode("ascii"))
            place += 1 + length
        return ".".join(labels).lower()


def can_mount() -> bool:
    """Tell whether a mount namespace may be made here: some containers' root may not."""
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("unshare") is None:
        return False
    # As root in a container one may have the first and not be allowed the second.
    mount = ["unshare", "-m", "mount", "--bind", "/etc/resolv.conf", "/etc/resolv.conf"]
    return subprocess.run(mount, capture_output=True, check=False).returncode == 0
