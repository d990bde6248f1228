"""A service that does not answer: it is not asked for ever, and whoever is interrupted does not wait for it."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from tfgen.aws.failures import AwsError, Who
from tfgen.aws.pool import Pool
from tfgen.aws.session import Account

_INTERRUPTED = """
import os, signal, socket, sys, threading
from tfgen.aws.pool import Pool
from tfgen.boundary.exits import guarded, process
def run():
    with Pool(2) as pool:
        waiting = [pool.submit(socket.create_connection(("127.0.0.1", int(sys.argv[1]))).recv, 1) for _ in range(9)]
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM)).start()
        waiting[0].result()
process(lambda: guarded(run))
"""

_USAGE = """
import os, signal, socket, sys, threading
from types import SimpleNamespace
from tfgen.aws.usage import ask
from tfgen.boundary.exits import guarded, process
def hang(*_, **__):
    return socket.create_connection(("127.0.0.1", int(sys.argv[1]))).recv(1)
def run():
    account = SimpleNamespace(region="x", prepare=lambda *_: None, call=hang, pages=hang)
    with ask.RegionAsker(account, 1) as asker:
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM)).start()
        ask.ask(asker)
process(lambda: guarded(run))
"""


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that accepts, and says nothing."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(50)
        yield listening.getsockname()[1]


def test_who_is_interrupted_does_not_wait_for_answers(silent: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED, str(silent)], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stderr) == (130, "error: interrupted\n")


def test_the_question_who_uses_amis_waits_for_nothing_either(silent: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _USAGE, str(silent)], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stderr) == (130, "error: interrupted\n")


def test_what_has_not_begun_is_not_asked_after_an_error() -> None:
    asked: list[int] = []
    free = threading.Event()

    def fail() -> None:
        with Pool(1) as pool:
            pool.submit(free.wait)
            for number in range(9):
                pool.submit(asked.append, number)
            raise AwsError("x", code="ExpiredToken")

    with pytest.raises(AwsError):
        fail()
    free.set()
    time.sleep(0.05)
    assert asked == []


class _Session:
    def __init__(self) -> None:
        self.asked: list[str] = []

    def client(self, service: str, **_: object) -> Any:
        def ask(**_: object) -> Any:
            self.asked.append(service)
            raise ReadTimeoutError(endpoint_url=service)

        identity = {"Account": "1", "Arn": "arn:aws:sts::1:x"}
        pages = SimpleNamespace(paginate=ask)
        return SimpleNamespace(get_caller_identity=lambda: identity, ask=ask, get_paginator=lambda _: pages)


@pytest.mark.parametrize(("threads", "asked"), [(8, ["ec2", "events"]), (1, ["ec2", "ec2", "ec2", "events"])])
def test_a_service_that_does_not_answer_is_not_asked_again(threads: int, asked: list[str]) -> None:
    session = _Session()
    account = Account(Who(profile="", region="x"), session, threads=threads)
    for _ in range(2):
        with pytest.raises(AwsError, match="Read timeout"):
            account.call("ec2", "ask")
    with pytest.raises(AwsError, match="Read timeout"):
        list(account.pages("ec2", "ask", "X"))
    with pytest.raises(AwsError, match="Read timeout"):
        list(account.pages("events", "ask", "X"))
    assert session.asked == asked
