"""A build that is stopped leaves no instance, no key pair and no security group. Packer is real and waits for SSH."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.e2e.buildspec import Build
from tests.e2e.local import NOTHING, left, text, wait_for
from tests.e2e.tools import finish

if TYPE_CHECKING:
    import subprocess

    from tests.e2e.emulator import Emulator
    from tests.e2e.local import Estate

CLEANED = "Cleanly cancelled builds after being interrupted."


def started(estate: Estate) -> tuple[Build, subprocess.Popen[str]]:
    """The buildspec's build phase alone, once it has an instance, a key pair and a security group."""
    estate.arguments("base")  # writes the file of variables
    build = Build(estate.folder, {**estate.user, **estate.env, "PACKER_TEMPLATE": "packer/base.pkr.hcl"})
    process = build.start("build")
    log = estate.folder / "packer-build.log"
    wait_for(lambda: text(log), "Waiting for SSH to become available", process)
    assert all(left(estate.ec2).values())
    return build, process


@pytest.mark.parametrize("whom", ["the process group", "the shell alone"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_reaches_packer_and_its_clean_up_is_waited_for(
    estate: Estate, ec2: Emulator, whom: str, number: signal.Signals
) -> None:
    build, process = started(estate)
    (os.killpg if whom == "the process group" else os.kill)(process.pid, number)
    done = finish(process, 60)
    assert left(ec2) == NOTHING
    assert done.returncode == 128 + signal.SIGTERM
    assert "buildspec: stopped; waiting for Packer" in done.stdout
    assert CLEANED in done.stdout
    assert CLEANED in text(estate.folder / "packer-build.log")
    build.env["CODEBUILD_BUILD_SUCCEEDING"] = "0"
    after = build.run("post_build")
    assert after.returncode == 1
    assert after.stdout.startswith("buildspec: the build failed: Cancelling build after receiving ")
    assert "it was stopped: start it again" in after.stdout
    assert after.stdout.count("\n") == 1


def test_a_second_signal_changes_nothing(estate: Estate, ec2: Emulator) -> None:
    _, process = started(estate)
    for _ in range(3):
        os.killpg(process.pid, signal.SIGTERM)
        time.sleep(0.02)
    done = finish(process, 60)
    assert left(ec2) == NOTHING
    assert CLEANED in done.stdout


def test_nobody_reads_any_more(estate: Estate, ec2: Emulator) -> None:
    """Whoever showed the output is gone when the signal comes; the log is written all the same."""
    _, process = started(estate)
    assert process.stdout
    process.stdout.close()
    os.killpg(process.pid, signal.SIGTERM)
    assert process.wait(60) not in (0, -signal.SIGPIPE)
    assert left(ec2) == NOTHING
    assert CLEANED in text(estate.folder / "packer-build.log")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_tfgen_is_stopped(estate: Estate, ec2: Emulator, number: signal.Signals) -> None:
    process = estate.start("base")
    wait_for(estate.said, "Waiting for SSH to become available", process)
    assert all(left(ec2).values())
    process.send_signal(number)
    built = estate.end("base", process)
    assert built.code == 130
    assert left(ec2) == NOTHING
    assert CLEANED in built.said
    assert CLEANED in built.artefact("packer-build.log")
