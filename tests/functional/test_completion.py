"""Tab: what a shell is offered, by its script's question; and in real shells."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

from tests.conftest import JSON, TOML, Command, Repo
from tests.e2e.tools import require_tool
from tests.functional.git_repo import git
from tfgen.cache.template_store import kept_names
from tfgen.completion.answer import answer
from tfgen.completion.shells import Question, asked
from tfgen.start import app_command
from tfgen.workspace import look_into
from tfgen_generators.lint.registry import all_rules

FILES = {"tfgen.toml": TOML, "packer/web.json": JSON, "packer/wiki.json": JSON, "packer/db.json": JSON}

#: With what `tfgen sync` writes: the same names, should the look take too long on a busy machine.
SYNCED = {**FILES, **{f"terraform/pipelines/pipeline_{name}.gen.tf": "" for name in ("web", "wiki", "db")}}


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process a look may take as long as a busy machine makes it."""
    monkeypatch.setattr("tfgen.completion.images._PATIENCE", 20)
    monkeypatch.setattr("tfgen.completion.refs._PATIENCE", 20)


def asking(line: str, shell: str) -> dict[str, str]:
    """The variables of a shell's script, with the words up to the cursor."""
    words = line.split(" ")
    return {
        "_TFGEN_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": "\n".join(words),
        "COMP_CWORD": str(len(words) - 1),
        "_TYPER_COMPLETE_ARGS": line,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }


def offered(line: str, shell: str = "bash") -> list[str]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in asking(line, shell).items():
            patch.setenv(name, value)
        return answer(app_command)[0].splitlines()


def run(line: str, shell: str = "bash", **environment: str) -> subprocess.CompletedProcess[str]:
    """As a script asks, by a process."""
    argv = [sys.executable, "-m", "tfgen"]
    env = {**os.environ, **asking(line, shell), **environment}
    return subprocess.run(argv, env=env, capture_output=True, text=True)


def committed(root: Path) -> None:
    git(root, "init", "-q", ".")
    git(root, "add", ".")
    git(root, "commit", "-qm", "one")


def test_names_of_images(repo: Repo) -> None:
    root = repo(FILES)
    assert offered("tfgen build ") == ["db", "web", "wiki"]
    assert offered("tfgen build w") == ["web", "wiki"]
    assert offered("tfgen build web w") == ["wiki"]
    assert offered("tfgen new x --from w") == offered("tfgen new x --like w") == ["web", "wiki"]
    assert offered("tfgen rename ") == offered("tfgen graph ") == ["db", "web", "wiki"]
    assert offered("tfgen plan --allow-destroy w") == offered("tfgen apply x --allow-action=w") == ["web", "wiki"]
    assert offered(f"tfgen -C {root} -C packer build d") == ["db"]
    assert not (root / ".tfgen").exists()


