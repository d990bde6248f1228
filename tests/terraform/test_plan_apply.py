"""`tfgen plan` and `tfgen apply` on a real Terraform, with its built-in resource: no provider, no AWS."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pexpect
import pytest

from tests.conftest import JSON, TOY, Command, Repo, write_tree
from tests.e2e.tools import give_up, require_tool
from tests.terraform.conftest import Estate
from tfgen.terraform.binary import find_terraform

ESTATE = {**TOY, "packer/web.json": JSON, "packer/db.json": JSON}
STATE = "terraform/pipelines/terraform.tfstate"
#: A module whose apply takes as long as we need to interrupt it.
SLOW = """
resource "terraform_data" "first" {
  input = var.project_name
}

resource "terraform_data" "slow" {
  depends_on = [terraform_data.first]

  provisioner "local-exec" {
    command = "touch '${abspath(path.root)}/begun' && sleep 60"
  }
}
"""


def resources(root: Path) -> list[str]:
    state = json.loads((root / STATE).read_text())
    return sorted(f"{item.get('module', '')}.{item['name']}" for item in state["resources"])


def test_plan_apply_plan(repo: Repo, tfgen: Command) -> None:
    root = repo(ESTATE)
    tfgen("sync").expect(0)
    planned = tfgen("plan", "--detailed-exitcode", "--out", "saved.tfplan").expect(2)
    assert [line.split() for line in planned.out.splitlines()] == [
        ["IMAGE", "ACTION", "CREATED", "CHANGED", "REPLACED", "DESTROYED"],
        ["db", "created", "1", "0", "0", "0"],
        ["web", "created", "1", "0", "0", "0"],
        [],
        ["Plan:", "2", "to", "add,", "0", "to", "change,", "0", "to", "destroy."],
    ]
    assert "tfgen apply saved.tfplan" in planned.err
    assert (root / "saved.tfplan").stat().st_mode & 0o777 == 0o600
    applied = tfgen("apply", "saved.tfplan").expect(0)
    assert applied.out == "Apply complete! Resources: 2 added, 0 changed, 0 destroyed.\n"
    assert "web: module.web.terraform_data.pipeline created" in applied.err
    assert resources(root) == ["module.db.pipeline", "module.web.pipeline"]
    again = tfgen("plan", "--detailed-exitcode").expect(0)
    assert again.out.startswith("No changes.")


def test_the_plan_by_image_as_json(repo: Repo, tfgen: Command) -> None:
    root = repo(ESTATE)
    tfgen("sync").expect(0)
    tfgen("plan", "--out", "first").expect(0)
    tfgen("apply", "first").expect(0)
    (root / "packer/db.json").unlink()
    (root / "packer/new.json").write_text(JSON)
    (root / "tfgen.toml").write_text(TOY["tfgen.toml"] + '[templates.web]\nenvironment = { A = "1" }\n')
    (root / "terraform/pipelines/more.tf").write_text('resource "terraform_data" "mine" {\n}\n')
    tfgen("sync").expect(0)
    document = json.loads(tfgen("plan", "--format", "json").expect(0).out)
    assert [(image["name"], image["action"]) for image in document["images"]] == [
        ("db", "destroyed"),
        ("new", "created"),
        ("web", "changed"),
        ("(shared)", "created"),
    ]
    assert document["images"][0]["resources"] == [
        {
            "address": "module.db.terraform_data.pipeline",
            "action": "delete",
            "reason": "delete_because_no_resource_config",
        }
    ]
    assert document["summary"] == {"add": 2, "change": 1, "remove": 1, "import": 0}
    assert document["changes"] is True


def test_a_replace_is_called_one(repo: Repo, tfgen: Command) -> None:
    root = repo(ESTATE)
    tfgen("sync").expect(0)
    tfgen("plan", "--out", "first").expect(0)
    tfgen("apply", "first").expect(0)
    (root / "tfgen.toml").write_text(TOY["tfgen.toml"] + '[names]\nproject_name = "other-{name}"\n')
    tfgen("sync").expect(0)
    document = json.loads(tfgen("plan", "--format", "json").expect(0).out)
    assert [(image["name"], image["action"], image["replaced"]) for image in document["images"]] == [
        ("db", "replaced", 1),
        ("web", "replaced", 1),
    ]


def test_stale_files_are_refused_before_terraform_runs(repo: Repo, tfgen: Command) -> None:
    root = repo(ESTATE)
    result = tfgen("plan").expect(3)
    assert "generated files are stale: terraform/pipelines/pipeline_db.gen.tf (create)" in result.err
    assert result.err.rstrip().endswith("run: tfgen sync")
    assert not (root / "terraform/pipelines/.terraform").exists()


def test_init_runs_only_when_needed(repo: Repo, tfgen: Command) -> None:
    root = repo(ESTATE)
    tfgen("sync").expect(0)
    assert "terraform init" in tfgen("plan").expect(0).err
    assert "terraform init" not in tfgen("plan").expect(0).err
    (root / "tfgen.toml").write_text(TOY["tfgen.toml"] + '[environment]\nA = "1"\n')
    tfgen("sync").expect(0)
    assert "terraform init" not in tfgen("plan").expect(0).err
    (root / "packer/new.json").write_text(JSON)
    tfgen("sync").expect(0)
    assert "terraform init" in tfgen("plan").expect(0).err


def test_init_runs_again_when_terraform_asks_for_it(repo: Repo, tfgen: Command) -> None:
    root = repo(ESTATE)
    tfgen("sync").expect(0)
    tfgen("plan").expect(0)
    (root / "terraform/pipelines/.terraform/modules/modules.json").write_text('{"Modules":[]}')
    assert "terraform init" in tfgen("plan").expect(0).err


def test_a_plan_that_was_overtaken_is_refused(repo: Repo, tfgen: Command) -> None:
    repo(ESTATE)
    tfgen("sync").expect(0)
    tfgen("plan", "--out", "saved").expect(0)
    tfgen("apply", "saved").expect(0)
    result = tfgen("apply", "saved").expect(3)
    assert "│ Error: Saved plan is stale" in result.err
    assert "the state has changed since this plan was made" in result.err


def test_a_file_that_is_no_plan(repo: Repo, tfgen: Command) -> None:
    repo(ESTATE)
    tfgen("sync").expect(0)
    assert "there is no plan file nope" in tfgen("apply", "nope").expect(64).err
    assert "tfgen.toml is no saved plan" in tfgen("apply", "tfgen.toml").expect(64).err


def test_apply_without_a_plan_and_without_a_terminal_is_refused(repo: Repo, tfgen: Command) -> None:
    repo(ESTATE)
    tfgen("sync").expect(0)
    assert "this is no terminal; run: tfgen plan --out FILE" in tfgen("apply").expect(3).err


def terminal(*arguments: str, **environment: str) -> pexpect.spawn[str]:
    return pexpect.spawn(
        sys.executable,
        ["-m", "tfgen", *arguments],
        env={**os.environ, "TERM": "xterm", **environment},
        encoding="utf-8",
        timeout=60,
        dimensions=(40, 120),
    )


@pytest.mark.parametrize(("answer", "code", "made"), [("yes", 0, True), ("no", 1, False), ("y", 1, False)])
def test_apply_asks_on_a_terminal(repo: Repo, tfgen: Command, answer: str, code: int, *, made: bool) -> None:
    root = repo(ESTATE)
    tfgen("sync").expect(0)
    with terminal("apply") as child:
        child.expect("Plan: 2 to add")
        child.expect("Only 'yes' will be accepted: ")
        child.sendline(answer)
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == code
    assert (root / STATE).exists() is made
    assert list((root / ".tfgen").glob("*.tfplan")) == []


def test_nothing_to_apply_asks_nothing(repo: Repo, tfgen: Command) -> None:
    repo(ESTATE)
    tfgen("sync").expect(0)
    tfgen("plan", "--out", "saved").expect(0)
    tfgen("apply", "saved").expect(0)
    with terminal("apply") as child:
        child.expect("No changes")
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == 0


def slow_estate(repo: Repo, tfgen: Command) -> Path:
    module = TOY["terraform/modules/codepipeline/main.tf"] + SLOW
    root = repo({**TOY, "terraform/modules/codepipeline/main.tf": module, "packer/web.json": JSON})
    tfgen("sync").expect(0)
    tfgen("plan", "--out", "saved").expect(0)
    return root


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.05)


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tfgen", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_apply_stops_in_order(repo: Repo, tfgen: Command, number: signal.Signals) -> None:
    root = slow_estate(repo, tfgen)
    process = start("apply", "saved")
    wait_for(root / "terraform/pipelines/begun")
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "stopping: terraform finishes what it has begun" in err
    assert re.search(r"error: apply was interrupted after \d resource changes?; Terraform has stopped in order", err)
    assert "Traceback" not in out + err
    assert "module.web.first" in resources(root)
    assert not (root / "terraform/pipelines/.terraform.tfstate.lock.info").exists()


def stubborn_terraform(root: Path, command: str) -> Path:
    """The real Terraform, but `command` ignores its interrupt and never ends."""
    real = find_terraform().argv[0]
    file = root / "stubborn"
    never = "trap '' INT; touch begun; while :; do sleep 0.1; done"
    file.write_text(f'#!/bin/sh\ncase $1 in {command}) {never};; esac\nexec "{real}" "$@"\n')
    file.chmod(0o755)
    return file


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["plan", "--out", "new"], "error: plan was interrupted; nothing has changed in AWS"),
        (["apply", "saved"], "and Terraform was killed: its state may miss what was being made"),
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
    assert "terraform is killed" in err
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
    assert "error: plan was interrupted; nothing has changed in AWS" in err
    assert not (root / "saved").exists()
    assert subprocess.run(["pgrep", "-f", "terraform-provider-aws"], capture_output=True, check=False).stdout == b""


@pytest.mark.parametrize(
    ("out", "code", "says"),
    [
        ("packer/web.json", 3, "is there and is no plan"),
        ("packer", 64, "is a folder"),
        ("nowhere/plan", 64, "there is no folder"),
        ("pipe", 3, "is there and is no plan"),
    ],
)
def test_a_plan_overwrites_nothing_but_plans(repo: Repo, tfgen: Command, out: str, code: int, says: str) -> None:
    root = repo(ESTATE)
    os.mkfifo(root / "pipe")
    tfgen("sync").expect(0)
    result = tfgen("plan", "--out", out).expect(code)
    assert says in result.err
    assert "terraform plan" not in result.err
    assert (root / "packer/web.json").read_text() == JSON


def test_a_plan_that_changes_only_outputs_is_a_change(repo: Repo, tfgen: Command) -> None:
    root = repo(ESTATE)
    tfgen("sync").expect(0)
    tfgen("plan", "--out", "first").expect(0)
    tfgen("apply", "first").expect(0)
    (root / "terraform/pipelines/outputs.tf").write_text('output "x" {\n  value = "1"\n}\n')
    planned = tfgen("plan", "--detailed-exitcode", "--out", "second").expect(2)
    assert "Changes to outputs: x" in planned.out
    assert "No changes" not in planned.out
    document = json.loads(tfgen("plan", "--format", "json").expect(0).out)
    assert (document["changes"], document["images"], document["outputs"]) == (True, [], ["x"])
    tfgen("apply", "second").expect(0)
    tfgen("plan", "--detailed-exitcode").expect(0)


def test_what_is_forgotten_is_said(repo: Repo, tfgen: Command) -> None:
    root = repo({**ESTATE, "terraform/pipelines/more.tf": 'resource "terraform_data" "mine" {\n}\n'})
    tfgen("sync").expect(0)
    tfgen("plan", "--out", "first").expect(0)
    tfgen("apply", "first").expect(0)
    removed = "removed {\n  from = terraform_data.mine\n\n  lifecycle {\n    destroy = false\n  }\n}\n"
    (root / "terraform/pipelines/more.tf").write_text(removed)
    document = json.loads(tfgen("plan", "--detailed-exitcode", "--format", "json").expect(2).out)
    assert [(image["name"], image["action"], image["forgotten"]) for image in document["images"]] == [
        ("(shared)", "forgotten", 1)
    ]


def test_a_state_file_where_we_stand_is_no_concern(repo: Repo, tfgen: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    root = repo(ESTATE)
    tfgen("sync").expect(0)
    monkeypatch.chdir(root / "packer")
    (root / "packer/terraform.tfstate").write_text("")
    tfgen("--version").expect(0)
    tfgen("plan").expect(0)


def three_steps(repo: Repo, tfgen: Command) -> Path:
    """An apply that goes on for three seconds, resource after resource."""
    steps = "".join(
        f'resource "terraform_data" "s{n}" {{\n  depends_on = [terraform_data.s{n - 1}]\n\n'
        f'  provisioner "local-exec" {{\n    command = "touch \'${{abspath(path.root)}}/begun\' && sleep 1"\n  }}\n}}\n'
        for n in (1, 2, 3)
    )
    module = TOY["terraform/modules/codepipeline/main.tf"] + 'resource "terraform_data" "s0" {\n}\n' + steps
    root = repo({**TOY, "terraform/modules/codepipeline/main.tf": module, "packer/web.json": JSON})
    tfgen("sync").expect(0)
    tfgen("plan", "--out", "saved").expect(0)
    return root


def applied_whole(root: Path) -> None:
    assert len(resources(root)) == 5
    assert not (root / "terraform/pipelines/.terraform.tfstate.lock.info").exists()


def test_a_log_collector_that_dies_does_not_kill_an_apply(repo: Repo, tfgen: Command) -> None:
    root = three_steps(repo, tfgen)
    process = start("apply", "saved")
    assert process.stderr is not None
    process.stderr.readline()
    process.stderr.close()
    wait_for(root / "terraform/pipelines/begun")
    process.wait(timeout=60)
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


def test_the_question_comes_after_the_plan(repo: Repo, tfgen: Command) -> None:
    """Where stdout is a pipe it is buffered, and the plan must be out before somebody answers."""
    root = repo(ESTATE)
    tfgen("sync").expect(0)
    with pexpect.spawn(
        "sh",
        ["-c", f"env -u PYTHONUNBUFFERED {sys.executable} -m tfgen apply > shown"],
        env={**os.environ, "TERM": "xterm"},
        encoding="utf-8",
        timeout=60,
    ) as child:
        child.expect("Only 'yes' will be accepted: ")
        assert "Plan: 2 to add" in (root / "shown").read_text()
        child.sendline("no")
        child.expect(pexpect.EOF)


def faulty_terraform(root: Path, command: str, fault: str) -> str:
    """The real Terraform, but for `command`."""
    file = root / "faulty"
    file.write_text(f'#!/bin/sh\ncase $1 in {command}) {fault};; esac\nexec "{find_terraform().argv[0]}" "$@"\n')
    file.chmod(0o755)
    return str(file)


@pytest.mark.parametrize("arguments", [["plan"], ["apply", "saved"]])
def test_an_interrupt_that_init_outran_still_stops_us(repo: Repo, tfgen: Command, arguments: list[str]) -> None:
    root = repo(ESTATE)
    tfgen("sync").expect(0)
    tfgen("plan", "--out", "saved").expect(0)
    (root / ".tfgen/cache/init").unlink()
    fault = "trap '' INT; touch begun; sleep 2; exit 0"
    process = start(*arguments, "--terraform", faulty_terraform(root, "init", fault))
    wait_for(root / "terraform/pipelines/begun")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "init was interrupted; nothing has changed in AWS" in err
    assert not (root / STATE).exists()


def test_a_grandchild_that_holds_our_pipe_does_not_hold_us(repo: Repo, tfgen: Command) -> None:
    root = repo(ESTATE)
    tfgen("sync").expect(0)
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
    root = repo(ESTATE)
    tfgen("sync").expect(0)
    result = tfgen("plan", "--terraform", faulty_terraform(root, "plan", fault)).expect(1)
    assert says in result.err.splitlines()[-1]


def test_a_shim_that_changes_its_mind_is_asked_again(repo: Repo, tfgen: Command) -> None:
    root = repo(ESTATE)
    tfgen("sync").expect(0)
    shim = faulty_terraform(root, "never", ":")
    tfgen("plan", "--terraform", shim).expect(0)
    old = "test ! -e old || { echo Terraform v0.12.31; exit 0; }"
    Path(shim).write_text(Path(shim).read_text().replace("never) :", f"version) {old}"))
    tfgen("plan", "--terraform", shim).expect(0)
    (root / "old").touch()
    assert "is too old" in tfgen("plan", "--terraform", shim).expect(1).err
