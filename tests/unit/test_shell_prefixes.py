"""Programs before a command: the lint rules and the walk through a text see the same command behind them."""

from __future__ import annotations

import pytest

from tfgen_generators.lint.rules.scripts.programs import is_hidden_by, program
from tfgen_generators.shell.commands import Command
from tfgen_generators.shell.prefixes import behind
from tfgen_generators.shell.ran import Ran, effective

NAMES = (
    "builtin caffeinate chronic command coproc doas eatmydata env exec fakeroot ionice nice nohup setsid stdbuf sudo"
)
BEFORE = [
    *f"{NAMES} time unbuffer xargs".split(),
    *("/usr/bin/sudo", "sudo -E", "sudo -u www-data", "sudo -nu root", "sudo --user root", "sudo --user=root -H --"),
    *(
        "sudo A=b -u root",
        "sudo -g 1000 -- A=b",
        "sudo env A=b -- B=c",
        "env -i A=b",
        "env -u A",
        "env --unset A",
        "env -",
    ),
    *("timeout 5m", "timeout -k 1 -s KILL 30", "timeout --signal KILL ${LIMIT}", "timeout --foreground 0.5"),
    *("nice -n 10", "nice -10", "nice --adjustment 5", "ionice -c 2 -n7", "stdbuf -oL -e 0", "exec -a name"),
    *(
        "time -p",
        "time -f %e -o file",
        "xargs -0 -n1 -P 4",
        "xargs -I{}",
        "xargs -i",
        "xargs --max-procs 4",
        "command -p",
    ),
    "nohup nice -n 5 timeout 5 sudo -u a",
]


@pytest.mark.parametrize("before", BEFORE)
def test_both_see_the_same_command(before: str) -> None:
    words = (*before.split(), "7z", "-u", "x")
    assert effective(Ran(words=words)).words == ("7z", "-u", "x")
    assert program(Command(words=("C=d", *words), line=0)) == ("7z", ("-u", "x"))


@pytest.mark.parametrize("text", ["A=b x", "sudoedit x", "-u x"])
def test_nothing_stands_before(text: str) -> None:
    assert behind(text.split()).words == tuple(text.split())


@pytest.mark.parametrize("text", ["command -v x", "sudo command -V x", "command -pv x"])
def test_a_program_that_is_asked_for_is_not_run(text: str) -> None:
    assert behind(text.split()).asks
    assert program(Command(words=tuple(text.split()), line=0)) == ("command", ("x",))
    assert effective(Ran(words=tuple(text.split()))).words == ("x",)  # its file counts


@pytest.mark.parametrize("text", ["sudo", "sudo -u root", "env A=b", "timeout 5", "exec --"])
def test_nothing_stands_behind(text: str) -> None:
    assert behind(text.split()).words == ()


def test_what_is_set_and_where_it_runs() -> None:
    words = "sudo -D a A=1 env -C b --chdir=c B=2 env --chdir d xargs x"
    found = behind(words.split())
    assert found.sets == (("A", "1"), ("B", "2"))
    assert found.moves == ("a", "b", "c", "d")
    assert found.takes
    assert effective(Ran(words=("env", "-C", "a", "x"), folders=("r",))).folders == ("r/a",)


def test_xargs_does_not_read_for_its_command() -> None:
    made = Command(words=("curl", "x"), line=0)
    assert not is_hidden_by(made, Command(words=("tar", "x"), line=0))
    assert not is_hidden_by(made, Command(words=("sudo", "tar", "x"), line=0))
    assert is_hidden_by(made, Command(words=("xargs", "tar", "x"), line=0))
