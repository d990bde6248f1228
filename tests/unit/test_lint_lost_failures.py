"""Failures that loops, inner shells and `execute_command` lose."""

from __future__ import annotations

import pytest

from tfgen_generators.lint.rules.scripts.loops import lost_tries
from tfgen_generators.lint.rules.scripts.nested import lost_exit_code
from tfgen_generators.lint.rules.scripts.scripts import hidden_failures

LOST = [
    "for i in 1 2 3; do apt-get update && break; sleep 5; done\necho done",
    "for i in 1 2 3; do apt-get update && break || sleep 5; done\necho done",
    "for i in $(seq 5); do\n  if curl -fO x; then break; fi\n  sleep 1\ndone\ntar xf x",
    "n=0\nuntil [ $n -ge 5 ]; do\n  curl x && break\n  n=$((n+1))\ndone\necho done",
    "n=0; while [ $n -lt 5 ]; do sudo apt-get install -y x && break; n=$((n+1)); sleep 1; done; echo done",
    "for ((i = 0; i < 5; i++)); do make && break; done\necho done",
]
NOT_LOST = [
    "for i in 1 2 3; do apt-get update && break; [ $i = 3 ] && exit 1; sleep 5; done\necho done",
    "until apt-get update; do sleep 5; done",
    "while true; do apt-get update && break; sleep 5; done",
    "while :\ndo apt-get update && break; sleep 5; done",
    'ok=; for i in 1 2 3; do apt-get update && ok=1 && break; done; echo x; [ -n "$ok" ] || exit 1',
    "for i in 1 2 3; do apt-get update && break; sleep 5; done\nif [ $i = 3 ]; then exit 1; fi",
    "n=0\nuntil [ $n -ge 5 ]; do curl x && break; n=$((n+1)); done\necho a\n[ $n -lt 5 ]",
    "for i in 1 2 3; do test -f x && break; sleep 5; done\necho done",
    "for i in 1 2 3; do apt-get update; done",
    "for file in *; do grep -q x $file && break; done",
]


@pytest.mark.parametrize("text", LOST)
def test_a_loop_that_gives_up_in_silence(text: str) -> None:
    assert len(lost_tries(text)) == 1


@pytest.mark.parametrize("text", NOT_LOST)
def test_a_loop_that_says_so(text: str) -> None:
    assert lost_tries(text) == ()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ('sh -c "make install | tee log"', 1),
        ("sudo bash -c 'curl x | bash'", 1),
        ("bash -ec 'make 2>&1 | tee log'; echo done", 1),
        ("sudo sh -c \"sh -c 'make | tee log'\"", 1),
        ("bash -o pipefail -c 'make | tee log'", 0),
        ("bash -c 'set -o pipefail; make | tee log'", 0),
        ("sh -c 'echo x | tee log'", 0),
        ("sh -c 'make'", 0),
        ("if sh -c 'make | tee log'; then echo x; fi", 0),
        ("sh script.sh | cat; sh -c", 1),
        ("echo sh -c 'make | tee log'", 0),
    ],
)
def test_a_shell_inside_a_command(text: str, number: int) -> None:
    assert len(hidden_failures(text, " -e")) == number


@pytest.mark.parametrize(
    ("written", "lost"),
    [
        ("{{ .Vars }} sudo -E sh '{{ .Path }}'", False),
        ("chmod +x {{ .Path }}; {{ .Vars }} {{ .Path }}", False),
        ("echo 'vagrant' | {{.Vars}} sudo -S -E sh -eux '{{.Path}}'", False),
        ("{{ .Vars }} sh '{{ .Path }}' | tee /tmp/log", True),
        ("{{ .Vars }} bash -o pipefail -c '{{ .Path }} | tee /tmp/log'", False),
        ("sudo sh -c '{{ .Vars }} {{ .Path }} | tee /tmp/log'", True),
        ("{{ .Vars }} sh {{ .Path }} || true", True),
        ("{{ .Vars }} sh {{ .Path }} || exit 1", False),
        ("{{ .Vars }} sh {{ .Path }}; rm -f {{ .Path }}", True),
        ("{{ .Vars }} sh {{ .Path }}; code=$?; rm -f x; exit $code", False),
        ("set -e; {{ .Vars }} sh {{ .Path }}; rm -f x", False),
        ("{{ .Vars }} sh {{ .Path }} && rm -f x", False),
        ("{{ .Vars }} sh {{ .Path }} &", True),
        ("sudo -i bash", False),
    ],
)
def test_an_execute_command(written: str, lost: bool) -> None:
    assert bool(lost_exit_code(written)) == lost
