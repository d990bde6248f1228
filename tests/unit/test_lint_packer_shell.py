"""What lint says of a shell script, against what dash and bash do with it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tfgen_generators.lint.rules.scripts.programs import ShellOptions, is_cleanup, program
from tfgen_generators.lint.rules.scripts.scripts import hidden_failures
from tfgen_generators.shell.commands import Command

#: Programs that fail, in the tests that run scripts; the others are the real ones.
FAILING = ("apt-get", "curl", "wget", "make", "pip", "dpkg", "my-tool")

HIDDEN = [
    "false | true",
    "curl x | bash",
    "sudo -E curl x | bash",
    "DEBIAN_FRONTEND=noninteractive apt-get install x | tee log",
    "my-tool 2>&1 | tee log",
    "curl x | sed s/a/b/ > out",
    "curl x |\n  bash",
    "curl x \\\n  | bash",
    "apt-get update && apt-get install x\necho done",
    "cd /nowhere && true\necho done",
    "echo first && curl x && echo second; echo done",
    "set -e; set +e\napt-get update\necho done",
    "set -euo pipefail; set +o pipefail; curl x | cat",
    "case $PATH in a|b) : ;; *) curl x | bash ;; esac",
    "f() { curl x | bash; }; f",
    "if true; then curl x | bash; fi",
    "echo 'a && b' # c\ncurl x | bash # d | e",
    "cat <<EOF >out\na | b\nEOF\ncurl x | bash",
    "for i in 1 2; do curl x | bash; done",
    "cat <<'E F' >out\ncurl y | bash\nE F\ncurl x | bash",
    "curl x <<EOF | cat >out\na | b\nEOF",
    "case x in 'a b'|\"c|d\") curl y ;; esac; curl x | bash",
]
SEEN = [
    "curl x",
    "curl x | tar -xz",
    "curl x | grep -q y",
    "curl x | sha256sum -c",
    "false || curl x",
    "set -o pipefail; curl x | bash",
    "true && apt-get update",
    "echo first\napt-get update && apt-get install x",
    "f() { apt-get update && apt-get install x; }; f; echo done",
    "(apt-get update && apt-get install x); echo done",
    "echo 'curl x | bash'; false",
    "cat <<'EOF' >out\ncurl x | bash\nEOF\nfalse",
    "cat <<-EOF >out\n\tcurl x | bash\n\tEOF\nfalse",
    "# curl x | bash \\\nfalse",
    "set +e\nset -e\ncurl x",
    "cat <<'E F' >out\ncurl x | bash\nE F\nfalse",
    "(apt-get update && apt-get install x\n); echo done",
    "cat <(curl x | bash) && false",
]
#: Nobody has to see these: a condition, a question, a failure that is an answer. They succeed.
ALL_RIGHT = [
    "if curl x | grep y; then echo a; fi",
    "! curl x | bash",
    "echo y | cat",
    "yes | head -1",
    "[ -f /nowhere ] && curl x; echo done",
    "dpkg -l | cat",
    "curl x | bash || echo failed",
    "x=$(curl x | cat)",
    "make && exit 0; echo not made",
    "cd /tmp && true; echo done",
    "apt-get remove x && true; echo done",
    "set +e\nmake\ncode=$?\nset -e\necho $code",
    "case a|b in a|b) ;; esac",
    'echo "a | b" | cat',
    "make && ((made++)); echo done",
    "{{ .Vars }} sh {{ .Path }}\ncurl x | bash",
]


def _run(shell: str, script: str, folder: Path) -> int:
    stubs = folder / "stubs"
    stubs.mkdir()
    for name in FAILING:
        (stubs / name).write_text("#!/bin/sh\nexit 7\n")
        (stubs / name).chmod(0o755)
    (stubs / "sudo").write_text('#!/bin/sh\n[ "$1" != -E ] || shift\nexec "$@"\n')
    (stubs / "sudo").chmod(0o755)
    (folder / "script").write_text(f"PATH={stubs}:$PATH\n{script}\n")
    run = subprocess.run([shell, "-e", "script"], cwd=folder, capture_output=True, check=False)
    return run.returncode


def _found(script: str) -> list[str]:
    return [message for _, message, _ in hidden_failures(script, " -e")]


@pytest.mark.parametrize("script", HIDDEN)
@pytest.mark.parametrize("shell", ["/bin/sh", "/bin/bash"])
def test_a_failure_that_the_shell_hides_is_found(script: str, shell: str, tmp_path: Path) -> None:
    if "pipefail" in script and shell == "/bin/sh":
        shell = "/bin/bash"
    assert _run(shell, script, tmp_path) == 0, "the shell does see it"
    assert len(_found(script)) == 1


@pytest.mark.parametrize("script", SEEN)
def test_a_failure_that_the_shell_sees_is_not(script: str, tmp_path: Path) -> None:
    assert _run("/bin/bash", script, tmp_path) != 0, "the shell does not see it"
    assert _found(script) == []


@pytest.mark.parametrize("script", ALL_RIGHT)
def test_questions_and_answers_are_left_alone(script: str) -> None:
    assert _found(script) == []


def test_the_line_is_that_of_the_command() -> None:
    text = "# one \\\necho 'two\nthree'\ncat <<EOF\nfive \\\nEOF\nEOF\necho \\\n  nine\ncurl x | bash\n"
    assert [pipeline.line for pipeline, _, _ in hidden_failures(text, " -e")] == [9]


def test_behind_something_that_is_no_shell_nothing_is_found() -> None:
    text = "curl x | bash\nexec 3<>log\ncurl y | bash\n"
    assert [pipeline.line for pipeline, _, _ in hidden_failures(text, " -e")] == [0]


def test_without_errexit_there_is_nothing_to_hide() -> None:
    assert hidden_failures("curl x | bash\n", "") == []


@pytest.mark.parametrize(
    ("text", "errexit", "pipefail"),
    [
        ("", False, False),
        ("-e", True, False),
        ("-eux", True, False),
        ("-euo pipefail", True, True),
        ("-e -o pipefail", True, True),
        ("-o errexit", True, False),
        ("-e +e", False, False),
        ("-eo pipefail +o pipefail", True, False),
        ("--norc", False, False),
    ],
)
def test_options(text: str, errexit: bool, pipefail: bool) -> None:
    options = ShellOptions(text)
    assert (options.errexit, options.pipefail) == (errexit, pipefail)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("sudo apt-get update", "apt-get"),
        ("sudo -u deploy -E make", "make"),
        ("A=1 B=2 env C=3 make", "make"),
        ("timeout 30 curl x", "curl"),
        ("command -v curl", "command"),
        ("A=1", ""),
    ],
)
def test_what_is_run(text: str, name: str) -> None:
    assert program(Command(words=tuple(text.split()), line=0))[0] == name


@pytest.mark.parametrize(
    "text", ["rm x", "(( x++ ))", "sudo umount /mnt", "systemctl stop x", "apt-get remove -y x", "grep a b", "kill 1"]
)
def test_clean_up_may_fail(text: str) -> None:
    assert is_cleanup(Command(words=tuple(text.split()), line=0))


BROKEN = ["'", '"', "$(", "${", "`", "\\", "|", "||", "&&", ";;", "case", "<<", "<<EOF", "((", "))"]  # fmt: skip


@pytest.mark.parametrize("text", ["", "case x in", *BROKEN, "a" * 5000 + "|" * 5000, "$(" * 3000, "<<E\n" * 2000])
def test_broken_text_is_read_to_its_end(text: str) -> None:
    hidden_failures(text, " -e")
