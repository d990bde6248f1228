"""Signals that come while Terraform is being started."""

from __future__ import annotations

import signal
import subprocess

import pytest

from tfgen.terraform.processes.process import _Stop


@pytest.fixture
def process() -> subprocess.Popen[bytes]:
    """One that ignores SIGINT."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return subprocess.Popen(["sleep", "60"], start_new_session=True)
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("numbers", [[signal.SIGINT, signal.SIGTERM], [signal.SIGHUP, signal.SIGINT, signal.SIGINT]])
def test_two_signals_before_its_start_kill_it(numbers: list[int], process: subprocess.Popen[bytes]) -> None:
    told: list[bool] = []
    stop = _Stop(told.append, 60)
    for number in numbers:
        stop(number, None)
    assert told == [False]
    stop.started(process, None)
    stop.cancel_timer()
    assert process.wait(timeout=30) == -signal.SIGKILL
    assert told == [False, True]
    assert stop.killed


def test_one_signal_before_its_start_asks_it_to_stop(process: subprocess.Popen[bytes]) -> None:
    stop = _Stop(lambda killed: None, 60)
    stop(signal.SIGTERM, None)
    stop.started(process, None)
    stop.cancel_timer()
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=0.05)
    assert not stop.killed
    process.kill()
    process.wait(timeout=30)
