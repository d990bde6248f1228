"""A short shell text that is read line by line runs what it runs when it is read as one."""

from __future__ import annotations

import random

import pytest

from tests import depth
from tfgen_generators.shell import commands
from tfgen_generators.shell.commands import Pipelines, read_pipelines

LINES = (
    *("set -e", "sudo apt-get update", "", "# a comment", "apt-get install -y a b || exit 1", "a && b; c &"),
    *("curl -fsSL https://example.com/key.gpg | sudo apt-key add -", "echo 'a b' | sudo tee /etc/x.list", "x=1"),
    *("for i in 1 2 3; do echo $i; done", "if [ -e /x ]; then rm -rf /x; fi", "if true", "then", "fi", "do", "done"),
    *("while ! curl x; do sleep 1; done", "f() { a; }", "f()", "{ a; }", "( a )", "(", ")", "case $x in", "a) b;;"),
    *("esac", "cat <<EOF", "EOF", "a \\", "\\$a b", "a=1 b=2", "a=1 b=2 c", "echo 'x", "y'", 'echo "', '"', "!", "a !"),
    *("> x", "a >x 2>&1", "x[1]=2", "[[ a = b ]] && c", "a |", "| b", "&& c", "$(a)", "`a`", "export A=b", "time a"),
    *("function f", "sh -c 'a | tee log'", "echo ${x:-'a b'} \"$y\"", "a(b)", "trap x ERR", "set +e", "./x.sh -a b=c"),
)


def as_one(text: str, monkeypatch: pytest.MonkeyPatch) -> Pipelines:
    with monkeypatch.context() as patched:
        patched.setattr(commands, "_steps_by_line", lambda _text: None)
        return read_pipelines.__wrapped__(text)


@depth.deep
@pytest.mark.parametrize("seed", range(depth.amount(1, 21)))
def test_line_by_line_is_as_one(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    chance = random.Random(seed)
    read = 0
    for _ in range(1500):
        text = "\n".join(chance.choice(LINES) for _ in range(chance.randrange(2, 5)))
        read += commands._steps_by_line(text) is not None
        assert read_pipelines.__wrapped__(text) == as_one(text, monkeypatch), text
    assert read > 100


def test_each_line_beside_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    for one in LINES:
        for other in LINES[:: 3 if not depth.is_on() else 1]:
            text = f"{one}\n{other}"
            assert read_pipelines.__wrapped__(text) == as_one(text, monkeypatch), text
