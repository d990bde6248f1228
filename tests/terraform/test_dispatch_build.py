"""The dispatcher as it runs: its buildspec as CodeBuild runs it, two processes at once, and one that is killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Command, Repo
from tests.pinned import REQUIREMENT
from tests.terraform.conftest import ROOT
from tests.terraform.dispatch_estate import IMAGES, REPOSITORY, TABLE, DispatchEstate, git
from tests.terraform.state_estate import Aws
from tfgen.codebuild.buildspec import read_buildspec
from tfgen.codebuild.processes import LogView, Processes
from tfgen.codebuild.runner import Result, Run
from tfgen.emulator.pipeline_run import HEADS, Play, played

BASE_ROLE = "ansible/roles/base/tasks/main.yml"
BUILDSPEC = "terraform/modules/dispatcher/buildspec.yml"
#: Where this tree's packages are: the buildspec lets no PYTHONPATH through.
SOURCES = (ROOT / "cli", ROOT / "generators")
#: Stands for the venv's: pip installs nothing here, and tfgen is the one that is tested.
PYTHON = '#!/bin/sh\n[ "$1 $2 $3" = "-I -m venv" ] || exit 9\nmkdir -p "$4/bin"\n{}\n'
FAKE = (
    'printf \'#!/bin/sh\\necho "$@" >>"{log}"\\n\' >"$4/bin/python"\n'
    'printf \'#!/bin/sh\\nPYTHONPATH="{path}" exec "{python}" -m tfgen "$@"\\n\' >"$4/bin/tfgen"\n'
    'chmod +x "$4/bin/python" "$4/bin/tfgen"'
)


@pytest.fixture
def built(aws: Aws, repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[DispatchEstate]:
    monkeypatch.setenv("TFGEN_POLL", "0.01")
    estate = DispatchEstate(root=repo({}), aws=aws, cli=cli)
    assert set(estate.statuses().values()) == {"succeeded"}
    yield estate
    HEADS.pop(REPOSITORY, None)


GIVEN = {
    "TFGEN_REQUIREMENT": REQUIREMENT,
    "TFGEN_DISPATCH_TABLE": TABLE,
    "TFGEN_DISPATCH_BRANCH": "main",
    "TFGEN_DISPATCH_RETRY": "false",
}


@pytest.fixture
def pip_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the buildspec asks pip for; nothing is installed."""
    log, programs = tmp_path / "pip", tmp_path / "programs"
    programs.mkdir()
    path = os.pathsep.join(map(str, SOURCES))
    fake = FAKE.format(log=log, python=sys.executable, path=path)
    (programs / "python3").write_text(PYTHON.format(fake))
    (programs / "python3").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return log


def test_the_buildspec_as_codebuild_runs_it(built: DispatchEstate, tmp_path: Path, pip_log: Path) -> None:
    built.push({BASE_ROLE: "- debug:\n"})
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(built.root), str(clone))
    result = run_buildspec(clone, tmp_path / "build")
    assert result.status == "SUCCEEDED", (tmp_path / "build/log").read_text()
    assert pip_log.read_text() == f"-I -m pip --isolated install --quiet --disable-pip-version-check {REQUIREMENT}\n"
    # It has started the parent, and has gone: the parent's end starts the next one.
    assert built.all_started() == {"app": 1, "base": 2, "other": 1, "web": 1}
    end(built, "base")
    assert run_buildspec(clone, tmp_path / "next").status == "SUCCEEDED"
    assert built.all_started() == {"app": 2, "base": 2, "other": 1, "web": 2}
    for name in ("app", "web"):
        end(built, name)
    assert run_buildspec(clone, tmp_path / "last").status == "SUCCEEDED"
    assert built.all_started() == {"app": 2, "base": 2, "other": 1, "web": 2}
    assert built.item("web")["good"] == git(clone, "rev-parse", "HEAD")


def end(built: DispatchEstate, name: str) -> None:
    """The image's execution goes on to its end, as AWS's do by themselves."""
    pipeline = f"{name}-ami-pipeline"
    newest = built.pipelines.executions(pipeline)[0]["pipelineExecutionId"]
    codepipeline = built.client("codepipeline")
    for _ in range(50):
        found = codepipeline.get_pipeline_execution(pipelineName=pipeline, pipelineExecutionId=newest)
        if found["pipelineExecution"]["status"] != "InProgress":
            return
    raise AssertionError(name)


