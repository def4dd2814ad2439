"""What can go wrong with any server of the demo studio, on request."""

from collections import deque
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from desktop.demo.web import Answer, as_json


@dataclass
class Faults:
    """Switches, off at first. forbidden: the API answers 403. no_ranges: ranges are ignored."""

    forbidden: bool = False
    no_ranges: bool = False
    _failing: deque[Answer] = field(default_factory=deque)
    _cuts: deque[int] = field(default_factory=deque)

    def fail_api(self, times: int, status: int = 500, retry_after: int | None = None) -> None:
        """Let the API fail so many times. retry_after: seconds it asks to wait, as 503 does."""
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        code = HTTPStatus(status)
        self._failing.extend([as_json({"detail": code.phrase}, code, headers)] * times)

    def cut(self, after: int, times: int = 1) -> None:
        """Break the line after so many bytes of a file, so many times."""
        self._cuts.extend([after] * times)

    def of_api(self) -> Answer | None:
        """Return what the API answers instead of what it should."""
        if self._failing:
            return self._failing.popleft()
        return as_json({"detail": "Not allowed"}, HTTPStatus.FORBIDDEN) if self.forbidden else None

    def spoil(self, answer: Answer) -> Answer:
        """Return the answer with a file as it goes out."""
        return replace(answer, ranges=not self.no_ranges, cut=self._cuts.popleft() if self._cuts else None)
