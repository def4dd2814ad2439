"""A program that is asked to end hears of it, even while its loop sleeps."""

import os
import signal
import sys

import pytest
from pytestqt.qtbot import QtBot

from desktop.work.end_signals import end_signals


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to send")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_becomes_a_call_and_the_old_handler_comes_back(qtbot: QtBot, number: signal.Signals) -> None:
    before = signal.getsignal(number)
    heard: list[str] = []
    with end_signals(lambda: heard.append("end")):
        os.kill(os.getpid(), number)
        qtbot.waitUntil(lambda: heard == ["end"])
    assert signal.getsignal(number) is before
