"""`tfgen build --local` that is stopped, killed or left alone: what runs may clean up, and nothing stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.conftest import JSON, Command, Repo
from tests.functional.local_builds import Estate, alive, estate, spec, wait_for
from tfgen.build.local import build_locally
from tfgen.codebuild.outcome import BuildOutcome, LocalOptions
from tfgen.codebuild.processes import LogView, Processes
from tfgen.workspace import locked, open_workspace
from tfgen_generators.errors import BusyError, InterruptedRunError

#: A command like Packer's: told to stop, it cleans up and says so. Its pipe's reader dies of the same signal.
_CLEANS = """\
(trap 'sleep 1; echo cleaned >>"$STATE/cleaned"; exit 1' TERM; echo $BASHPID >"$STATE/pid"
 while :; do sleep 0.1; done) | cat
"""
#: One that does not listen.
_DEAF = """\
trap '' TERM INT; echo $BASHPID >"$STATE/pid"; while :; do sleep 0.1; done
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files of its own, so that what is left there is seen."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Where commands tell what becomes of them."""
    folder = tmp_path / "state"
    folder.mkdir()
    return folder


def pid(state: Path) -> int:
    return int((state / "pid").read_text())


def running(repo: Repo, cli: Command, command: str) -> Estate:
    return estate(repo, cli, spec(build=["echo log >packer-build.log", command], post_build=["touch post"]))


def started(built: Estate, state: Path, *arguments: str) -> subprocess.Popen[str]:
    process = built.start("--env", f"STATE={state}", *arguments)
    wait_for(lambda: (state / "pid").is_file() and (state / "pid").read_text().strip(), "the command runs", process)
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_signal_lets_it_clean_up(
    repo: Repo, cli: Command, state: Path, temporary: Path, number: signal.Signals
) -> None:
    built = running(repo, cli, _CLEANS)
    process = started(built, state)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert out == ""
    assert (state / "cleaned").read_text() == "cleaned\n"
    assert not alive(pid(state))
    assert "[tfgen] interrupted; the build has 10 minutes to clean up" in err
    assert "error: web: the build was interrupted" in err
    kept = {path.name for path in (built.root / ".tfgen/build/web").iterdir()}
    assert "packer-build.log" in kept
    assert "post" not in kept
    assert list(temporary.iterdir()) == []


def test_two_signals_kill_it(repo: Repo, cli: Command, state: Path, temporary: Path) -> None:
    process = started(running(repo, cli, _DEAF), state)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    assert any("interrupted;" in line for line in process.stderr)
    assert alive(pid(state))
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert not alive(pid(state))
    assert list(temporary.iterdir()) == []


def test_the_next_image_is_not_begun(repo: Repo, cli: Command, state: Path) -> None:
    built = estate(repo, cli, spec(build=[_CLEANS]), {"packer/zoo.json": JSON})
    process = started(built, state, "zoo")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "building zoo" not in err


@pytest.fixture
def late(state: Path, monkeypatch: pytest.MonkeyPatch) -> LocalOptions:
    """The time is up as soon as the command runs."""
    clock = SimpleNamespace(monotonic=lambda: 1e9 if (state / "pid").is_file() else 0.0)
    monkeypatch.setattr("tfgen.codebuild.processes.time", clock)
    return LocalOptions(environment={"STATE": str(state)}, region="eu-west-1")


def test_the_time_is_up(
    repo: Repo, cli: Command, state: Path, late: LocalOptions, capfd: pytest.CaptureFixture[str]
) -> None:
    running(repo, cli, _CLEANS)
    (outcome,) = build_locally(open_workspace(), ["web"], late)
    assert (state / "cleaned").is_file()
    assert (outcome.succeeded, outcome.reason) == (False, "timeout (--timeout); it was stopped")
    assert "[tfgen] timeout; the build has 10 minutes to clean up" in capfd.readouterr().err
    assert Path(outcome.artifacts, "tfgen.toml").is_file()


def test_a_signal_while_it_cleans_up_is_an_interrupt(
    repo: Repo, cli: Command, state: Path, late: LocalOptions, capfd: pytest.CaptureFixture[str]
) -> None:
    built = running(repo, cli, _DEAF)

    def interrupt() -> None:
        wait_for(
            lambda: [path for path in logs.glob("*.log") if "timeout; the build" in path.read_text()], "it is late"
        )
        os.kill(os.getpid(), signal.SIGINT)

    logs = built.root / ".tfgen/log"
    interrupting = threading.Thread(target=interrupt)
    interrupting.start()
    with pytest.raises(InterruptedRunError):
        build_locally(open_workspace(), ["web"], late)
    interrupting.join()
    assert not alive(pid(state))


