"""Asking the demo studio's gallery over HTTP."""

import re
from typing import Any

import requests

from desktop.demo.gallery.gallery import Gallery

SOME = 101


def login(gallery: Gallery) -> dict[str, str]:
    return {"Authorization": f"Bearer {gallery.token}"}


def listed(gallery: Gallery) -> dict[int, dict[str, Any]]:
    answer = requests.get(f"{gallery.url}/api/downloads", headers=login(gallery), timeout=10)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    return {video["id"]: video for video in answer.json()}


def route(gallery: Gallery, number: int = SOME) -> str:
    return f"{gallery.url}/api/downloads/{number}/file"


def bucket(gallery: Gallery, number: int = SOME) -> str:
    return str(listed(gallery)[number]["file_url"])


def code(answer: requests.Response) -> tuple[int, str]:
    assert answer.headers["Content-Type"] == "application/xml"
    found = re.search("<Code>(.*)</Code><Message>(.*)</Message>", answer.text)
    assert found
    return answer.status_code, f"{found[1]}: {found[2]}"