def test_names_of_the_last_look_and_those_that_are_found_in_time(
    repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else those of the generated files; a template that is broken does not keep the others back."""
    root = repo({**FILES, "packer/broken.json": "{"})
    assert "web" in offered("tfgen build ")
    generated = root / "terraform/pipelines/pipeline_old-one.gen.tf"
    generated.parent.mkdir(parents=True)
    generated.touch()

    def slow(*_arguments: object, **_options: object) -> None:
        time.sleep(10)

    monkeypatch.setattr("tfgen.completion.images._PATIENCE", 0.06)
    monkeypatch.setattr("tfgen_generators.sync.survey.find_templates", slow)
    assert offered("tfgen build ") == ["old-one"]
    monkeypatch.setattr("tfgen.cache.template_store.kept_names", lambda _workspace, stale: ["kept"] if stale else None)
    assert offered("tfgen build ") == ["kept", "old-one"]
    monkeypatch.setattr("tfgen.cache.template_store.kept_names", lambda _workspace, stale: ["kept"])
    assert offered("tfgen build ") == ["kept"]


def test_kept_names_are_those_of_the_last_look(repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tfgen.cache.template_store.WORTHWHILE", 1)
    root = repo(FILES)
    for path in (*root.rglob("*"), root):
        os.utime(path, (1, 1))
    monkeypatch.setattr("tfgen.cache.template_store.TICK", -(10**10))  # what was changed just now has settled
    cli("lint")
    workspace = look_into(root)
    assert kept_names(workspace) == ["db", "web", "wiki"]
    (root / "packer/new.json").write_text(JSON)
    assert kept_names(workspace) is None
    assert kept_names(workspace, stale=True) == ["db", "web", "wiki"]


def test_refs_and_branches(repo: Repo) -> None:
    """A branch whose name a shell would run is not offered: whoever can push one names it."""
    root = repo(FILES)
    committed(root)
    for name in ("stable", "$(touch${IFS}pwned)", "a'b", "`id`"):
        git(root, "branch", name)
    git(root, "tag", "v1.4")
    git(root, "update-ref", "refs/remotes/origin/main", "HEAD")
    assert sorted(offered("tfgen affected --base ")) == ["main", "origin/main", "stable", "v1.4"]
    assert offered("tfgen plan --base v") == offered("tfgen affected --head v") == ["v1.4"]
    assert sorted(offered("tfgen remote push ")) == sorted(offered("tfgen dispatch --branch ")) == ["main", "stable"]


def test_channels(repo: Repo) -> None:
    repo({**FILES, "tfgen.toml": f'{TOML}[publish]\nchannels = ["dev", "staging", "prod"]\n'})
    assert offered("tfgen promote w") == ["web", "wiki"]
    assert offered("tfgen promote web --to ") == ["dev", "staging", "prod"]
    assert offered("tfgen promote web --from s") == ["staging"]
    assert offered("tfgen rollback web p") == ["prod"]
    assert offered("tfgen rollback w") == ["web", "wiki"]
    repo({"tfgen.toml": "x ="})
    assert offered("tfgen rollback web p") == []


def test_rules_topics_choices_and_commands(repo: Repo) -> None:
    repo({})
    assert offered("tfgen lint --rule ") == sorted(rule.id for rule in all_rules())
    assert offered("tfgen lint --explain no-ma") == ["no-manifest"]
    assert "plan-and-apply" in offered("tfgen docs ")
    assert offered("tfgen list --format ") == ["table", "json"]
    assert offered("tfgen ap") == ["apply"]
    assert offered("tfgen remote ") == ["add", "push"]
    assert "--untrusted" in offered("tfgen plan --u")


@pytest.mark.parametrize(
    ("shell", "files"),
    [("bash", {}), ("zsh", {"tfgen.toml": "x ="}), ("fish", {"tfgen.toml": b"\xff"}), ("bash", {"packer": ""})],
)
def test_silent_on_error(shell: str, files: dict[str, str | bytes], repo: Repo) -> None:
    repo(files)
    done = run("tfgen build ", shell)
    assert done.stderr == ""
    assert done.stdout in ("", "_files\n")


def test_silent_on_odd_lines(repo: Repo) -> None:
    repo({})
    for line in ("tfgen 'a", "tfgen nonsense ", "tfgen build --nope "):
        assert set(offered(line)) <= set(offered("tfgen "))
    done = run("tfgen -C /nowhere build ")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    done = run("tfgen build ", COMP_CWORD="nonsense")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_value_after_the_sign() -> None:
    def bash(*words: str) -> Question:
        return asked("bash", {"COMP_WORDS": "\n".join(words), "COMP_CWORD": str(len(words) - 1)})

    assert bash("tfgen", "plan", "--base", "=", "ma") == Question(words=("plan", "--base"), incomplete="ma")
    assert bash("tfgen", "plan", "--base", "=") == Question(words=("plan", "--base"), incomplete="")
    found = asked("zsh", {"_TYPER_COMPLETE_ARGS": "tfgen plan --base=ma"})
    assert found == Question(words=("plan", "--base"), incomplete="ma", before="--base=")


def test_help_that_zsh_would_run_is_text(repo: Repo) -> None:
    repo({})
    (line,) = [line for line in offered("tfgen state", "zsh") if "state" in line]
    assert re.search(r"\"state\":\"Keep Terraform'\\''s state in S3\.\"", line)


def test_in_the_time_that_a_person_waits(repo: Repo) -> None:
    """The processor's time, of the best of three: 150 ms; more only where to import typer alone takes more than 50."""
    repo(SYNCED)

    def used(start: Callable[[], object]) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    typer = min(used(lambda: subprocess.run([sys.executable, "-c", "import typer"])) for _ in range(3))
    for line in ("tfgen build ", "tfgen "):
        assert min(used(lambda line=line: run(line, "fish")) for _ in range(3)) < max(0.150, 3 * typer), line  # type: ignore[misc]


#: How a shell is started that reads the files into which `--install-completion` writes.
SHELLS = {"bash": ("-i",), "zsh": ("-i",), "fish": ("-i",)}
#: What each of them writes when it has begun to read a line: pasted text is to be told apart.
READY = r"\x1b\[\?2004h"
#: What is typed before Tab -> the line that is run after it: a name, a ref, a rule, a command; and a file where tfgen
#: has nothing to offer.
TYPED = {
    "build we": "build web",
    "affected --base tru": "affected --base trunk",
    "plan --base=tru": "plan --base=trunk",
    "lint --rule no-mani": "lint --rule no-manifest",
    "disp": "dispatch",
    "apply revi": "apply review.tfplan",
}
#: tfgen for the shell's questions; else it writes down what it was given.
PROGRAM = """\
#!/bin/sh
case "$_TFGEN_COMPLETE$1" in
complete_*|--install-completion) exec {python} -m tfgen "$@" ;;
*) echo "$@" >> {log} ;;
esac
"""


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Puts `tfgen` on PATH; the file has the arguments of each call."""
    folder, log = tmp_path / "bin", tmp_path / "log"
    folder.mkdir()
    (folder / "tfgen").write_text(PROGRAM.format(python=sys.executable, log=log))
    (folder / "tfgen").chmod(0o755)
    log.touch()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("TERM", "xterm")
    return log


@pytest.mark.parametrize("shell", sorted(SHELLS))
def test_in_a_real_shell(shell: str, repo: Repo, log: Path) -> None:
    require_tool(shell)
    root = repo({**SYNCED, "review.tfplan": ""})
    committed(root)
    git(root, "branch", "-m", "trunk")
    git(root, "branch", "trap;touch${IFS}pwned")
    installed = subprocess.run([shell, "-c", "tfgen --install-completion; true"], capture_output=True, text=True)
    assert f"{shell} completion installed" in installed.stdout, installed.stderr
    with pexpect.spawn(shell, [*SHELLS[shell]], encoding="utf-8", timeout=60, dimensions=(40, 120)) as terminal:
        for number, (typed, whole) in enumerate(TYPED.items(), 1):
            terminal.expect(READY)
            terminal.send(f"tfgen {typed}\t\r")
            assert line_of(log, number, terminal) == whole, terminal.before
    assert not (root / "pwned").exists()


def line_of(log: Path, number: int, terminal: pexpect.spawn[str]) -> str:
    """A line of `log`, once it is there."""
    for _ in range(600):
        if len(lines := log.read_text().splitlines()) >= number:
            return lines[number - 1].rstrip()
        time.sleep(0.05)
    raise AssertionError(f"{log.read_text()!r}, and the terminal: {terminal.before!r}")
