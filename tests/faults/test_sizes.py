"""A planned size is not forgotten: R11, R15 where a server tells less the second time than it did before."""

from pathlib import Path

import pytest

from desktop.core.media import Entry
from desktop.core.task import FileResult
from tests.faults.engine import MTIME, fetch, ftp, http
from tests.servers.content import content
from tests.servers.scripted_ftp import ScriptedFtp, Transfer
from tests.servers.scripted_http import ScriptedHttp, answer
from tests.transfer.scripted import tree

CUT = 100_000


@pytest.mark.parametrize("size", [300_000, 9 << 20], ids=["small", "large"])
@pytest.mark.parametrize("cuts", [1, 2, 3, 1000])
def test_r11_too_few_bytes_again_and_again_without_size_are_never_a_whole_file(
    tmp_path: Path, size: int, cuts: int
) -> None:
    """The listing told the size, SIZE does not: nothing proves what came, the file starts over, and is cut again."""
    data = content("a.exr", size)
    transfers = [*[Transfer(data[:CUT], first="150 Here")] * cuts, Transfer(first="150 Here")]
    with ScriptedFtp(files={"/a.exr": data}, transfers={"/a.exr": transfers}, answers={"SIZE": "500 What?"}) as liar:
        [done] = fetch(ftp(liar), tmp_path, Entry("/a.exr", size=size, mtime=MTIME))
    assert tree(tmp_path).get("a.exr", data) == data, f"{done.result}: a short file has the final name"
    assert (done.result is FileResult.DOWNLOADED) == (cuts < 1000), done.error


def test_r15_a_body_without_length_is_measured_by_the_plan_however_often_it_is_cut(tmp_path: Path) -> None:
    data = content("a.exr", 300_000)
    with ScriptedHttp(lambda request: answer(body=data[:CUT], length=False, Connection="close")) as server:
        [done] = fetch(http(server), tmp_path, Entry("/a.exr", size=len(data), mtime=MTIME, etag='"one"'))
    assert done.result is FileResult.FAILED
    assert tree(tmp_path) == {}
