"""One connection, carried on a pool thread until nothing is left to carry."""

import time
from collections.abc import Callable

from desktop.core.errors import Retry, ServerBusy, ShotDockError, Stopped, Unreachable, Wait
from desktop.transfer.budget import HostBudget
from desktop.transfer.circuit import SILENT
from desktop.transfer.faults import put_off
from desktop.transfer.pieces import LaneFeed
from desktop.transfer.ports import Source
from desktop.transfer.retry import LONGEST_WISH
from desktop.transfer.run import Run

FIRST_TRIES = 6
"""Fruitless tries of a site that never answered before it is given up; half a minute."""

LOOK = 0.5
"""Seconds between two looks whether a dead host is back."""


class Lane:
    """Connects, reads, and starts again after faults.

    budget: the host's; the lane's place in it was taken by whoever made the lane, and is given back by them.
    """

    def __init__(self, run: Run, site: str, open_source: Callable[[], Source], budget: HostBudget) -> None:
        self._run, self.site = run, site
        self._open_source = open_source
        self._budget = budget
        self._feed = run.feed(site)
        self._feed.host = budget
        self._source: Source | None = None
        self._closed = False
        self._inside = False
        self._tries = 0
        self._fruitless_since: float | None = None
        # Whether the last try was none, because the host is known to be dead.
        self._spared = False

    def carry(self) -> None:
        """Bring what the run has for this site; returns when nothing is left, or the site was given up.

        Errors end up in the run: of a file with its job, of the connection, once it is beyond repair, with
        every job of the site.
        """
        feed = self._feed
        self._run.enter(self.site)
        self._inside = True
        try:
            while not self._closed and self._stay():
                if not self._carry_once(feed):
                    break
        finally:
            feed.hand_back()
            self._hang_up()
            if self._inside:
                self._run.leave(self.site)

    @property
    def begun(self) -> bool:
        """Tell whether the lane got something to carry since it set out for the server."""
        return self._feed.begun

    @property
    def _wanted(self) -> bool:
        return not self._closed and self._run.wanted(self.site)

    def close(self) -> None:
        """Break off what hangs in a call to the server, from any thread; the lane then ends."""
        self._closed = True
        if (source := self._source) is not None:
            source.close()

    def _stay(self) -> bool:
        self._inside = self._run.stay(self.site)
        return self._inside

    def _excuse(self) -> bool:
        self._inside = not self._run.excuse(self.site)
        return not self._inside

    def _carry_once(self, feed: LaneFeed) -> bool:
        """Connect if need be and read until the feed runs dry; return whether to go on."""
        while self._wanted and (left := self._budget.resting) > 0:
            self._run.rest(self.site, left)
            if self._fruitless_since is not None:
                self._fruitless_since += left
        if not self._wanted:
            return True
        before = feed.progress
        try:
            source = self._connect(feed)
            source.read(feed)
        except Stopped:
            feed.hand_back()
            return not self._run.stopped
        except ShotDockError as error:
            self._hang_up()
            self._well(before)
            feed.hand_back(error)
            return not (self._closed or self._run.stopped) and self._try_again(error)
        feed.hand_back()
        if self._well(before):
            self._budget.grow()
        return True

    def _well(self, before: int) -> bool:
        """Start counting anew what is fruitless, if bytes came since there were so many; return whether they did."""
        if came := self._feed.progress > before:
            self._tries, self._fruitless_since = 0, None
            self._run.rests.pop(self.site, None)
        return came

    def _connect(self, feed: LaneFeed) -> Source:
        if self._source is None:
            source = self._open_source()
            self._source = source
            if self._closed:
                raise Stopped
            self._dial(source)
            feed.ranges = source.features.ranges
            feed.source = source
            self._run.connected(self.site, source.features)
        return self._source

    def _dial(self, source: Source) -> None:
        """Connect, unless the host is known to answer nobody: then raise what the last one heard who tried."""
        circuit = self._budget.circuit
        if (unheard := circuit.ask()) is not None:
            self._spared = True
            raise unheard
        self._spared = False
        try:
            source.connect()
        except SILENT as error:
            if self._closed:
                circuit.untold()
            else:
                circuit.failed(error, self._run.patience.pause)
            raise
        except ServerBusy:
            circuit.well()
            raise
        except BaseException:
            circuit.untold()
            raise
        circuit.well()

    def _hang_up(self) -> None:
        source, self._source = self._source, None
        # It is on its way to the server again, and will have its share of what waits.
        self._feed.begun = False
        if source is not None:
            source.close()

    def _try_again(self, error: ShotDockError) -> bool:
        """Rest and return True, or give the lane, or the whole site, up and return False."""
        busy = isinstance(error, ServerBusy)
        asked = max(0.0, min(error.retry_after or 0.0, LONGEST_WISH)) if isinstance(error, ServerBusy) else 0.0
        self._budget.rest(asked)
        if busy and self._budget.used > 1:
            self._budget.shrink()
        if (busy or self._spared) and self._excuse():
            return False
        if isinstance(error, ServerBusy) and asked:
            # Only the last lane gets here: the others left the waiting to it.
            rests = self._run.rests.setdefault(self.site, [])
            rests.append(asked)
            if len(rests) >= self._run.patience.rests and sum(rests) >= self._run.patience.outage:
                self._run.fail_site(self.site, put_off(error, rests))
                return False
        if self._fruitless_since is None:
            self._fruitless_since = time.monotonic()
        reached = self._run.reached(self.site)
        if not (self._spared and reached):
            self._tries += 1
        outage = time.monotonic() - self._fruitless_since
        if not self._feed.progress:
            # Lanes come and go; for one that never got in, how long nobody did is what counts.
            outage = max(outage, self._budget.circuit.lasting)
        passing = isinstance(error, Retry | Wait) or (reached and isinstance(error, Unreachable))
        if passing and outage < self._run.patience.outage and (reached or busy or self._tries < FIRST_TRIES):
            self._rest(error)
            # What the host asked for is no outage.
            self._fruitless_since += asked
            return True
        if self._excuse():
            # The others do well where this one cannot get in: a limit nobody told us.
            self._budget.shrink()
            return False
        self._run.fail_site(self.site, error)
        return False

    def _rest(self, error: ShotDockError) -> None:
        """Wait before the next try: by itself, or with all who call a dead host, until one of them finds it back."""
        circuit = self._budget.circuit
        if not circuit.open:
            self._run.rest(self.site, self._run.patience.pause(self._tries, error))
        while (left := circuit.wait) > 0 and self._wanted:
            self._run.rest(self.site, min(left, LOOK))
