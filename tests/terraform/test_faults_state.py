"""The state, the plan file and the disk: what is lost, which is nothing, and what is said. See docs/faults.md."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import JSON, TOY, Command, Repo
from tests.terraform.faults import logs, mounted, planned, synced
from tests.terraform.toy import (
    STATE,
    applied_whole,
    faulty_terraform,
    resources,
    slow_estate,
    start,
    three_steps,
    wait_for,
)
from tfgen.terraform.binary import find_terraform

#: Until it may go; a minute at most, or what a killed test run has left would wait for ever.
UNTIL_GO = "for i in $(seq 600); do test -e .go && break; sleep 0.1; done"
#: A module whose apply is in the way until then.
WAIT = f"""
resource "terraform_data" "slow" {{
  provisioner "local-exec" {{
    command = "cd '${{abspath(path.root)}}' && touch .begun && {UNTIL_GO}"
  }}
}}
"""
#: One page of a small file system.
FILL = "head -c 4096 /dev/zero"
LOCK = "terraform/pipelines/.terraform.tfstate.lock.info"


def eventually(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.05)


@pytest.fixture
def in_the_way(repo: Repo, tfgen: Command) -> Iterator[subprocess.Popen[str]]:
    """An apply that holds the state's lock until `go`, and a plan `saved` beside it."""
    module = TOY["terraform/modules/codepipeline/main.tf"] + WAIT
    root = repo({**TOY, "terraform/modules/codepipeline/main.tf": module, "packer/web.json": JSON})
    tfgen("sync").expect(0)
    tfgen("plan", "--out", "saved").expect(0)
    process = start("apply", "saved")
    wait_for(root / "terraform/pipelines/.begun")
    yield process
    go()
    process.communicate(timeout=60)


def go() -> None:
    Path("terraform/pipelines/.go").touch()


@pytest.mark.parametrize("arguments", [["plan"], ["apply", "saved"]])
def test_a_held_lock_says_whose(in_the_way: subprocess.Popen[str], tfgen: Command, arguments: list[str]) -> None:
    """Two applies at once, too: the second is told to come back."""
    err = tfgen(*arguments).expect(75).err
    said = re.search(
        r"the state is locked by (\S+) since (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC \(apply, lock ([0-9a-f-]{36})\); "
        r"try again when that run has finished, or wait for it with --lock-timeout; only if it is certainly dead, "
        r"run: terraform -chdir=terraform/pipelines force-unlock ([0-9a-f-]{36})",
        err,
    )
    assert said is not None, err
    assert "@" in said[1]
    assert said[3] == said[4]
    go()
    assert in_the_way.wait(timeout=60) == 0, "and the first apply goes on undisturbed"


def test_a_wait_for_the_lock_can_be_interrupted(in_the_way: subprocess.Popen[str], tfgen: Command) -> None:
    waiting = start("plan", "--lock-timeout", "60s")
    eventually(lambda: len(logs(Path.cwd(), "plan")) > 1, "the plan began")
    time.sleep(2)
    waiting.send_signal(signal.SIGINT)
    _, err = waiting.communicate(timeout=30)
    assert waiting.returncode == 130, err
    assert "error: plan was interrupted; nothing was changed in AWS" in err
    go()
    assert in_the_way.wait(timeout=60) == 0


def test_a_broken_state_is_no_held_lock(repo: Repo, tfgen: Command) -> None:
    """Terraform says "Error acquiring the state lock" then, too."""
    root = planned(repo, tfgen)
    (root / STATE).write_text("garbage")
    err = tfgen("plan").expect(1).err
    assert "terraform plan failed (exit code 1): the state cannot be read, and was not changed" in err
    assert "restore a good version (terraform.tfstate.backup" in err
    assert (root / STATE).read_text() == "garbage"


