"""A state that can be written nowhere is not lost: real Terraform, on file systems that are really full."""

from __future__ import annotations

import errno
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import JSON, TOY, Command, Repo
from tests.e2e.tools import give_up, require_tool
from tests.terraform.faults import mounted
from tfgen.state import errored
from tfgen.workspace import open_workspace

MODULE = "terraform/modules/codepipeline/main.tf"
FOLDER = "terraform/pipelines"


@pytest.fixture
def filling(repo: Repo, tfgen: Command) -> Path:
    """An estate whose apply fills the disk below the root module before Terraform saves its state."""
    fill = f'head -c 100000000 /dev/zero > "{FOLDER}/fill" 2>/dev/null; true'
    folder = '  provisioner "local-exec" {\n    working_dir = "${path.root}/../.."\n'
    run = f"{folder}    command = {json.dumps(fill)}\n  }}\n}}\n"
    root = repo({**TOY, MODULE: TOY[MODULE].rstrip().removesuffix("}") + run, "packer/web.json": JSON})
    tfgen("sync").expect(0)
    return root


def small(root: Path, *folders: str) -> str:
    """A script that puts the root module, and `folders`, on a file system that Terraform fills."""
    module = root / FOLDER
    mount = f"mount -t tmpfs -o size=96k none '{module}'"
    copy = f"cp -a '{module}/.' '{root}/copy' && {mount} && cp -a '{root}/copy/.' '{module}'"
    full = "".join(
        f" && mount -t tmpfs -o size=4k,mode=1777 none {shlex.quote(folder)} && {_fill(folder)}" for folder in folders
    )
    return f"mkdir -p '{root}/copy' && {copy}{full}"


def _fill(folder: str) -> str:
    return f"{{ head -c 8192 /dev/zero > {shlex.quote(f'{folder}/.full')} 2>/dev/null; true; }}"


def resources(state: bytes) -> list[str]:
    return [resource["module"] for resource in json.loads(state)["resources"]]


def test_a_state_that_finds_no_room_is_kept_in_the_backup(filling: Path, tfgen: Command) -> None:
    tfgen("plan", "--out", "saved").expect(0)
    done = mounted(small(filling), "apply", "saved")
    assert done.returncode == 1, done.stderr
    kept = re.search(r"the state could not be saved; it is in (\S+); run: tfgen state push-errored", done.stderr)
    assert kept is not None, done.stderr
    assert Path(kept[1]).parent == filling / ".tfgen/backup"
    assert Path(kept[1]).stat().st_mode & 0o777 == 0o600
    assert resources(Path(kept[1]).read_bytes()) == ["module.web"]
    assert "pushed the state from" in tfgen("state", "push-errored").expect(0).out
    assert "No changes" in tfgen("plan").expect(0).out


def test_it_goes_to_the_temporary_folder_when_the_backup_is_full(filling: Path, tfgen: Command) -> None:
    tfgen("plan", "--out", "saved").expect(0)
    (filling / ".tfgen/backup").mkdir()
    done = mounted(small(filling, f"{filling}/.tfgen/backup"), "apply", "saved")
    kept = re.search(r"the state could not be saved; it is in (\S+); run: tfgen state push-errored (\S+)", done.stderr)
    assert kept is not None, done.stderr
    file = Path(kept[1])
    try:
        assert filling not in file.parents
        assert resources(file.read_bytes()) == ["module.web"]
        tfgen("state", "push-errored", str(file)).expect(0)
    finally:
        file.unlink()
    assert "No changes" in tfgen("plan").expect(0).out


