"""Repositories of every shape: which one a folder belongs to is what git itself finds, but for files of a branch."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Command, Repo, Result, started, write_tree
from tests.functional.git_repo import commit, edited, git, make, template
from tfgen.git.invocation.discovery import find_repository, superproject
from tfgen.git.repository import NoAnswerError, head_commit, run_git, top_of

Shape = Callable[[Path], Path]


def _origin(place: Path) -> Path:
    origin = write_tree(place / "origin", {"sub/deep/file": "1"})
    git(origin, "init", "--quiet")
    commit(origin)
    return origin


def _plain(place: Path) -> Path:
    return _origin(place) / "sub/deep"


def _worktree(place: Path) -> Path:
    git(_origin(place), "worktree", "add", "--quiet", str(place / "other"))
    return place / "other/sub"


def _worktree_of_a_bare_one(place: Path) -> Path:
    git(place, "clone", "--quiet", "--bare", str(_origin(place)), "server.git")
    git(place / "server.git", "worktree", "add", "--quiet", str(place / "other"), "main")
    return place / "other/sub"


def _bare_one_beside_its_worktrees(place: Path) -> Path:
    project = place / "project"
    git(place, "clone", "--quiet", "--bare", str(_origin(place)), str(project / ".bare"))
    (project / ".git").write_text("gitdir: ./.bare\n")
    git(project, "worktree", "add", "--quiet", str(project / "main"), "main")
    return project / "main/sub"


def _submodule(place: Path) -> Path:
    origin = _origin(place)
    around = place / "around"
    around.mkdir()
    git(around, "init", "--quiet")
    git(around, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(origin), "a/b")
    commit(around)
    return around / "a/b/sub"


def _elsewhere(place: Path) -> Path:
    git(place, "clone", "--quiet", f"--separate-git-dir={place}/git-dir", str(_origin(place)), "work")
    return place / "work/sub"


def _a_link_as_git_dir(place: Path) -> Path:
    origin = _origin(place)
    (origin / ".git").rename(place / "moved")
    (origin / ".git").symlink_to("../moved")
    return origin / "sub"


def _through_a_link(place: Path) -> Path:
    (place / "link").symlink_to(_origin(place) / "sub")
    return place / "link/deep"


def _nested(place: Path) -> Path:
    """A repository in another one's folder that is ignored, as in a home folder that is under git."""
    origin = _origin(place)
    git(place, "init", "--quiet")
    write_tree(place, {".gitignore": "origin/\n"})
    commit(place)
    return origin / "sub"


def _worktree_in_a_repository(place: Path) -> Path:
    git(place, "init", "--quiet")
    write_tree(place, {".gitignore": "*\n"})
    git(place, "commit", "--quiet", "--allow-empty", "--message", "x")
    return _worktree_of_a_bare_one(place)


def _with_an_empty_git_folder(place: Path) -> Path:
    origin = _origin(place)
    (origin / "sub/.git").mkdir()
    return origin / "sub/deep"


SHAPES = [
    *(_plain, _worktree, _worktree_of_a_bare_one, _bare_one_beside_its_worktrees, _submodule, _elsewhere),
    *(_a_link_as_git_dir, _through_a_link, _nested, _worktree_in_a_repository, _with_an_empty_git_folder),
]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_repository_is_the_one_that_git_finds(tmp_path: Path, shape: Shape) -> None:
    folder = shape(tmp_path)
    found = find_repository(folder)
    assert found is not None
    wanted = git(folder, "rev-parse", "--absolute-git-dir", "--show-toplevel", "HEAD", "--show-prefix").splitlines()
    common = git(folder, "rev-parse", "--path-format=absolute", "--git-common-dir").strip()
    assert [str(found.git_dir), str(found.top)] == [os.path.realpath(path) for path in wanted[:2]]
    assert str(found.common_dir) == os.path.realpath(common)
    assert top_of(folder) == found.top
    assert head_commit(folder) == wanted[2]
    assert run_git(folder, "rev-parse", "--show-prefix").decode().splitlines() == wanted[3:]
    assert bool(superproject(found)) == bool(git(folder, "rev-parse", "--show-superproject-working-tree").strip())


