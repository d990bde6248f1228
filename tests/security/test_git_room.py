"""git believes nothing that a branch brings, and starts nothing of it: real git, real Terraform.

Each attack is shown to work on git as it is, where that is possible, before tfgen is held against it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import depth
from tests.conftest import JSON, Command, Repo, write_tree
from tests.functional.branches import sha
from tests.functional.git_repo import commit, configure, git
from tests.security.git_estate import EVIL, MODULE, READING, ROOT, Estate, make_estate

Make = Callable[..., Estate]


@pytest.fixture
def estate(repo: Repo, cli: Command, tfgen: Command, monkeypatch: pytest.MonkeyPatch) -> Make:
    """`estate("infra")`: see make_estate."""
    monkeypatch.chdir(Path.cwd())  # it comes back at the end

    def make(folder: str = ".") -> Estate:
        return make_estate(repo, cli, tfgen, folder)

    return make


def control(made: Estate) -> None:
    """The estate as it is can be planned: what is refused later is refused for what the branch brings."""
    made.holds()
    assert made.tfgen("plan", "--untrusted", "--base", "origin/main").expect(0)


# A bare repository among the files


@pytest.mark.parametrize("where", ["infra", "infra/packer", f"infra/{ROOT}", "."])
def test_an_embedded_bare_repository(estate: Make, where: str) -> None:
    made = estate("infra")
    control(made)
    evil = made.evil_commit()
    program = made.program(made.root / "tool", "cat")
    settings = f'\tfsmonitor = {program}\n\thooksPath = {program.parent}\n[filter "x"]\n\tclean = {program}\n'
    made.fake_bare(made.top / where, evil, settings=settings)
    write_tree(made.root, {".gitattributes": "* filter=x\n"})
    git(made.top, "config", "safe.bareRepository", "all")
    made.commit()
    git_dir = Path(git(made.top / where, "rev-parse", "--absolute-git-dir").strip())
    assert git_dir == (made.top / ".git" if where == "." else made.top / where)
    assert "evil.tf: is new: origin/main does not have it" in made.holds().err
    reads = made.reads()
    assert reads["affected", "--base", "origin/main", "--why"].code == 0
    assert reads["graph", "--format", "json"].code == 0


def test_an_embedded_bare_repository_where_there_is_no_other(estate: Make) -> None:
    made = estate("infra")
    made.fake_bare(made.root, made.evil_commit())
    shutil.copytree(made.top / ".git/objects", made.root / "objects", dirs_exist_ok=True)
    shutil.rmtree(made.top / ".git")
    assert git(made.root, "rev-parse", "--absolute-git-dir").strip() == str(made.root)
    affected = made.cli("affected", "--base", "origin/main").expect(1)
    assert "not a git repository" in affected.err
    assert made.cli("sync", "--check").code == 0


@pytest.mark.parametrize("target", ["bare", "./packer/../bare", "absolute", "../infra/bare"])
def test_a_git_file_that_leads_to_files_of_the_work_tree(estate: Make, target: str) -> None:
    made = estate("infra")
    evil = made.evil_commit()
    made.fake_bare(made.root / "bare", evil, settings="\tfsmonitor = touch ../../mark\n")
    made.commit()
    named = str(made.root / "bare") if target == "absolute" else target
    (made.root / ".git").write_text(f"gitdir: {named}\n")
    assert "among the files of the work tree" in made.holds().err
    made.reads()


def test_a_git_file_that_leads_to_tracked_files_elsewhere(estate: Make) -> None:
    made = estate("infra")
    evil = made.evil_commit()
    made.fake_bare(made.top / "other/bare", evil)
    made.commit()
    (made.root / ".git").write_text("gitdir: ../other/bare\n")
    assert f"are files of the repository {made.top}" in made.holds().err
    made.reads()


def test_an_untrusted_submodule_is_not_planned(estate: Make) -> None:
    """Whoever changes the superproject chooses the address of what is then called origin/main."""
    made = estate()
    around = made.top.parent / "around"
    around.mkdir()
    git(around, "init", "--quiet")
    git(made.top, "checkout", "--quiet", "main")
    git(around, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(made.top), "infra")
    commit(around)
    os.chdir(around / "infra")
    assert "this is a submodule" in made.tfgen("plan", "--untrusted", "--base", "origin/main").expect(3).err
    assert made.cli("affected", "--base", "origin/main").code == 0


# Replacements


@pytest.mark.parametrize("kind", ["commit", "tree", "blob", "another base"])
def test_a_replacement_changes_nothing(estate: Make, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = estate()
    write_tree(made.root, {f"{ROOT}/locals.tf": f"{EVIL}locals {{\n  account_id = 1\n}}\n"})
    evil = made.evil_commit()
    names = {"tree": "{}^{{tree}}", "blob": "{}:" + f"{ROOT}/locals.tf"}
    old, new = (sha(made.top, names.get(kind, "{}").format(commit)) for commit in ("origin/main", evil))
    if kind == "another base":
        git(made.top, "update-ref", f"refs/other/{old}", new)
        monkeypatch.setenv("GIT_REPLACE_REF_BASE", "refs/other/")
    else:
        git(made.top, "replace", "--force", old, new)
    assert "account_id = 1" in git(made.top, "show", f"origin/main:{ROOT}/locals.tf") or kind == "tree"
    assert f"{ROOT}/locals.tf: differs from origin/main" in made.holds().err


@pytest.mark.parametrize("how", ["file", "variable", "replace --graft"])
def test_a_graft_changes_nothing(estate: Make, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the branch's commit a parent of main's, it would be the merge base."""
    made = estate()
    evil, main = made.evil_commit(), sha(made.top, "origin/main")
    if how == "replace --graft":
        orphan = git(made.top, "commit-tree", "-m", "x", f"{evil}^{{tree}}").strip()
        git(made.top, "replace", "--graft", main, orphan)
        git(made.top, "reset", "--quiet", "--hard", orphan)
        assert git(made.top, "merge-base", "origin/main", "HEAD").strip() == orphan
        assert "no common history with origin/main" in made.holds().err
        return
    place = made.top / ".git/info/grafts" if how == "file" else made.top.parent / "grafts"
    place.write_text(f"{main} {evil}\n{evil}\n")
    if how == "variable":
        monkeypatch.setenv("GIT_GRAFT_FILE", str(place))
    assert git(made.top, "merge-base", "origin/main", "HEAD").strip() == evil
    assert "evil.tf: is new: origin/main does not have it" in made.holds().err