def test_it_is_printed_when_no_disk_takes_it(
    filling: Path, tfgen: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tfgen("plan", "--out", "saved").expect(0)
    mounted(small(filling), "apply", "saved")
    state, _ = errored.read_errored(open_workspace(), None)

    def full(*_: object) -> tuple[Path, int]:
        raise OSError(errno.ENOSPC, "No space left on device", "somewhere")

    for name in ("new_backup", "_in_temporary_folder", "_at_home"):
        monkeypatch.setattr(errored, name, full)
    said = errored.keep_dump(open_workspace(), state)
    assert "the state could not be saved anywhere ([Errno 28] No space left on device: 'somewhere'; " in said
    printed = capsys.readouterr().err
    assert resources(printed.partition(errored.BEGIN)[2].partition(errored.END)[0].encode()) == ["module.web"]
    (filling / "ci.log").write_text(f"2026-11-30 12:00 a line of CI\n{printed}{said}\n")
    tfgen("state", "push-errored", "ci.log").expect(0)
    assert "No changes" in tfgen("plan").expect(0).out


def _gone(*_: object) -> tuple[Path, int]:
    raise OSError(errno.EROFS, "Read-only file system", "somewhere")


STATE = b'{"version": 4, "serial": 1, "lineage": "x", "resources": []}'


def test_nobody_knows_where_home_is(
    filling: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A container's user without an entry in passwd, and without HOME."""
    for name in ("new_backup", "_in_temporary_folder"):
        monkeypatch.setattr(errored, name, _gone)
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", lambda number: dict[int, object]()[number])
    assert "could not be saved anywhere" in errored.keep_dump(open_workspace(), STATE)
    assert errored._state_in(capsys.readouterr().err.encode()) == STATE


#: Run as `sh -c`: stderr is a file on a disk that has room for 46 bytes more.
ON_A_FULL_DISK = """mkdir small && mount -t tmpfs -o size=4k none small && head -c 4050 /dev/zero > small/err &&
exec "$0" print.py 2>> small/err"""


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_stderr_is_on_the_full_disk_too(filling: Path, unbuffered: str) -> None:
    """It takes the beginning: what is whole is on stdout."""
    if os.geteuid() != 0:
        give_up("needs root, to mount a file system")
    printed = f"{errored.BEGIN}\n{STATE.decode()}\n{errored.END}\n"
    (filling / "print.py").write_text(f"from tfgen.state.errored import _print\n_print({printed!r})\n")
    done = subprocess.run(  # Python complains of stderr at its end
        [require_tool("unshare"), "--mount", "sh", "-c", ON_A_FULL_DISK, sys.executable],
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        capture_output=True,
    )
    assert errored._state_in(done.stdout) == STATE
    cut = f"{errored.BEGIN}\n{STATE.decode()[:30]}\n".encode()
    assert errored._state_in(cut + done.stdout) == STATE, "where both are one log"


def test_the_log_of_the_apply_will_do(filling: Path, tfgen: Command) -> None:
    tfgen("plan", "--out", "saved").expect(0)
    mounted(small(filling), "apply", "saved")
    log = max((filling / ".tfgen/log").glob("*-apply-*.log"))
    tfgen("state", "push-errored", str(log)).expect(0)
    assert "No changes" in tfgen("plan").expect(0).out


@pytest.mark.parametrize("text", ["", "{}", "no state here\n", '{"@message":"Emergency state dump"}\n'])
def test_what_holds_no_state_is_refused(filling: Path, tfgen: Command, text: str) -> None:
    (filling / "x").write_text(text)
    assert "x: no state found in it" in tfgen("state", "push-errored", "x").expect(1).err
    assert "file not found" in tfgen("state", "push-errored", "gone").expect(1).err
    assert "no unsaved state found" in tfgen("state", "push-errored").expect(1).err


def test_an_older_state_is_not_pushed_over_a_newer_one(filling: Path, tfgen: Command) -> None:
    tfgen("plan", "--out", "saved").expect(0)
    mounted(small(filling), "apply", "saved")
    tfgen("state", "push-errored").expect(0)
    state = filling / FOLDER / "terraform.tfstate"
    newer = json.loads(state.read_text())
    state.write_text(json.dumps({**newer, "serial": newer["serial"] + 5}))
    kept = next((filling / ".tfgen/backup").glob("errored.tfstate.*"))
    refused = tfgen("state", "push-errored", str(kept)).expect(1).err
    assert "state push failed (exit code 1)" in refused
    assert json.loads(state.read_text())["serial"] == newer["serial"] + 5
