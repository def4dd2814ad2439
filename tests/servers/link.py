"""A long, thin, lossy line between a program and the servers here: packets cross this process, one by one.

A program that runs `wrapped` lives in a network of its own and reaches this machine as `host`, over two tun devices
between which every packet is delayed, shaken, queued behind others or dropped. What TCP makes of that is the kernel's.
"""

import heapq
import os
import random
import select
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from ipaddress import IPv4Address
from pathlib import Path
from typing import Self

import pytest

from tests.servers.process import program

if sys.platform != "win32":
    import fcntl

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
PACKET = 65_536
BUFFER = 0.25
"""Seconds' worth of packets that wait for the line at most, as in a router; one more is dropped."""


class Link:
    """delay: seconds one way. jitter: seconds more, at most. loss: share of packets. rate: bytes a second each way.

    A context manager. passed, lost: packets so far.
    """

    def __init__(self, *, delay: float, jitter: float = 0.0, loss: float = 0.0, rate: float = 1e9) -> None:
        self.delay, self.jitter, self.loss, self.rate = delay, jitter, loss, rate
        self.passed = self.lost = 0
        self._random = random.Random(4711)

    def wrapped(self, command: Sequence[str]) -> list[str]:
        """Return the command so that its program lives at the far end."""
        return ["ip", "netns", "exec", self._name, *command]

    def __enter__(self) -> Self:
        if not usable():
            pytest.skip("a line of our own needs Linux, root, /dev/net/tun and network namespaces")
        program("ip", "iproute2")
        number = random.randrange(1 << 15)
        self._name = f"shotdock{number}"
        # Of the addresses that are set apart for trying networks out (RFC 2544): nobody's way leads there.
        self.host, far = (str(IPv4Address("198.18.0.0") + (number << 2) + end) for end in (1, 2))
        _run("ip", "netns", "add", self._name)
        try:
            near_device, far_device = f"sdn{number}", f"sdf{number}"
            self._ends = _tun(near_device), _tun(far_device)
            inside = ("ip", "-n", self._name)
            _run("ip", "link", "set", far_device, "netns", self._name)
            for ip, device, address in ((("ip",), near_device, self.host), (inside, far_device, far)):
                _run(*ip, "addr", "add", f"{address}/30", "dev", device)
                _run(*ip, "link", "set", device, "up")
            _run(*inside, "link", "set", "lo", "up")
        except BaseException:
            _run("ip", "netns", "del", self._name)
            raise
        self._over, self._ending = os.pipe()
        self._thread = threading.Thread(target=self._carry, name="link")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._ending)
        self._thread.join()
        for end in (*self._ends, self._over):
            os.close(end)
        _run("ip", "netns", "del", self._name)

    def _carry(self) -> None:
        near, far = self._ends
        other = {near: far, far: near}
        free = dict.fromkeys(self._ends, 0.0)
        last = dict.fromkeys(self._ends, 0.0)
        under_way: list[tuple[float, int, int, bytes]] = []
        while True:
            wait = max(0.0, under_way[0][0] - time.monotonic()) if under_way else None
            ready, _, _ = select.select([*self._ends, self._over], [], [], wait)
            if self._over in ready:
                return
            now = time.monotonic()
            for end in ready:
                packet = os.read(end, PACKET)
                if self._random.random() < self.loss or free[end] - now > BUFFER:
                    self.lost += 1
                    continue
                free[end] = max(free[end], now) + len(packet) / self.rate
                # Shaken, but never out of order: that is another fault.
                due = max(last[end], free[end] + self.delay + self._random.uniform(0, self.jitter))
                last[end] = due
                self.passed += 1
                heapq.heappush(under_way, (due, self.passed, other[end], packet))
            while under_way and under_way[0][0] <= time.monotonic():
                _, _, end, packet = heapq.heappop(under_way)
                os.write(end, packet)


def usable() -> bool:
    """Tell whether tun devices and network namespaces can be made here: in most containers not even root can."""
    if sys.platform != "linux" or os.geteuid() != 0 or not Path("/dev/net/tun").exists():
        return False
    return subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False).returncode == 0


def _tun(name: str) -> int:
    end = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(end, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    return end


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