# Which git


def _path(made: Estate, how: str) -> str:
    """An entry of PATH in which a program called git is the branch's."""
    outside = made.top.parent / "outside"
    outside.mkdir()
    planted = made.root / "bin/git"
    if how == "the file is a link":
        (outside / "git").symlink_to(planted)
        return str(outside)
    if how == "the folder is a link":
        (outside / "link").symlink_to(planted.parent)
        return str(outside / "link")
    if how == "a link of the branch's leads out":
        made.program(outside / "git")
        (made.root / "tools").symlink_to(outside)
        return str(made.root / "tools")
    if how == "through links":
        (made.root / "tools").symlink_to("bin")
        (outside / "one").symlink_to(made.top)
        return f"{outside}/one/{made.root.relative_to(made.top)}/tools"
    return {"absolute": str(planted.parent), "relative": "bin", "here": ".", "empty": "", "dots": "bin/../bin"}[how]


@pytest.mark.parametrize(
    "how",
    [
        *("absolute", "relative", "here", "empty", "dots"),
        *("the file is a link", "the folder is a link", "a link of the branch's leads out", "through links"),
    ],
)
def test_a_git_of_the_branch_is_passed_over(estate: Make, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = estate("infra")
    for name in ("git", "ssh", "true", "gpg", "git-lfs"):
        made.program(made.root / "bin" / name)
    made.program(made.root / "git")
    made.commit()
    entry = _path(made, how)
    monkeypatch.setenv("PATH", f"{entry}:{os.environ['PATH']}")
    subprocess.run(["git", "--version"], check=True, capture_output=True)
    assert made.mark.exists()
    made.holds()
    made.reads()
    monkeypatch.setenv("PATH", entry)
    made.mark.unlink(missing_ok=True)
    assert "git found on PATH only in the repository: " in made.cli("affected", "--base", "origin/main").expect(1).err
    made.holds()
    made.require_unmarked()


def test_gits_own_programs_are_not_the_branch_s(estate: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = estate()
    own = Path(git(made.top, "--exec-path").strip())
    for found in own.iterdir():
        (made.root / "exec").mkdir(exist_ok=True)
        (made.root / "exec" / found.name).symlink_to(found)
    monkeypatch.setenv("GIT_EXEC_PATH", str(made.root / "exec"))
    for name in ("git", "git-cat-file", "git-diff"):
        (made.root / "exec" / name).unlink(missing_ok=True)
        made.program(made.root / "exec" / name)
    made.reads()
    made.holds()


# What settings and attributes name


def _settings(made: Estate, program: str) -> dict[str, str]:
    return {
        "core.fsmonitor": program,
        "core.hooksPath": str(Path(program).parent),
        "core.sshCommand": program,
        "core.gitProxy": program,
        "core.pager": program,
        "core.editor": program,
        "core.askPass": program,
        "core.alternateRefsCommand": program,
        "core.attributesFile": str(made.root / "attributes"),
        "credential.helper": program,
        "diff.external": program,
        "diff.x.textconv": program,
        "diff.x.command": program,
        "filter.x.clean": program,
        "filter.x.smudge": program,
        "filter.x.required": "true",
        "filter.long.process": program,
        "filter.long.required": "true",
        "filter.a.b.clean": program,
        "gpg.program": program,
        "log.showSignature": "true",
        "interactive.diffFilter": program,
        "merge.x.driver": program,
        "pager.diff": program,
        "pager.log": program,
        "trace2.eventTarget": str(made.mark),
        "uploadpack.packObjectsHook": program,
    }


#: Attributes, and of which files: in a usual run each of some, all in one repository.
ATTRIBUTES = {
    "filter=x": "db.json",
    "filter=long": "*.tf",
    "filter=a.b": "web.json",
    "diff=x": "tfgen.toml",
    "filter=x diff=x merge=x": "more.json",
}
_held: set[str] = set()


@depth.deep
@pytest.mark.parametrize("attribute", ATTRIBUTES)
@pytest.mark.parametrize("scope", ["local", "global", "home of the branch", "variables"])
def test_no_program_that_settings_name_is_started(
    estate: Make, attribute: str, scope: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if scope in _held:
        return
    made = estate("infra")
    program = str(made.program(made.root / "tool/post-index-change", "cat"))
    lines = f"* {attribute}\n"
    if not depth.is_on():
        lines = "".join(f"{files} {attribute}\n" for attribute, files in ATTRIBUTES.items())
    write_tree(made.root, {".gitattributes": lines, "attributes": lines, "packer/more.json": JSON})
    made.commit()
    settings = _settings(made, program)
    if scope == "local":
        configure(made.top / ".git/config", settings)
    elif scope == "variables":
        monkeypatch.setenv("GIT_CONFIG_COUNT", str(len(settings)))
        for number, (name, value) in enumerate(settings.items()):
            monkeypatch.setenv(f"GIT_CONFIG_KEY_{number}", name)
            monkeypatch.setenv(f"GIT_CONFIG_VALUE_{number}", value)
        monkeypatch.setenv("GIT_EXTERNAL_DIFF", program)
    else:
        file = (made.root if scope == "home of the branch" else made.top.parent) / ".gitconfig"
        configure(file, settings)
        monkeypatch.setenv("HOME", str(file.parent))
        monkeypatch.delenv("GIT_CONFIG_GLOBAL")
    made.stale()
    subprocess.run(["git", "diff"], capture_output=True, check=False)
    assert made.mark.exists()
    (made.root / "packer/db.json").rename(made.root / "packer/moved.json")  # git is asked for renames
    made.reads()
    assert "pin     db" in made.cli("sync", "--check").expect(2).out
    made.require_unmarked()
    (made.root / "packer/moved.json").rename(made.root / "packer/db.json")
    made.cli("affected", "--base", "origin/main", "--head", "HEAD").expect(0)
    made.holds()
    if not depth.is_on():
        _held.add(scope)


def test_a_filter_that_cannot_be_switched_off_is_said(estate: Make) -> None:
    made = estate()
    git(made.top, "config", "filter.a=b.clean", str(made.program(made.root / "tool", "cat")))
    write_tree(made.root, {".gitattributes": "* filter=a=b\n"})
    made.commit()
    made.stale()
    made.mark.unlink()
    failed = made.cli("affected", "--base", "origin/main").expect(1)
    assert "the git filter 'a=b' cannot be switched off" in failed.err
    made.require_unmarked()


def test_a_filter_of_a_submodule_is_not_started(estate: Make) -> None:
    made = estate()
    other = write_tree(made.top.parent / "other", {"x": "x", ".gitattributes": "* filter=x\n"})
    git(other, "init", "--quiet")
    commit(other)
    git(made.top, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other), "sub")
    commit(made.top)
    git(made.top / "sub", "config", "filter.x.clean", str(made.program(made.top.parent / "tool", "cat")))
    git(made.top / "sub", "config", "core.fsmonitor", str(made.top.parent / "tool"))
    for changed in (False, True):
        (made.top / "sub/x").write_text("y" if changed else "x")
        os.utime(made.top / "sub/x", (1, 1))
        made.mark.unlink(missing_ok=True)
        made.reads()
        made.cli("plan", "--untrusted", "--changed", "--base", "origin/main")
        made.require_unmarked()
    git(made.top, "diff", "--raw")
    assert made.mark.exists()


def test_files_that_lfs_has_put_in_place_are_no_difference(estate: Make) -> None:
    made = estate()
    data = b"large\n" * 1000
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{hashlib.sha256(data).hexdigest()}\nsize 6000\n"
    write_tree(made.root, {"files/large": pointer, "files/small": pointer})
    upload = {"type": "file", "source": "files", "destination": "/"}
    template = {"builders": [{"type": "null"}], "provisioners": [upload]}
    write_tree(made.root, {"packer/web.json": json.dumps(template)})
    made.commit()
    git(made.top, "update-ref", "refs/remotes/origin/main", "HEAD")
    git(made.top, "config", "filter.lfs.clean", str(made.program(made.top.parent / "tool", "cat")))
    (made.root / "files/large").write_bytes(data)
    assert made.cli("affected", "--base", "origin/main", "--format", "names").expect(0).out == ""
    (made.root / "files/small").write_bytes(data.upper())
    assert made.cli("affected", "--base", "origin/main", "--format", "names").expect(0).out == "web\n"
    made.require_unmarked()


# Fetching what a shallow clone lacks


def _shallow(made: Estate, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone of one commit, with alternates."""
    for name in ("one", "two"):
        write_tree(made.root, {f"packer/{name}.json": JSON})
        made.commit()
    clone = made.top.parent / "clone"
    git(made.top.parent, "clone", "--quiet", "--depth=1", "--branch=pr", f"file://{made.top}", str(clone))
    (clone / ".git/objects/info/alternates").write_text(f"{made.top}/.git/objects\n")
    monkeypatch.chdir(clone)
    return clone


def test_deepening_starts_nothing_of_the_branch(estate: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = estate()
    for name in ("git", "ssh", "true", "git-upload-pack", "post-checkout", "reference-transaction"):
        made.program(made.root / "bin" / name)
    clone = _shallow(made, monkeypatch)
    program = str(clone / "bin/git")
    configure(clone / ".git/config", _settings(made, program))
    monkeypatch.setenv("PATH", f"{clone}/bin:{os.environ['PATH']}")
    made.mark.unlink(missing_ok=True)
    result = made.cli("affected", "--base", "origin/main", "--format", "names").expect(0)
    assert result.out.split() == ["one", "two"]
    assert "fetching its history failed" not in result.err
    made.require_unmarked()


@pytest.mark.parametrize(
    "setting",
    [
        ("remote.origin.url", "ext::{program}"),
        ("url.ext::{program} .insteadOf", "file://"),
        ("remote.origin.vcs", "evil"),
        ("remote.origin.url", "fd::17"),
    ],
)
def test_deepening_speaks_no_protocol_that_is_a_program(
    estate: Make, setting: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = estate()
    clone = _shallow(made, monkeypatch)
    program = made.program(made.top.parent / "tools/git-remote-evil", "cat")
    git(clone, "config", "protocol.allow", "always")
    git(clone, "config", *(text.format(program=program) for text in setting))
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    made.mark.unlink(missing_ok=True)
    result = made.cli("affected", "--base", "origin/gone", "--format", "json").expect(0)
    assert "fetching its history failed" in json.loads(result.out)["everything"]
    made.require_unmarked()


# Everything at once


def test_only_git_and_terraform_are_started(estate: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """By strace: each program that any command starts, by its absolute path, is git or Terraform."""
    from tests.e2e.tools import require_tool

    strace = require_tool("strace")
    made = estate("infra")
    for name in ("git", "sh", "ssh", "terraform-provider-x", "ldconfig", "uname", "python3"):
        made.program(made.root / "bin" / name)
    made.fake_bare(made.root, made.evil_commit(), settings="\tfsmonitor = bin/sh\n")
    git(made.top, "rm", "--quiet", f"infra/{MODULE}/evil.tf")
    write_tree(made.root, {".gitattributes": "* filter=x diff=x\n", "packer/new.json": JSON})
    made.cli("sync").expect(0)
    made.commit()
    configure(made.top / ".git/config", _settings(made, str(made.root / "bin/sh")))
    monkeypatch.setenv("PATH", f"{made.root}/bin:bin::.:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONSAFEPATH", "1")
    terraform = os.path.realpath(shutil.which("terraform") or shutil.which("tofu") or "")
    trace = made.top.parent / "trace"
    plan = ("plan", "--untrusted", "--base", "origin/main")
    made.mark.unlink(missing_ok=True)
    for arguments in (*READING, ("sync",), (*plan, "--changed"), plan):
        made.stale()
        argv = [
            strace,
            "-f",
            "--seccomp-bpf",
            "-qq",
            "-e",
            "trace=execve",
            "-e",
            "signal=none",
            "-s",
            "4096",
            "-o",
            str(trace),
        ]
        tfgen = [sys.executable, "-m", "tfgen", *arguments]
        done = subprocess.run([*argv, *tfgen], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        assert done.returncode in (0, 1), done.stderr
        lines = [line for line in trace.read_text().splitlines() if "execve(" in line][1:]
        started = {line.split('execve("', 1)[1].split('"', 1)[0] for line in lines}
        assert all(Path(program).is_absolute() for program in started), started
        unknown = {program for program in started if not _is_known(program, terraform, made.top)}
        assert not unknown, (arguments, unknown)
        if arguments[0] == "plan":
            assert done.returncode == 0, done.stderr
            assert any(os.path.realpath(program) == terraform for program in started) or not terraform
    made.require_unmarked()


def _is_known(program: str, terraform: str, top: Path) -> bool:
    real = os.path.realpath(program)
    if Path(real).is_relative_to(top):
        return False
    embedded = Path(program).name == "tfgen-terraform" or real == os.path.realpath(sys.executable)
    return Path(program).name == "git" or real == terraform or (not terraform and embedded)