def test_what_is_in_another_session_is_told_to_stop_too(repo: Repo, cli: Command, state: Path) -> None:
    away = """setsid bash -c 'trap "echo cleaned >$STATE/cleaned; exit" TERM; touch "$STATE/away"
      while :; do sleep 0.1; done' & while [ ! -e "$STATE/away" ]; do sleep 0.1; done"""
    process = started(running(repo, cli, f'{away}; echo $! >"$STATE/pid"; while :; do sleep 0.1; done'), state)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert (state / "cleaned").is_file()
    assert not alive(pid(state))


def test_what_was_built_before_an_error_is_handed_over(repo: Repo, cli: Command) -> None:
    estate(repo, cli, spec(build=["true"]), {"packer/zoo.json": JSON})
    workspace, done = open_workspace(), list[BuildOutcome]()
    with locked(workspace, "build-zoo", timeout=0), pytest.raises(BusyError):
        build_locally(workspace, ["web", "zoo"], LocalOptions(region="eu-west-1"), done.append)
    assert [(outcome.name, outcome.succeeded) for outcome in done] == [("web", True)]


def test_what_does_not_clean_up_in_time_is_killed(tmp_path: Path, state: Path) -> None:
    def interrupt() -> None:
        wait_for(lambda: (state / "pid").is_file() and (state / "pid").read_text().strip(), "it runs")
        processes.signalled(signal.SIGINT, None)

    path = tmp_path / "log"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    view = LogView(path, descriptor)
    processes = Processes(tmp_path / "none", view, keep=True, timeout=80, grace=1)
    interrupting = threading.Thread(target=interrupt)
    interrupting.start()
    ended = processes.run(["bash", "-c", _DEAF], cwd=tmp_path, env={**os.environ, "STATE": str(state)})
    interrupting.join()
    assert (ended.code, processes.interrupted, processes.killed) == (-signal.SIGKILL, True, False)
    assert not alive(pid(state))
    processes.end()
    view.close()
    os.close(descriptor)


def test_tfgen_is_killed_and_the_build_ends_in_order(repo: Repo, cli: Command, state: Path, temporary: Path) -> None:
    built = running(repo, cli, _CLEANS)
    process = started(built, state)
    process.kill()
    process.communicate(timeout=60)
    wait_for((state / "cleaned").is_file, "it cleans up")
    wait_for(lambda: not list(temporary.iterdir()), "the copy is gone")
    (log,) = (built.root / ".tfgen/log").glob("*build-web*")
    wait_for(lambda: "the build has ended" in log.read_text(), "the log says so")
    assert "tfgen was killed; stopping the build" in log.read_text()
    assert "post_build" not in log.read_text().lower()
    assert not alive(pid(state))


def test_what_a_build_leaves_running_ends_with_it(repo: Repo, cli: Command, state: Path) -> None:
    command = 'setsid sleep 600 & echo $! >"$STATE/setsid"; (sleep 600 & echo $! >"$STATE/pid")'
    still = 'kill -0 "$(cat "$STATE/pid")"; kill -0 "$(cat "$STATE/setsid")"'
    built = estate(repo, cli, spec(build=[command], post_build=[still]))
    built.build("--env", f"STATE={state}").expect(0)
    assert not alive(pid(state))
    assert not alive(int((state / "setsid").read_text()))


def test_nobody_reads_what_is_said(repo: Repo, cli: Command, state: Path) -> None:
    flood = 'echo $$ >"$STATE/pid"; while [ ! -e "$STATE/go" ]; do sleep 0.1; done; seq 100000; echo the end'
    built = estate(repo, cli, spec(build=[flood], post_build=["touch post"]))
    process = started(built, state)
    assert process.stderr is not None
    process.stderr.close()
    (state / "go").touch()
    assert process.wait(timeout=60) == 0
    wait_for((built.root / ".tfgen/build/web/post").is_file, "the build goes on")
    (log,) = (built.root / ".tfgen/log").glob("*build-web*")
    assert "the end\n" in log.read_text()


def test_what_runs_the_commands_is_killed(repo: Repo, cli: Command, state: Path) -> None:
    built = running(repo, cli, 'echo $$ >"$STATE/pid"; kill -KILL $PPID; sleep 600')
    outcome = built.outcome("--env", f"STATE={state}", code=1)
    assert outcome["reason"].startswith("the process that runs the build's commands was killed")
    wait_for(lambda: not alive(pid(state)), "the command is stopped")


def test_the_same_image_twice_at_once(repo: Repo, cli: Command, state: Path) -> None:
    built = running(repo, cli, _CLEANS)
    process = started(built, state)
    error = built.build().expect(75).err
    assert "another tfgen build-web is running in this repository" in error
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