@pytest.mark.usefixtures("pip_log")
def test_it_waits_for_no_build_and_what_it_began_is_taken_up(built: DispatchEstate, tmp_path: Path) -> None:
    built.push({BASE_ROLE: "- debug:\n"})
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(built.root), str(clone))
    with played("base-ami-pipeline", Play(hold="BUILD")):
        assert run_buildspec(clone, tmp_path / "build").status == "SUCCEEDED"
    built.push({"README.md": "one more push\n"})
    assert built.statuses() == dict.fromkeys(("base", "app", "web"), "succeeded")
    assert built.all_started() == {"app": 2, "base": 2, "other": 1, "web": 2}


def run_buildspec(source: Path, folder: Path, timeout: int = 120) -> Result:
    """The module's buildspec in `source`, by our own runner; its environment is ours and GIVEN."""
    folder.mkdir()
    log = folder / "log"
    descriptor = os.open(log, os.O_RDWR | os.O_CREAT | os.O_APPEND)
    view = LogView(log, descriptor)
    processes = Processes(folder, view, keep=True, timeout=timeout)
    run = Run(
        read_buildspec((ROOT / BUILDSPEC).read_text(), BUILDSPEC),
        processes,
        {**os.environ, **GIVEN, "CODEBUILD_BUILD_SUCCEEDING": "1", "CODEBUILD_SRC_DIR": str(source)},
        source=source,
        state=folder,
        shell="/bin/sh",
        env_program=shutil.which("env") or "env",
    )
    try:
        return run.run()
    finally:
        processes.end()
        view.close()
        os.close(descriptor)


def test_two_processes_at_once_start_each_image_once(built: DispatchEstate) -> None:
    built.push({BASE_ROLE: "- debug:\n"})
    both = [built.begin() for _ in range(2)]
    said = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert built.all_started() == {"app": 2, "base": 2, "other": 1, "web": 2}
    assert all("due" not in built.item(name) for name in ("app", "web"))


def test_one_that_is_killed_while_it_waits_is_taken_up(built: DispatchEstate) -> None:
    built.push({BASE_ROLE: "- debug:\n"})
    with played("base-ami-pipeline", Play(hold="BUILD")):
        process = built.begin()
        until = time.monotonic() + 60
        while built.started("base") < 2:
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
        process.kill()
        process.communicate(timeout=60)
    built.push({"README.md": "one more push\n"})
    assert built.statuses() == dict.fromkeys(("base", "app", "web"), "succeeded")
    assert built.all_started() == {"app": 2, "base": 2, "other": 1, "web": 2}


def test_a_pipeline_that_is_destroyed_meanwhile_is_waited_for_no_longer(built: DispatchEstate) -> None:
    built.push({BASE_ROLE: "- debug:\n", "ansible/roles/other/tasks/main.yml": "- debug:\n"})
    with played("base-ami-pipeline", Play(hold="BUILD")):
        process = built.begin()
        assert process.stderr
        for line in process.stderr:
            if line.startswith("base > started"):
                break
        built.client("codepipeline").delete_pipeline(name="base-ami-pipeline")
        out, err = process.communicate(timeout=60)
    assert process.returncode == 1, err
    found = {each["name"]: each["status"] for each in json.loads(out)["images"]}
    assert found == {"base": "lost", "app": "blocked", "web": "blocked", "other": "succeeded"}


def test_an_interrupt_says_what_goes_on(built: DispatchEstate) -> None:
    built.push({BASE_ROLE: "- debug:\n"})
    with played("base-ami-pipeline", Play(hold="BUILD")):
        process = built.begin()
        assert process.stderr
        for line in process.stderr:
            if line.startswith("base > started"):
                break
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted: stopped waiting for the builds; started builds go on" in err
    assert "base (" in err
    assert json.loads(out)["images"] == []
    assert built.statuses() == dict.fromkeys(("base", "app", "web"), "succeeded")
    assert {name: built.started(name) for name in IMAGES}["base"] == 2
