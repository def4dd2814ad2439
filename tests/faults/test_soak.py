"""R42: hours of work; a short turn of soak.py, and what it judges by."""

import gc
import weakref
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from desktop.core.connection import Address
from desktop.transfer.ports import SOURCES, Site
from desktop.work import library
from tests.faults.engine import ftp
from tests.faults.holdings import Sample, descriptors, ours, threads, verdict
from tests.faults.soak_studio import Studio
from tests.faults.soak_window import Life, live
from tests.servers.nginx import NginxServer
from tests.servers.vsftpd import VsftpdServer


def held() -> Counter[str]:
    """Count the program's own objects that are still in use."""
    gc.collect()
    return ours()


def settled() -> Counter[str]:
    """Count them once no connection is kept for what might follow any more."""
    assert live(20, lambda: not any(kind.endswith(("FtpSource", "HttpSource", "SftpSource")) for kind in held()))
    return held()


@pytest.mark.slow
@pytest.mark.servers
@pytest.mark.timeout(300)
@pytest.mark.qt_log_ignore("This plugin does not support")
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="descriptors and threads are counted in /proc")
def test_r42_waves_of_work_leave_nothing_behind(
    tmp_path: Path, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Servers without room are restarted under the window, which is closed and opened again, in one process."""
    monkeypatch.setattr(library, "PARKED", 500)
    with Studio(tmp_path, small=8, large=1_000_000).open() as studio:

        def lived(waves: int) -> list[Counter[str]]:
            life = Life(studio, tmp_path / "home", tmp_path / "to")
            seen = []
            for _ in range(waves):
                life.wave(restart=True)
                seen.append(settled())
            life.close()
            gc.collect()
            return seen

        lived(1)
        before = descriptors(), threads()
        first, second = lived(2)
        assert (descriptors(), threads()) == before
    grown = second - first
    # What the log and the inspector show of the last wave, and the disk's room, which is looked at now and then.
    shown = {"desktop.core.task.LogLine", "desktop.core.task.TaskFile", "desktop.ui.free_space.Room"}
    assert not grown.keys() - shown


@pytest.mark.servers
@pytest.mark.parametrize("protocol", ["ftp", "http"])
def test_r42_a_connection_that_is_let_go_leaves_without_a_collector(
    protocol: str, tmp_path: Path, vsftpd: VsftpdServer, nginx: NginxServer, served: Path
) -> None:
    """Its buffer is a megabyte, and the window collects what went in circles only now and then."""
    (served / "a").write_bytes(b"1")
    site = ftp(vsftpd) if protocol == "ftp" else Site(Address("http", nginx.host, nginx.port))
    gc.collect()
    gc.disable()
    try:
        source = SOURCES[protocol](site)
        source.connect()
        assert source.stat(f"{served}/a" if protocol == "ftp" else "/a").size == 1
        source.close()
        gone = weakref.ref(source)
        del source
        assert gone() is None
    finally:
        gc.enable()


FLAT = Sample(0, 300_000_000, 470_000, 40, 30, 21_000, Counter({"desktop.a.B": 50}), 50_000, 2850, 160_000, 0)


@pytest.mark.parametrize(
    ("field", "grown", "flat"),
    [
        ("rss", 310_000_000, True),
        ("rss", 330_000_000, False),
        ("descriptors", 44, True),
        ("descriptors", 45, False),
        ("threads", 35, False),
        ("objects", 21_500, False),
        ("widgets", 2855, False),
        ("database", 500_000, False),
        ("none", 90_000, True),
        ("none", 40_000, False),
        ("ours", Counter({"desktop.a.B": 70}), True),
        ("ours", Counter({"desktop.a.B": 71}), False),
        ("ours", Counter({"desktop.a.B": 50, "desktop.a.C": 21}), False),
    ],
)
def test_what_counts_as_flat(field: str, grown: object, flat: bool) -> None:
    samples = [replace(FLAT, seconds=60.0 * n) for n in range(12)]
    samples += [replace(FLAT, seconds=60.0 * n, **{field: grown}) for n in range(12, 18)]  # type: ignore[arg-type]  # its fields
    told, lines = verdict(samples)
    assert told is flat
    assert any("RISES" in line for line in lines) is not flat
    assert verdict(samples[12:])[0], "what was so from the beginning is no rise"


@pytest.mark.parametrize(("floor", "flat"), [(20_500, True), (22_000, False)])
def test_what_comes_and_goes_between_two_collections_is_no_rise(floor: int, flat: bool) -> None:
    """The looks fall early between two collections at first, and late in the end."""
    samples = [replace(FLAT, seconds=60.0 * n, objects=20_500 + n % 4 * 100) for n in range(12)]
    samples += [replace(FLAT, seconds=60.0 * n, objects=floor + n % 4 * 1200) for n in range(12, 18)]
    assert verdict(samples)[0] is flat