@pytest.mark.parametrize("shape", SHAPES)
def test_a_hook_s_variables_lead_nowhere(tmp_path: Path, shape: Shape, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = shape(tmp_path)
    wanted = head_commit(folder)
    for name in ("DIR", "WORK_TREE", "INDEX_FILE", "OBJECT_DIRECTORY", "COMMON_DIR", "NAMESPACE"):
        monkeypatch.setenv(f"GIT_{name}", "elsewhere")
    assert wanted
    assert head_commit(folder) == wanted
    assert run_git(folder, "ls-files")


@pytest.mark.parametrize("ceiling", [False, True])
def test_a_ceiling_is_not_looked_above(tmp_path: Path, ceiling: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = _plain(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path / ("origin" if ceiling else "")))
    assert (find_repository(folder) is None) is ceiling
    assert find_repository(tmp_path / "origin") is not None


@pytest.mark.parametrize("text", ["", "gitdir: nowhere\n", "gitdir:", "x", "gitdir: .\n"])
def test_a_git_file_that_leads_nowhere(tmp_path: Path, text: str) -> None:
    folder = _plain(tmp_path)
    (folder / ".git").write_text(text)
    with pytest.raises(NoAnswerError):
        find_repository(folder)
    assert head_commit(folder) == ""


def test_a_fifo_is_not_waited_for(tmp_path: Path) -> None:
    folder = _plain(tmp_path)
    (folder / ".git").mkdir()
    for name in ("HEAD", "commondir"):
        os.mkfifo(folder / ".git" / name)
    assert find_repository(folder)


@pytest.mark.parametrize("shape", [_worktree, _worktree_of_a_bare_one, _bare_one_beside_its_worktrees, _submodule])
def test_commands_work_there(tmp_path: Path, shape: Shape, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    root = shape(tmp_path)
    write_tree(root, {"tfgen.toml": 'source_repository = "x"\n', "packer/web.json": template("web")})
    monkeypatch.chdir(root)
    cli("sync").expect(0)
    write_tree(root, {".gitignore": ".tfgen/\n"})
    commit(root)
    base = git(root, "rev-parse", "HEAD").strip()
    (root / "packer/web.json").write_text(edited(template("web")))
    assert cli("affected", "--base", base, "--format", "names").expect(0).out == "web\n"
    (root / "packer/web.json").rename(root / "packer/site.json")
    assert "pin     web" in cli("sync", "--check").expect(2).out


def test_the_owner_is_asked_for_with_the_user_s_settings(
    repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.e2e.tools import give_up

    root = make(repo)
    cli("sync").expect(0)
    git(root, "init", "--quiet")
    commit(root)
    for path in [root, *root.rglob("*")]:
        try:
            os.chown(path, 12345, 12345)
        except PermissionError:
            give_up("only root can give files away: run the tests as root")
    assert "belongs to another user" in cli("affected", "--base", "main").expect(1).err
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "safe.directory")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(root))
    cli("affected", "--base", "main").expect(0)


@pytest.mark.parametrize("locale", [{"LC_ALL": "C"}, {"LC_ALL": "POSIX"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}])
def test_the_locale_changes_no_name(repo: Repo, tfgen: Command, locale: dict[str, str]) -> None:
    """Against this process's own locale, whose file names are UTF-8."""
    assert sys.getfilesystemencoding() == "utf-8"

    def run(*arguments: str, **environment: str) -> Result:
        done = started(arguments, {**os.environ, **environment}, 120)
        return Result(code=done.returncode, out=done.stdout, err=done.stderr)

    play = '{"builders": [{"type": "null"}], "provisioners": [{"type": "ansible", "playbook_file": "ü/größe.yml"}]}'
    root = repo({"tfgen.toml": 'source_repository = "x"\n', "packer/é.json": play, "ü/größe.yml": "- hosts: all\n"})
    write_tree(root, {".gitignore": ".tfgen/\n", "packer/ü.json": template("u")})
    tfgen("sync").expect(0)
    git(root, "init", "--quiet")
    commit(root)
    (root / "ü/größe.yml").write_text("- hosts: web\n")
    (root / os.fsdecode(b"\xff")).write_text("x")
    json = ("--format", "json")
    reading = (("sync", "--check"), ("list", *json), ("lint", *json), ("graph", *json))
    for arguments in (*reading, ("affected", "--base", "main", "--why"), ("affected", "--base", "main", *json)):
        assert run(*arguments, **locale) == tfgen(*arguments), arguments
    (root / "packer/ü.json").rename(root / "packer/ö.json")
    assert run("sync", "--check", **locale) == tfgen("sync", "--check").expect(2)


def test_git_is_started_by_its_absolute_path(repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make(repo)
    git(root, "init", "--quiet")
    commit(root)
    started: list[str] = []
    start = subprocess.Popen

    def seen(command: list[str], **options: object) -> object:
        started.append(command[0])
        return start(command, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "Popen", seen)
    cli("affected", "--base", "main").expect(0)
    assert started
    assert all(Path(program).is_absolute() for program in started)
