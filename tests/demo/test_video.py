"""The demo's videos are MP4 files of H.264 that a player plays."""

import io
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop.demo.mp4 import write_mp4
from desktop.demo.stills import still
from desktop.demo.video import Film

FILM = Film(96, 54, 30, (0.9, 0.2, 0.2))


def mp4(film: Film) -> bytes:
    file = io.BytesIO()
    write_mp4(film, file)
    return file.getvalue()


def boxes(data: bytes, path: str = "") -> Iterator[tuple[str, bytes]]:
    at = 0
    while at < len(data):
        size = struct.unpack_from(">I", data, at)[0]
        name = f"{path}/{data[at + 4 : at + 8].decode()}"
        yield name, data[at + 8 : at + size]
        if name.rsplit("/")[-1] in {"moov", "trak", "mdia", "minf", "stbl"}:
            yield from boxes(data[at + 8 : at + size], name)
        at += size


def test_the_index_comes_first_and_tells_where_every_frame_lies() -> None:
    data = mp4(FILM)
    found = dict(boxes(data))
    assert [name for name in found if name.count("/") == 1] == ["/ftyp", "/moov", "/mdat"]
    table = "/moov/trak/mdia/minf/stbl"
    sizes = struct.unpack(">30I", found[f"{table}/stsz"][12:])
    begin = struct.unpack(">I", found[f"{table}/stco"][8:])[0]
    assert struct.unpack(">II", found[f"{table}/stss"][8:]) == (1, 25)
    assert data[begin:] == found["/mdat"]
    assert sum(sizes) == len(found["/mdat"])
    kinds = []
    for size in sizes:
        assert struct.unpack_from(">I", data, begin)[0] == size - 4
        kinds.append(data[begin + 4] & 31)
        begin += size
    assert kinds == [5 if number in (0, 24) else 1 for number in range(30)]


def test_no_start_code_arises_in_a_frame() -> None:
    for film in (FILM, Film(1280, 720, 8, (0.0, 0.0, 0.0))):
        for unit in (*film.parameter_sets(), *film.units()):
            assert not any(bytes((0, 0, code)) in unit for code in range(3))


def test_a_film_is_the_same_every_time_and_frames_differ() -> None:
    assert mp4(FILM) == mp4(Film(96, 54, 30, (0.9, 0.2, 0.2))) != mp4(Film(96, 54, 30, (0.2, 0.9, 0.2)))
    assert len({still(FILM, number) for number in range(0, 30, 6)}) == 5


@pytest.mark.qt_log_ignore("pipewire-0.3", "No RHI backend", extend=True)
def test_a_player_plays_it(qtbot: QtBot, tmp_path: Path) -> None:
    multimedia = pytest.importorskip(
        "PySide6.QtMultimedia", reason="needs PySide6-Addons and libpulse0", exc_type=ImportError
    )
    from PySide6.QtCore import QUrl

    path = tmp_path / "film.mp4"
    path.write_bytes(mp4(FILM))
    player, sink = multimedia.QMediaPlayer(), multimedia.QVideoSink()
    if not player.isAvailable():
        pytest.skip("QtMultimedia has no backend here: libxrandr2 may be missing.")
    frames = []
    sink.videoFrameChanged.connect(lambda frame: frames.append(frame.toImage()) if frame.isValid() else None)
    player.setVideoSink(sink)
    ended = multimedia.QMediaPlayer.MediaStatus.EndOfMedia
    with qtbot.waitSignal(player.mediaStatusChanged, timeout=20_000, check_params_cb=lambda status: status == ended):
        player.setSource(QUrl.fromLocalFile(str(path)))
        player.play()
    assert player.error() == multimedia.QMediaPlayer.Error.NoError
    assert player.duration() == 2500
    assert (frames[0].width(), frames[0].height()) == (96, 54)
    corner = frames[0].pixelColor(90, 30)
    assert corner.red() > 2 * corner.green() > 0