@pytest.mark.parametrize("what", ["cut", "PKgarbage"])
def test_a_broken_plan_file(repo: Repo, tfgen: Command, what: str) -> None:
    root = planned(repo, tfgen)
    whole = (root / "saved").read_bytes()
    (root / "saved").write_bytes(whole[: len(whole) // 2] if what == "cut" else what.encode())
    tfgen("apply", "saved").expect(3)
    assert not (root / STATE).exists()


def test_a_plan_of_another_state(repo: Repo, tfgen: Command) -> None:
    root = planned(repo, tfgen)
    tfgen("apply", "saved").expect(0)
    with (root / "terraform/pipelines/more.tf").open("w") as file:
        file.write('resource "terraform_data" "more" {\n}\n')
    tfgen("plan", "--out", "more").expect(0)
    state = json.loads((root / STATE).read_text())
    state["lineage"] = "11111111-2222-3333-4444-555555555555"
    (root / STATE).write_text(json.dumps(state))
    err = tfgen("apply", "more").expect(3).err
    assert "this plan was made from another state; run: tfgen plan, and review it again" in err


def test_a_disk_that_is_full_while_the_plan_is_written(repo: Repo, tfgen: Command) -> None:
    root = synced(repo, tfgen)
    tfgen("plan").expect(0)
    (root / "small").mkdir()
    done = mounted(
        f"mount -t tmpfs -o size=4k none '{root}/small' && {FILL} > '{root}/small/full'", "plan", "--out", "small/plan"
    )
    assert done.returncode == 1, done.stderr
    assert "error: Terraform reported success, but its plan file is truncated: the disk may be" in done.stderr
    assert not (root / "small/plan").exists()
    assert "Traceback" not in done.stderr


def test_a_disk_that_is_full_while_the_log_is_written(repo: Repo, tfgen: Command) -> None:
    root = three_steps(repo, tfgen)
    done = mounted(f"mount -t tmpfs -o size=4k none '{root}/.tfgen/log'", "apply", "saved")
    assert done.returncode == 0, done.stderr
    assert re.search(r"the log \S+ is incomplete: No space left on device", done.stderr)
    applied_whole(root)


def test_a_terraform_folder_that_cannot_be_written(repo: Repo, tfgen: Command) -> None:
    root = synced(repo, tfgen)
    tfgen("plan").expect(0)
    (root / ".tfgen/cache/init").unlink()
    (root / "terraform/pipelines/.terraform/modules/modules.json").unlink()
    folder = root / "terraform/pipelines/.terraform"
    done = mounted(f"mount --bind '{folder}' '{folder}' && mount -o remount,ro,bind '{folder}'", "plan")
    assert done.returncode == 1
    assert "terraform init failed (exit code 1): a file or folder cannot be written" in done.stderr


@pytest.fixture
def unsaved(repo: Repo, tfgen: Command) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """An apply whose state finds no room on its disk, which holds the lock and no more; Terraform's own folder has."""
    root = synced(repo, tfgen)
    backend = 'terraform {\n  backend "local" {\n    path = "small/terraform.tfstate"\n  }\n}\n'
    (root / "terraform/pipelines/backend.tf").write_text(backend)
    small = root / "terraform/pipelines/small"
    small.mkdir()
    tfgen("plan", "--out", "saved").expect(0)
    fill = f"mount -t tmpfs -o size=8k none '{small}' && {FILL} > '{small}/.full'"
    return root, mounted(fill, "apply", "saved")


def test_a_state_that_cannot_be_saved_is_kept(
    unsaved: tuple[Path, subprocess.CompletedProcess[str]], tfgen: Command
) -> None:
    root, done = unsaved
    assert done.returncode == 1, done.stderr
    last = done.stderr.splitlines()[-1]
    assert "the state could not be saved and is in terraform/pipelines/errored.tfstate" in last
    assert "run: tfgen state push-errored" in last
    kept = re.search(r"copy: (\.tfgen/backup/errored\.tfstate\.\d{8}-\d{6})", last)
    assert kept is not None, last
    assert (root / kept[1]).stat().st_mode & 0o777 == 0o600
    state = json.loads((root / kept[1]).read_text())
    assert [resource["module"] for resource in state["resources"]] == ["module.db", "module.web"]
    pushed = tfgen("plan").expect(0)
    assert "this plan does not know what it created" in pushed.err
    refused = tfgen("apply", "saved").expect(3).err
    assert "an earlier apply could not save its state, which is only in this file" in refused
    assert "another apply would lose it; run: tfgen state push-errored" in refused
    way_out = [*find_terraform().argv, "-chdir=terraform/pipelines", "state", "push", "errored.tfstate"]
    subprocess.run(way_out, check=True, capture_output=True)
    (root / "terraform/pipelines/errored.tfstate").unlink()
    assert "No changes" in tfgen("plan").expect(0).out


def test_a_killed_tfgen_lets_terraform_stop_in_order(repo: Repo, tfgen: Command) -> None:
    root = slow_estate(repo, tfgen)
    process = start("apply", "saved")
    wait_for(root / "terraform/pipelines/begun")
    process.kill()
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL
    log = logs(root, "apply")[-1]
    eventually(lambda: "terraform has ended" in log.read_text(), "the keeper ended")
    text = log.read_text()
    assert "tfgen was killed; stopping terraform" in text
    assert "Stopping operation..." in text
    assert "module.web.first" in resources(root)
    assert not (root / LOCK).exists()
    assert running(root) == ""


def test_a_killed_tfgen_that_had_been_interrupted_sends_no_second_one(repo: Repo, tfgen: Command) -> None:
    """Two interrupts would make Terraform leave at once, with its state behind."""
    root = planned(repo, tfgen)
    counts = "trap 'echo x >> .ints' INT; touch .begun; while ! test -e .enough; do sleep 0.1; done; exit 0"
    process = start("apply", "saved", "--terraform", faulty_terraform(root, "apply", counts))
    wait_for(root / "terraform/pipelines/.begun")
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    while "again to kill it" not in process.stderr.readline():
        assert process.poll() is None
    process.kill()
    process.wait(timeout=30)
    log = logs(root, "apply")[-1]
    eventually(lambda: "tfgen was killed; terraform was already stopping" in log.read_text(), "the keeper took over")
    (root / "terraform/pipelines/.enough").touch()
    eventually(lambda: "terraform has ended" in log.read_text(), "the keeper ended")
    assert (root / "terraform/pipelines/.ints").read_text() == "x\n"


def test_a_killed_apply_names_what_was_being_made(repo: Repo, tfgen: Command) -> None:
    root = planned(repo, tfgen)
    resource = {"addr": "module.web.terraform_data.slow"}
    begun = json.dumps({"type": "apply_start", "hook": {"resource": resource, "action": "create"}})
    fault = f"trap '' INT; echo '{begun}'; touch .begun; while :; do sleep 0.1; done"
    process = start("apply", "saved", "--terraform", faulty_terraform(root, "apply", fault))
    wait_for(root / "terraform/pipelines/.begun")
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    while "again to kill it" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    said = "its state may lack changes in progress: module.web.terraform_data.slow (create), and its lock may be held"
    assert said in err


def test_a_keeper_goes_with_its_apply(repo: Repo, tfgen: Command) -> None:
    root = planned(repo, tfgen)
    tfgen("apply", "saved", MARK_OF_A_TEST=str(root)).expect(0)
    left = [path for path in Path("/proc").glob("[0-9]*/environ") if str(root) in environment(path)]
    assert left == []
    assert "tfgen was killed" not in logs(root, "apply")[-1].read_text()


def environment(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""  # it has ended, or is not ours


def running(name: Path) -> str:
    return subprocess.run(["pgrep", "-af", str(name)], capture_output=True, text=True).stdout


GONE = "Error message: resource temporarily unavailable\nopen .terraform.tfstate.lock.info: no such file or directory\n"
GONE_IN_S3 = (
    "Error message: operation error S3: PutObject, https response error StatusCode: 412, api error PreconditionFailed\n"
    "unable to retrieve file from S3 bucket 'b' with key 'k.tflock': operation error S3: GetObject, NoSuchKey: \n"
)


@pytest.mark.parametrize(("told", "times", "code"), [(GONE, 1, 0), (GONE_IN_S3, 2, 0), (GONE, 9, 1)])
def test_a_lock_that_is_let_go_at_that_moment(repo: Repo, tfgen: Command, told: str, times: int, code: int) -> None:
    """Terraform does not wait for a lock whose holder it cannot read, as with the holder just gone (1.11 to 1.15)."""
    root = planned(repo, tfgen)
    diagnostic = {"severity": "error", "summary": "Error acquiring the state lock", "detail": told}
    (root / "said").write_text(json.dumps({"@level": "error", "type": "diagnostic", "diagnostic": diagnostic}) + "\n")
    count = f'echo x >>"{root}/tries"; [ "$(wc -l <"{root}/tries")" -gt {times} ]'
    fault = f'{count} || {{ cat "{root}/said"; exit 1; }}'
    done = tfgen("apply", "saved", "--terraform", faulty_terraform(root, "apply", fault)).expect(code)
    assert len((root / "tries").read_text().split()) == min(times + 1, 3)
    assert done.err.count("Error acquiring the state lock") == code


def test_the_lock_of_init_is_waited_for(repo: Repo, tfgen: Command) -> None:
    """Two at once: one init, and the other uses what it made."""
    root = planned(repo, tfgen)
    (root / ".tfgen/cache/init").unlink()
    slow = faulty_terraform(root, "init", f"touch .begun; {UNTIL_GO}")
    first = start("plan", "--out", "other", "--lock-timeout", "30s", "--terraform", slow)  # the state is one for both
    wait_for(root / "terraform/pipelines/.begun")
    second = start("plan", "--lock-timeout", "30s")
    assert second.stderr is not None
    assert second.stderr.readline().startswith("waiting for another tfgen that runs init")
    go()
    _, err = second.communicate(timeout=60)
    assert second.returncode == 0, err
    assert "terraform init" not in err
    assert first.wait(timeout=60) == 0


def test_another_backend_is_a_decision(repo: Repo, tfgen: Command) -> None:
    root = planned(repo, tfgen)
    tfgen("apply", "saved").expect(0)
    moved = 'terraform {\n  backend "local" {\n    path = "elsewhere.tfstate"\n  }\n}\n'
    (root / "terraform/pipelines/backend.tf").write_text(moved)
    tfgen("plan")
    (root / "terraform/pipelines/backend.tf").write_text(moved.replace("elsewhere", "nowhere"))
    err = tfgen("plan").expect(1).err
    assert "terraform init failed (exit code 1): the backend has changed" in err
    assert "run terraform init with -migrate-state, which moves the old state, or with -reconfigure" in err
    assert not (root / "terraform/pipelines/nowhere.tfstate").exists()
