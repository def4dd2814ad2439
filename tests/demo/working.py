"""Asking the demo studio's jobs over HTTP."""

from typing import Any

import requests

from desktop.demo.jobs.jobs import Jobs


def ask(
    jobs: Jobs, path: str, method: str = "GET", headers: dict[str, str] | None = None, **more: Any
) -> requests.Response:
    """Ask with the token. path: below the base URL, or a whole URL."""
    url = path if path.startswith("http") else jobs.url + path
    sent = {"Authorization": f"Bearer {jobs.token}", **(headers or {})}
    return requests.request(method, url, headers=sent, timeout=10, **more)


def detail(answer: requests.Response) -> tuple[int, Any]:
    """Return an error's status and what it says."""
    said = answer.json()
    assert set(said) == {"detail"}
    return answer.status_code, said["detail"]
