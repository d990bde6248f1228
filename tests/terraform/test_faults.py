"""Interrupts and faults while a real Terraform runs: what the user sees, and what is left."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import JSON, TOY, Command, Repo, write_tree
from tests.e2e.tools import give_up, require_tool
from tests.terraform.conftest import Estate
from tests.terraform.toy import (
    ESTATE,
    PLAN,
    STATE,
    SYNC,
    after,
    applied_whole,
    faulty_terraform,
    processes_in,
    resources,
    slow_estate,
    start,
    stubborn_terraform,
    three_steps,
    wait_for,
)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_apply_stops_in_order(repo: Repo, tfgen: Command, number: signal.Signals) -> None:
    root = slow_estate(repo, tfgen)
    process = start("apply", "saved")
    wait_for(root / "terraform/pipelines/begun")
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "stopping: terraform finishes running operations" in err
    said = r"apply was interrupted after \d resource changes? \(applied: web \(\d of 3\)\); Terraform stopped cleanly"
    assert re.search(said, err)
    assert "Traceback" not in out + err
    assert "module.web.first" in resources(root)
    assert not (root / "terraform/pipelines/.terraform.tfstate.lock.info").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["plan", "--out", "new"], "error: plan was interrupted; nothing was changed in AWS"),
        (["apply", "saved"], "and Terraform was killed: its state may lack changes in progress"),
    ],
)
def test_the_second_interrupt_kills(repo: Repo, tfgen: Command, arguments: list[str], says: str) -> None:
    root = slow_estate(repo, tfgen)
    stubborn = stubborn_terraform(root, arguments[0])
    process = start(*arguments, "--terraform", str(stubborn))
    wait_for(root / "terraform/pipelines/begun")
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert process.poll() is None, "one interrupt must not kill"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "killing terraform" in err
    assert says in err
    assert subprocess.run(["pgrep", "-f", str(stubborn)], capture_output=True, check=False).stdout == b""
    assert [path.name for path in root.iterdir() if "new" in path.name] == []


def test_an_interrupted_plan_with_the_real_provider(
    estate: Estate, tfgen: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Terraform and its provider wait for an AWS that does not answer; Ctrl-C ends all of it."""
    root = estate.folder.parents[1]
    write_tree(root, {"tfgen.toml": TOY["tfgen.toml"], "packer/web.json": JSON})
    estate.generated.unlink()
    monkeypatch.chdir(root)
    for name, value in estate.environment.items():
        monkeypatch.setenv(name, value)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        override = estate.folder / "tfgen_emulator_override.tf"
        text = override.read_text()
        override.write_text(text.replace(estate.emulator.endpoint, f"http://127.0.0.1:{silent.getsockname()[1]}"))
        tfgen("sync").expect(0)
        process = start("plan", "--out", "saved")
        silent.settimeout(60)
        connection, _ = silent.accept()
        with connection:
            process.send_signal(signal.SIGINT)
            time.sleep(2)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "error: plan was interrupted; nothing was changed in AWS" in err
    assert not (root / "saved").exists()
    assert processes_in(root) == {}


def test_a_log_collector_that_dies_does_not_kill_an_apply(repo: Repo, tfgen: Command) -> None:
    root = three_steps(repo, tfgen)
    process = start("apply", "saved")
    assert process.stderr is not None
    while process.stderr.readline() != "terraform apply ...\n":
        assert process.poll() is None
    process.stderr.close()
    wait_for(root / "terraform/pipelines/begun")
    assert process.wait(timeout=60) == 1
    applied_whole(root)


def test_a_full_disk_below_the_log_does_not_kill_an_apply(repo: Repo, tfgen: Command) -> None:
    if os.geteuid() != 0:
        give_up("needs root, to mount a small file system")
    root = three_steps(repo, tfgen)
    script = 'mount -t tmpfs -o size=4k none "$0" && exec "$@"'
    argv = [require_tool("unshare"), "--mount", "sh", "-c", script, str(root / ".tfgen/log")]
    done = subprocess.run([*argv, sys.executable, "-m", "tfgen", "apply", "saved"], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    applied_whole(root)


@pytest.mark.parametrize("arguments", [["plan"], ["apply", "saved"]])
def test_an_interrupt_that_init_outran_still_stops_us(repo: Repo, tfgen: Command, arguments: list[str]) -> None:
    root = after(repo, tfgen, ESTATE, SYNC, PLAN)
    (root / ".tfgen/cache/init").unlink()
    fault = "trap '' INT; touch begun; sleep 1; exit 0"
    process = start(*arguments, "--terraform", faulty_terraform(root, "init", fault))
    wait_for(root / "terraform/pipelines/begun")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "init was interrupted; nothing was changed in AWS" in err
    assert not (root / STATE).exists()


def test_a_grandchild_that_holds_our_pipe_does_not_hold_us(repo: Repo, tfgen: Command) -> None:
    root = after(repo, tfgen, ESTATE, SYNC)
    fault = "setsid sleep 60 & exit 1"
    result = tfgen("plan", "--terraform", faulty_terraform(root, "plan", fault)).expect(1)
    assert "terraform plan failed (exit code 1)" in result.err


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("echo garbage; echo '{broken'; echo oops >&2; exit 1", "terraform plan failed (exit code 1)"),
        ("kill -SEGV $$", "terraform plan was killed by signal 11"),
        (
            "head -c 3000000 /dev/zero | tr '\\0' x; head -c 3000000 /dev/zero | tr '\\0' y >&2; exit 1",
            "failed (exit code 1)",
        ),
    ],
)
def test_a_terraform_that_misbehaves(repo: Repo, tfgen: Command, fault: str, says: str) -> None:
    root = after(repo, tfgen, ESTATE, SYNC)
    result = tfgen("plan", "--terraform", faulty_terraform(root, "plan", fault)).expect(1)
    assert says in result.err.splitlines()[-1]


def test_a_shim_that_changes_its_mind_is_asked_again(repo: Repo, tfgen: Command) -> None:
    root = after(repo, tfgen, ESTATE, SYNC)
    shim = faulty_terraform(root, "never", ":")
    tfgen("plan", "--terraform", shim).expect(0)
    old = "test ! -e old || { echo Terraform v0.12.31; exit 0; }"
    Path(shim).write_text(Path(shim).read_text().replace("never) :", f"version) {old}"))
    tfgen("plan", "--terraform", shim).expect(0)
    (root / "terraform/pipelines/old").touch()  # where Terraform runs: a version manager may have its settings there
    assert "is too old" in tfgen("plan", "--terraform", shim).expect(1).err


def test_nohup_outlives_the_terminal(repo: Repo, tfgen: Command) -> None:
    root = three_steps(repo, tfgen)
    process = start("apply", "saved", before=["nohup"])
    wait_for(root / "terraform/pipelines/begun")
    process.send_signal(signal.SIGHUP)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    applied_whole(root)
