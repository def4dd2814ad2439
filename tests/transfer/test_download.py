"""One file's bookkeeping, driven by hand: what comes after the end, and in the moment before it."""

import threading
from pathlib import Path

import pytest

from desktop.core.errors import ConnectionLost, NotFound, RemoteChanged, Stopped
from desktop.core.media import Entry
from desktop.core.task import FileResult
from desktop.transfer.download import Download
from desktop.transfer.jobs import Job, JobDone
from desktop.transfer.run import Run
from tests.transfer.scripted import MIB, Shelf, carry, content, make_run, tree

R = FileResult
SIZE = 2 * MIB
LOST = ConnectionLost("The line broke.")


class Bench:
    """A run with one file, and that file's download."""

    def __init__(self, root: Path, segments: int = 1) -> None:
        self.file = Entry("/a", size=SIZE, mtime=1_700_000_000.0)
        self.data = content("/a", SIZE)
        self.run = make_run(root, [Job(0, "s", self.file, root / "a")], segments=segments)
        self.download = Download(self.run, Job(0, "s", self.file, root / "a"))
        self.run._active[self.download] = None  # as where it is handed out
        self.spans = self.download.begin(True, segments)
        for span in self.spans:
            span.carried = True
            self.download.opened(span, self.file)

    def put(self, number: int) -> None:
        """Write all of a range."""
        span = self.spans[number]
        stop = SIZE if span.stop is None else span.stop
        self.download.put(span, span.start, self.data[span.start : stop], stop - span.start)

    def ended(self) -> list[JobDone]:
        self.run.close()
        return self.run.drain()


def test_after_the_end_nothing_counts_any_more(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    [span] = bench.spans
    gone = NotFound("Gone.", path="/a")
    bench.download.give_up(gone)
    with pytest.raises(Stopped):
        bench.download.opened(span, bench.file)
    with pytest.raises(Stopped):
        bench.download.put(span, 0, b"late", 4)
    bench.download.finished(span)
    bench.download.failed(span, RemoteChanged("Another file."))
    bench.download.hand_back(span, LOST, counts=True)
    bench.download.give_up(LOST)
    assert [(done.result, done.error) for done in bench.ended()] == [(R.FAILED, gone)]
    assert tree(tmp_path) == {}


def test_a_site_given_up_does_not_take_back_a_file_that_is_whole(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.put(0)
    bench.download.finished(bench.spans[0])
    bench.download.abandon(LOST)
    assert [done.result for done in bench.ended()] == [R.DOWNLOADED]
    assert tree(tmp_path) == {"a": bench.data}


def test_a_site_given_up_in_the_moment_a_file_becomes_whole_does_not_end_it_twice(tmp_path: Path) -> None:
    """Who gives the site up has looked; before it gets hold of the part, the last range is complete."""
    bench = Bench(tmp_path)
    bench.put(0)
    lock, looked, go_on = bench.download._part.lock, threading.Event(), threading.Event()

    class Held:
        """The part's lock, which whoever gives up gets only after another thread."""

        def __enter__(self) -> None:
            if threading.current_thread() is quitter:
                looked.set()
                go_on.wait()
            lock.acquire()

        def __exit__(self, *_: object) -> None:
            lock.release()

    quitter = threading.Thread(target=bench.download.abandon, args=(LOST,))
    bench.download._part.lock = Held()  # type: ignore[assignment]  # all that is asked of a lock
    quitter.start()
    looked.wait()
    bench.download.finished(bench.spans[0])
    go_on.set()
    quitter.join()
    assert [done.result for done in bench.ended()] == [R.DOWNLOADED]
    assert tree(tmp_path) == {"a": bench.data}


def test_a_range_that_was_whole_when_its_line_broke_waits_for_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.transfer.spans.SEGMENT_FROM", MIB)
    bench = Bench(tmp_path, segments=2)
    assert [(span.start, span.stop) for span in bench.spans] == [(0, MIB), (MIB, SIZE)]
    bench.put(0)
    bench.download.hand_back(bench.spans[0], LOST, counts=True)
    assert bench.run.drain() == []
    bench.put(1)
    bench.download.finished(bench.spans[1])
    assert [(done.result, done.transferred) for done in bench.ended()] == [(R.DOWNLOADED, SIZE)]
    assert tree(tmp_path) == {"a": bench.data}


def test_ranges_of_a_file_that_was_given_up_are_not_handed_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktop.transfer.spans.SEGMENT_FROM", MIB)
    shelf = Shelf()
    entries = [shelf.put("/a", SIZE), shelf.put("/b", 100)]
    run = make_run(tmp_path, [Job(i, "s", entry, tmp_path / entry.name) for i, entry in enumerate(entries)], segments=2)
    feed = run.feed("s")
    first = feed.next()
    assert first is not None and first.file.path == "/a"
    first.failed(NotFound("Gone.", path="/a"))
    with pytest.raises(Stopped):
        first.opened(entries[0])
    second = feed.next()
    assert second is not None and second.file.path == "/b"
    feed.hand_back()
    results = carry(run, shelf)
    assert [results[number].result for number in (0, 1)] == [R.FAILED, R.DOWNLOADED]
    assert shelf.opens == {"/b": 1}


def test_what_was_taken_of_a_file_of_unknown_size_is_continued(tmp_path: Path) -> None:
    """An etag proves that it is the same one; how long it is shows at its end."""
    shelf = Shelf(block=MIB, tells_size=False, etag='"one"')
    entry = shelf.put("/a", 9 * MIB)
    first = make_run(tmp_path, [Job(0, "s", entry, tmp_path / "a")])

    def stop(run: Run, offset: int) -> None:
        if offset >= 5 * MIB:
            run.stop()

    shelf.on_block = lambda path, offset: stop(first, offset)
    carry(first, shelf)
    shelf.on_block = lambda path, offset: None
    shelf.reads.clear()
    results = carry(make_run(tmp_path, [Job(0, "s", entry, tmp_path / "a")]), shelf)
    assert (results[0].result, results[0].reused) == (R.DOWNLOADED, 5 * MIB)
    assert shelf.reads == [["/a", 5 * MIB, 4 * MIB]]
    assert tree(tmp_path) == {"a": shelf.files["/a"]}
