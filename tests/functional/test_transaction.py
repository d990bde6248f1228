"""What sync writes appears whole, in an order that the next sync can finish; and what it must not touch stays."""

from __future__ import annotations

import os
import random
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import depth
from tests.conftest import TOML, Command, Repo, read_tree
from tests.functional.git_repo import WEB, commit, edited, git, make, template
from tfgen.main import run
from tfgen_generators.errors import TfgenError
from tfgen_generators.generated import files as generated

TOML_WITH_TABLE = TOML + '\n[templates.web] # ours\nenvironment = { A = "1" }\n'


def killed_at(step: int, folder: Path, *arguments: str) -> int:
    """The exit code of a process that ends, as by kill -9, before step `step` of those that change the disk: 9.

    0 where tfgen had come to its end before.
    """
    left = step

    def dying(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*values: Any, **options: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                os._exit(9)
            return real(*values, **options)

        return call

    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.chdir(folder)
            for descriptor in (1, 2):
                os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
            for name in ("replace", "rename", "unlink", "fsync", "write", "fchmod"):
                setattr(os, name, dying(getattr(os, name)))
            code = run(list(arguments))
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def renamed_and_more(root: Path) -> list[str]:
    """A rename, a new template, one that is gone, one that is given up."""
    git(root, "mv", "packer/web.json", "packer/site.json")
    file = root / "packer/site.json"
    file.write_text(edited(file.read_text()))
    (root / "packer/new.json").write_text(template("new"))
    (root / "packer/old.json").unlink()
    (root / "packer/db.json").unlink()
    (root / "tfgen.toml").write_text(TOML_WITH_TABLE + '[templates.db]\nremoved = "keep"\n')
    return ["sync"]


def another_name(root: Path) -> list[str]:
    return ["rename", "web", "site", "--keep-names"]


@pytest.mark.parametrize("case", [renamed_and_more, another_name])
def test_a_killed_sync_is_finished_by_the_next_one(
    repo: Repo, cli: Command, case: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert callable(case)
    root = make(repo, {"packer/old.json": template("old"), "tfgen.toml": TOML_WITH_TABLE})
    cli("sync").expect(0)
    git(root, "init", "--quiet")
    commit(root)
    arguments = case(root)
    before = read_tree(root)
    whole = tmp_path / "whole"
    shutil.copytree(root, whole, symlinks=True)
    monkeypatch.chdir(whole)
    cli(*arguments).expect(0)
    after = read_tree(whole)
    assert after != before
    for step in range(100):
        copy = tmp_path / f"killed-{step}"
        shutil.copytree(root, copy, symlinks=True)
        code = killed_at(step, copy, *arguments)
        assert code in (0, 9)
        now = {path: data for path, data in read_tree(copy).items() if ".tfgen-new-" not in path}
        for path, data in now.items():
            assert data in (before.get(path), after.get(path)), f"step {step}: {path} is neither old nor new"
        monkeypatch.chdir(copy)
        if now["tfgen.toml"] == before["tfgen.toml"]:
            assert now == before, f"step {step}: generated files came before tfgen.toml"
            cli(*arguments).expect(0)
        else:
            cli("sync").expect(0)
        assert read_tree(copy) == after, f"step {step}"
        shutil.rmtree(copy)
        if code == 0:
            break
    else:
        pytest.fail("it never came to its end")
    assert step > 8


def pinned(root: Path, cli: Command) -> None:
    (root / "packer/web.json").rename(root / "packer/site.json")
    assert "pinned   web" in cli("sync").expect(0).out


def test_permissions_and_links_stay(repo: Repo, cli: Command) -> None:
    root = make(repo)
    cli("sync").expect(0)
    (root / "tfgen.toml").rename(root / "shared.toml")
    (root / "tfgen.toml").symlink_to("shared.toml")
    (root / "shared.toml").chmod(0o640)
    (root / WEB).chmod(0o600)
    pinned(root, cli)
    assert (root / "tfgen.toml").is_symlink()
    assert "[templates.web]" in (root / "shared.toml").read_text()
    assert stat.S_IMODE((root / "shared.toml").stat().st_mode) == 0o640
    assert stat.S_IMODE((root / WEB).stat().st_mode) == 0o600


def test_a_read_only_tfgen_toml_stops_everything(repo: Repo, cli: Command) -> None:
    root = make(repo)
    cli("sync").expect(0)
    (root / "tfgen.toml").chmod(0o444)
    (root / "packer/web.json").rename(root / "packer/site.json")
    before = read_tree(root)
    says = "tfgen.toml: is read-only, but a name must be pinned in it; make it writable"
    assert says in cli("sync").expect(1).err
    assert read_tree(root) == before


def test_a_tfgen_toml_that_changes_meanwhile_is_not_lost(
    repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tfgen_generators.sync import write

    root = make(repo)
    cli("sync").expect(0)
    (root / "packer/web.json").rename(root / "packer/site.json")
    apply_changes = write.apply_changes

    def late(*arguments: object) -> None:
        (root / "tfgen.toml").write_text(TOML + "# just saved\n")
        apply_changes(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(write, "apply_changes", late)
    assert "was changed in the meantime" in cli("sync").expect(1).err
    assert (root / "tfgen.toml").read_text() == TOML + "# just saved\n"


def test_windows_line_ends_and_a_bom_stay(repo: Repo, cli: Command) -> None:
    root = make(repo)
    start = "\ufeff" + TOML.replace("\n", "\r\n")
    (root / "tfgen.toml").write_bytes(start.encode())
    cli("sync").expect(0)
    pinned(root, cli)
    wanted = start + '\r\n[templates.web]\r\npath = "packer/site.json"\r\n'
    assert (root / "tfgen.toml").read_bytes().decode() == wanted


def test_one_unreadable_generated_file_stops_no_other(
    repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make(repo)
    cli("sync").expect(0)
    before = (root / WEB).read_bytes()
    read = generated._read

    def refuse(file: str) -> str:
        if file.endswith(Path(WEB).name):
            raise PermissionError(13, "Permission denied", file)
        return read(file)

    monkeypatch.setattr(generated, "_read", refuse)  # root may read everything, so no mode would do
    (root / "packer/new.json").write_text(template("new"))
    result = cli("sync").expect(1)
    assert result.out == "created  terraform/pipelines/pipeline_new.gen.tf\n"
    assert f"{WEB}: cannot be read: Permission denied; make it readable" in result.err
    assert "1 kept (see the errors)" in result.err
    (root / "packer/web.json").unlink()
    assert cli("sync").expect(1).out == ""
    (root / "packer/moved.json").write_text(template("web"))
    assert cli("sync").expect(1).out == "", "it may be what web was"
    monkeypatch.setattr(generated, "_read", read)
    assert (root / WEB).read_bytes() == before
    assert "pinned   web  packer/web.json -> packer/moved.json" in cli("sync").expect(0).out


def test_a_full_disk_changes_nothing(repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make(repo)
    cli("sync").expect(0)
    (root / "packer/web.json").rename(root / "packer/site.json")
    before = read_tree(root)
    fsync, calls = os.fsync, list[int]()

    def full(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    assert "cannot be written: No space left on device" in cli("sync").expect(1).err
    assert read_tree(root) == before


def test_verify_reads_back_what_stands_there(repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make(repo)
    cli("sync", "--verify").expect(0)
    cli("rename", "web", "site").expect(0)
    cli("sync", "--verify").expect(0)
    cli("sync", "--check", "--verify").expect(0)
    monkeypatch.setattr("tfgen.sync.read_back.verify", lambda *_: "source: is another")
    result = cli("sync", "--check", "--verify").expect(1)
    assert "pipeline_db.gen.tf: is not what tfgen meant to write: source: is another" in result.err
    assert root.exists()


def test_what_is_written_names_its_place_when_it_fails(tmp_path: Path) -> None:
    from tfgen_generators.sync.model import Change
    from tfgen_generators.sync.write import apply_changes

    (tmp_path / "terraform").write_text("a file\n")
    with pytest.raises(TfgenError, match="cannot be written"):
        apply_changes(tmp_path, [Change(action="create", path="terraform/pipelines/x", after="x")])


@depth.deep
def test_syncs_killed_at_random_points_leave_whole_files(
    repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """kill -9, again and again: all is whole, and the next one ends it."""
    root = make(repo, {f"packer/image{number}.json": template(f"image {number}") for number in range(40)})
    git(root, "init", "--quiet")
    cli("sync").expect(0)
    commit(root)
    for number in range(0, 40, 2):
        git(root, "mv", f"packer/image{number}.json", f"packer/renamed{number}.json")
    (root / "tfgen.toml").write_text(TOML + '[environment]\nA = "1"\n')
    before = read_tree(root)
    whole = tmp_path / "whole"
    shutil.copytree(root, whole)
    monkeypatch.chdir(whole)
    started = time.monotonic()
    subprocess.run([sys.executable, "-m", "tfgen", "sync"], cwd=whole, capture_output=True, check=True)
    duration = time.monotonic() - started
    after = read_tree(whole)
    chance = random.Random(3)
    for turn in range(depth.amount(6, 60)):
        copy = tmp_path / f"turn-{turn}"
        shutil.copytree(root, copy)
        argv = [sys.executable, "-m", "tfgen", "sync"]
        process = subprocess.Popen(argv, cwd=copy, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.3, 1.1) * duration)
        process.kill()
        process.wait()
        for path, data in read_tree(copy).items():
            if ".tfgen-new-" not in path:
                assert data in (before.get(path), after.get(path)), f"turn {turn}: {path} is neither old nor new"
        monkeypatch.chdir(copy)
        cli("sync").expect(0)
        assert read_tree(copy) == after, f"turn {turn}"
        shutil.rmtree(copy)


def test_two_syncs_at_once_pin_a_rename_once(repo: Repo, cli: Command) -> None:
    root = make(repo)
    cli("sync").expect(0)
    (root / "packer/web.json").rename(root / "packer/site.json")
    both = [subprocess.Popen([sys.executable, "-m", "tfgen", "sync"], cwd=root) for _ in range(3)]
    assert [process.wait() for process in both] == [0, 0, 0]
    assert (root / "tfgen.toml").read_text() == TOML + '\n[templates.web]\npath = "packer/site.json"\n'
    cli("sync", "--check").expect(0)
