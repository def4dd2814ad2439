"""R13, R14, R25: SFTP servers that end too soon, fail midway, answer in disorder, fall silent, want new keys."""

import itertools
import random
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.core.media import Entry
from desktop.core.task import FileResult
from desktop.transfer.retry import Patience
from tests.faults.engine import fetch, sftp
from tests.servers.scripted_sftp import EOF, FAILURE, Answer, ScriptedSftp
from tests.servers.sshd import SshServer
from tests.transfer.scripted import HASTY, MIB, content, tree

R = FileResult
DATA = content("frame", 3 * MIB + 17)
HALF = len(DATA) // 2
PLANNED = Entry("/f.exr", size=len(DATA), mtime=1_700_000_000.0)
FEW = replace(HASTY, attempts=3)


def test_r13_an_end_at_half_is_never_done(tmp_path: Path) -> None:
    with ScriptedSftp({"/f.exr": DATA}, read=lambda path, at, n: DATA[at : min(at + n, HALF)] or EOF) as server:
        [done] = fetch(sftp(server, tmp_path), tmp_path / "to", PLANNED, patience=FEW)
    assert done.result is R.FAILED and done.error is not None
    assert f"short by {len(DATA) - HALF:,}" in done.error.cause
    assert "f.exr" not in tree(tmp_path / "to")


def test_r13_an_end_at_half_that_was_a_whim_is_continued(tmp_path: Path) -> None:
    whims = itertools.count()

    def read(path: str, at: int, n: int) -> Answer:
        return EOF if at >= HALF and next(whims) < 3 else server.honest(path, at, n)

    with ScriptedSftp({"/f.exr": DATA}, read=read) as server:
        [done] = fetch(sftp(server, tmp_path), tmp_path / "to", PLANNED)
    assert done.result is R.DOWNLOADED
    assert tree(tmp_path / "to") == {"f.exr": DATA}


@pytest.mark.parametrize("times", [1, 1000])
def test_r13_a_failure_for_one_block_is_tried_again_and_never_taken_for_data(tmp_path: Path, times: int) -> None:
    failures = itertools.count()

    def read(path: str, at: int, n: int) -> Answer:
        return FAILURE if at <= HALF < at + n and next(failures) < times else server.honest(path, at, n)

    with ScriptedSftp({"/f.exr": DATA}, read=read) as server:
        [done] = fetch(sftp(server, tmp_path), tmp_path / "to", PLANNED, patience=FEW)
    assert done.result is (R.DOWNLOADED if times == 1 else R.FAILED)
    assert tree(tmp_path / "to").get("f.exr") == (DATA if times == 1 else None)


@pytest.mark.parametrize("shuffle", [1, 7, 30])
def test_r14_short_reads_out_of_order_make_the_exact_content(tmp_path: Path, shuffle: int) -> None:
    lengths = random.Random(7)
    files = {"/f.exr": DATA, **{f"/{n}.exr": content(str(n), n * 911) for n in range(30)}}

    def read(path: str, at: int, n: int) -> Answer:
        return files[path][at : at + lengths.randint(1, n)] or EOF

    with ScriptedSftp(files, read=read, shuffle=shuffle) as server:
        entries = [Entry(path, size=len(data), mtime=1_700_000_000.0) for path, data in files.items()]
        results = fetch(sftp(server, tmp_path), tmp_path / "to", *entries)
    assert {done.result for done in results} == {R.DOWNLOADED}
    assert tree(tmp_path / "to") == {path[1:]: data for path, data in files.items()}


def test_r14_a_server_that_stalls_on_many_requests_is_asked_for_fewer_until_it_answers(tmp_path: Path) -> None:
    """paramiko's issue 1788: three connections in a row it goes silent; each next one asks for a quarter."""
    asked: dict[int, int] = {}

    def read(path: str, at: int, n: int) -> Answer:
        login = len(server.logins)
        asked[login] = asked.get(login, 0) + 1
        return server.honest(path, at, n) if login > 3 else None

    with ScriptedSftp({"/f.exr": DATA}, read=read) as server:
        [done] = fetch(sftp(server, tmp_path, timeout=0.6), tmp_path / "to", PLANNED, patience=Patience(first=0.001))
    assert done.result is R.DOWNLOADED
    assert tree(tmp_path / "to") == {"f.exr": DATA}
    assert asked[1] > 3 * asked[2] > 9 * asked[3] > 0


@pytest.mark.parametrize("rekey", ["1M none", "16M 1"])
def test_r25_a_server_that_wants_new_keys_again_and_again(tmp_path: Path, rekey: str) -> None:
    served, data = tmp_path / "served", content("large", 96 * MIB)
    served.mkdir()
    (served / "large.exr").write_bytes(data)
    with SshServer(served, tmp_path / "sshd", rekey_limit=rekey) as server:
        path = served / "large.exr"
        planned = Entry(path.as_posix(), size=len(data), mtime=path.stat().st_mtime // 1)
        site = sftp(server, tmp_path)
        [done] = fetch(site, tmp_path / "to", planned)
    assert (done.result, done.transferred, done.error) == (R.DOWNLOADED, len(data), None)
    assert [found == data for found in tree(tmp_path / "to").values()] == [True]
