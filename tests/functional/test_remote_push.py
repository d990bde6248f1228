"""`tfgen remote push`: real git, and two bare repositories that stand for GitHub and CodeCommit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pexpect
import pytest

from tests.conftest import TOML, Command, Repo
from tests.functional.git_repo import git
from tests.functional.remotes import URL, add_commit, bare, clone, commit_at, program

BRANCH = "fix/nginx"


@pytest.fixture
def root(repo: Repo) -> Path:
    """A clone with both remotes, on the branch `fix/nginx` with one commit."""
    root = clone(repo)
    bare(root, "codecommit")
    git(root, "push", "--quiet", "origin", "main")
    git(root, "switch", "--quiet", "--create", BRANCH)
    add_commit(root)
    return root


def at(root: Path, branch: str = BRANCH) -> tuple[str, str]:
    """The branch's commits at origin and at CodeCommit."""
    return commit_at(root.parent / "origin.git", branch), commit_at(root.parent / "codecommit.git", branch)


def diverge(root: Path, remote: str) -> str:
    """Somebody else's commit on the branch of `remote`; its id."""
    other = root.parent / "other"
    git(root.parent, "clone", "--quiet", "--branch", BRANCH, f"{remote}.git", str(other))
    theirs = add_commit(other, "theirs")
    git(other, "push", "--quiet")
    return theirs


def test_the_branch_gets_to_both_once(root: Path, cli: Command) -> None:
    head = git(root, "rev-parse", "HEAD").strip()
    done = cli("remote", "push").expect(0)
    assert done.out.splitlines() == [
        f"pushed     {BRANCH} -> origin  [new branch]",
        f"pushed     {BRANCH} -> codecommit  [new branch]",
    ]
    assert at(root) == (head, head)
    assert cli("remote", "push").expect(0).out.count("unchanged") == 2
    newer = add_commit(root)
    done = cli("remote", "push", "--remote", "codecommit").expect(0)
    assert done.out == f"pushed     {BRANCH} -> codecommit  {head[:7]}..{newer[:7]}\n"
    assert at(root) == (head, newer)


def test_a_named_branch_and_odd_names_are_data(root: Path, cli: Command) -> None:
    git(root, "branch", "a;touch${IFS}x")
    git(root, "branch", "$(id)")
    git(root, "branch", "+main")
    for branch in ("a;touch${IFS}x", "$(id)", "+main"):
        cli("remote", "push", branch).expect(0)
        assert all(at(root, branch))
    assert not (root / "x").exists()
    assert at(root, "main")[1] == ""
    assert at(root) == ("", "")


@pytest.mark.parametrize("branch", ["nope", "HEAD", "refs/heads/main", "HEAD:main", ":main", "main@{0}", "../x", "*"])
def test_what_is_no_local_branch_is_not_pushed(root: Path, cli: Command, branch: str) -> None:
    before = at(root, "main")
    assert f"local branch {branch!r} not found" in cli("remote", "push", branch).expect(1).err
    assert at(root, "main") == before
    cli("remote", "push", f"-{branch}").expect(64)


@pytest.mark.parametrize("branch", ["main", "master"])
def test_the_default_branch_is_refused(root: Path, cli: Command, branch: str) -> None:
    git(root, "switch", "--quiet", "-C", branch)
    add_commit(root)
    before = at(root, branch)
    for arguments in ([], [branch], ["--remote", "codecommit"]):
        assert f"{branch} cannot be pushed to directly" in cli("remote", "push", *arguments).expect(3).err
    assert at(root, branch) == before


@pytest.mark.parametrize("remote", ["origin", "codecommit"])
def test_the_default_branch_is_what_a_remotes_head_says(root: Path, cli: Command, remote: str) -> None:
    git(root, "symbolic-ref", f"refs/remotes/{remote}/HEAD", f"refs/remotes/{remote}/{BRANCH}")
    assert f"it is {remote}'s default branch" in cli("remote", "push").expect(3).err
    assert at(root) == ("", "")
    git(root, "branch", "master")
    cli("remote", "push", "master").expect(0 if remote == "origin" else 3)


def test_the_pipelines_branch_is_refused(root: Path, cli: Command) -> None:
    (root / "tfgen.toml").write_text(f'{TOML}branch = "{BRANCH}"\n')
    assert "the pipelines build from it" in cli("remote", "push").expect(3).err
    assert at(root) == ("", "")


def test_no_branch_is_checked_out(root: Path, cli: Command) -> None:
    git(root, "switch", "--quiet", "--detach")
    assert "no branch is checked out" in cli("remote", "push").expect(3).err
    cli("remote", "push", BRANCH).expect(0)


def test_a_branch_without_a_commit(root: Path, cli: Command) -> None:
    git(root, "switch", "--quiet", "--orphan", "empty")
    assert "branch empty has no commits yet" in cli("remote", "push").expect(1).err


def test_uncommitted_changes_are_one_line(root: Path, cli: Command) -> None:
    assert "uncommitted" not in cli("remote", "push").expect(0).err
    (root / "new").touch()
    assert cli("remote", "push").expect(0).err.startswith("note: uncommitted changes are not pushed")
    git(root, "branch", "other")
    assert "uncommitted" not in cli("remote", "push", "other").expect(0).err


def test_a_remote_that_has_more_is_not_forced_and_the_advice_works(root: Path, cli: Command) -> None:
    cli("remote", "push").expect(0)
    theirs = diverge(root, "codecommit")
    ours = add_commit(root)
    done = cli("remote", "push").expect(1)
    assert at(root) == (ours, theirs)
    assert "hint: " in done.err  # git's own words
    last = done.err.splitlines()[-1]
    assert last.startswith(f"error: {BRANCH} was not pushed to codecommit ([rejected] (fetch first)); origin has it; ")
    advice = last.partition("do not have; run: ")[2].partition(", then")[0]
    git(root, *advice.split()[1:], "--no-edit")
    cli("remote", "push").expect(0)
    assert len(set(at(root))) == 1


def test_the_advice_for_a_branch_that_is_not_checked_out_merges_into_that_branch(root: Path, cli: Command) -> None:
    cli("remote", "push").expect(0)
    diverge(root, "codecommit")
    ours = add_commit(root)
    git(root, "switch", "--quiet", "main")
    main = git(root, "rev-parse", "main")
    done = cli("remote", "push", BRANCH).expect(1)
    advice = done.err.splitlines()[-1].partition("do not have; run: ")[2].partition(", then")[0]
    assert advice == f"git switch {BRANCH} && git pull --no-rebase codecommit {BRANCH}"
    for words in advice.split(" && "):
        git(root, *words.split()[1:], *(["--no-edit"] if "pull" in words else []))
    cli("remote", "push", BRANCH).expect(0)
    assert len(set(at(root))) == 1
    assert git(root, "rev-parse", f"{BRANCH}^1").strip() == ours
    assert git(root, "rev-parse", "main") == main


def test_a_shallow_clone_is_told_so_and_the_advice_works(
    root: Path, cli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(root, "switch", "--quiet", "main")
    add_commit(root)
    git(root, "push", "--quiet", "origin", "main")
    folder = root.parent
    git(folder, "clone", "--quiet", "--depth=1", f"file://{folder}/origin.git", "shallow")
    shallow = folder / "shallow"
    git(shallow, "remote", "add", "codecommit", f"{folder}/codecommit.git")
    git(shallow, "switch", "--quiet", "--create", BRANCH)
    head = add_commit(shallow)
    monkeypatch.chdir(shallow)
    done = cli("remote", "push").expect(1)
    assert at(root) == (head, "")
    assert "shallow clone; run: git fetch --unshallow, then" in done.err
    git(shallow, "fetch", "--quiet", "--unshallow")
    cli("remote", "push").expect(0)
    assert at(root) == (head, head)


def test_a_worktree_whose_branch_tracks_another_one(root: Path, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes to the branch of its own name."""
    before = at(root, "main")
    git(root, "config", "push.default", "upstream")
    git(root, "worktree", "add", "--quiet", "-b", "mine", "--track", "../tree", "origin/main")
    head = add_commit(root.parent / "tree")
    monkeypatch.chdir(root.parent / "tree")
    cli("remote", "push").expect(0)
    assert at(root, "mine") == (head, head)
    assert at(root, "main") == before


def test_remotes_of_any_name_and_their_push_addresses(root: Path, cli: Command) -> None:
    folder = root.parent
    git(root, "remote", "rename", "origin", "upstream")
    git(root, "config", "remote.upstream.url", "https://example.com/x.git")
    git(root, "config", f"url.{folder}/origin.git.pushInsteadOf", "https://example.com/x.git")
    git(root, "config", "remote.codecommit.pushurl", f"{folder}/codecommit.git")
    git(root, "config", "remote.codecommit.url", "/nowhere")
    cli("remote", "push", "main", "--remote", "upstream").expect(3)
    cli("remote", "push", "--remote", "upstream", "--remote", "codecommit").expect(0)
    assert all(at(root))


def test_settings_that_would_force_do_not(root: Path, cli: Command) -> None:
    cli("remote", "push").expect(0)
    theirs = diverge(root, "codecommit")
    add_commit(root)
    git(root, "config", "remote.codecommit.push", f"+refs/heads/{BRANCH}:refs/heads/{BRANCH}")
    cli("remote", "push").expect(1)
    git(root, "config", "remote.codecommit.mirror", "true")
    cli("remote", "push").expect(1)
    assert at(root)[1] == theirs


def test_one_of_two_that_cannot_be_reached(root: Path, cli: Command) -> None:
    (root.parent / "origin.git").rename(root.parent / "gone.git")
    done = cli("remote", "push").expect(1)
    assert "does not appear to be a git repository" in done.err
    assert "was not pushed to origin (git failed with exit code 128); codecommit has it" in done.err
    assert commit_at(root.parent / "codecommit.git", BRANCH)
    (root.parent / "codecommit.git").rename(root.parent / "gone2.git")
    done = cli("remote", "push").expect(1)
    assert "was not pushed to origin (" in done.err
    assert "; no remote has it; " in done.err


def test_what_a_remotes_hook_says_is_shown(root: Path, cli: Command) -> None:
    program(root.parent / "codecommit.git/hooks", "pre-receive", "echo ask the team first >&2; exit 1")
    done = cli("remote", "push").expect(1)
    assert "ask the team first" in done.err
    assert "codecommit ([remote rejected] (pre-receive hook declined)); origin has it" in done.err


def test_a_hook_of_the_users_own_runs_and_can_stop_it(root: Path, cli: Command) -> None:
    program(root / ".git/hooks", "pre-push", 'echo a linter says; echo another >&2; [ "$1" = origin ]')
    done = cli("remote", "push").expect(1)
    assert "was not pushed to codecommit" in done.err
    assert done.err.count("a linter says\n") == done.err.count("another\n") == 2
    assert done.out == f"pushed     {BRANCH} -> origin  [new branch]\n"
    assert [bool(commit) for commit in at(root)] == [True, False]


def test_a_push_to_several_addresses_of_one_remote_is_all_or_an_error(root: Path, cli: Command) -> None:
    git(root, "config", "--add", "remote.origin.url", str(root.parent / "gone.git"))
    assert "was not pushed to origin" in cli("remote", "push").expect(1).err


def test_the_remotes_must_be_there(repo: Repo, cli: Command) -> None:
    root = clone(repo)
    git(root, "switch", "--quiet", "--create", BRANCH)
    assert "run: tfgen remote add" in cli("remote", "push").expect(1).err
    for name in ("nope", "-x", "--receive-pack=touch x", str(root.parent / "origin.git"), "ext::sh -c true"):
        assert "not found; remotes: " in cli("remote", "push", f"--remote={name}").expect(1).err
    git(root, "remote", "remove", "origin")
    assert "remote origin not found" in cli("remote", "push").expect(1).err


def test_a_codecommit_remote_is_found_by_its_address_and_needs_its_helper(
    root: Path, cli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(root, "remote", "remove", "codecommit")
    git(root, "remote", "add", "aws", URL)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert "pip install git-remote-codecommit" in cli("remote", "push").expect(1).err
    assert at(root)[0] == ""


def test_a_hooks_git_dir_does_not_lead_elsewhere(root: Path, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", str(root.parent / "codecommit.git"))
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere/index")
    cli("remote", "push").expect(0)
    monkeypatch.undo()
    assert all(at(root))


def test_progress_on_a_terminal(root: Path) -> None:
    (root / "big").write_bytes(os.urandom(300_000))
    git(root, "add", "big")
    git(root, "commit", "--quiet", "--message", "big")
    with pexpect.spawn(sys.executable, ["-m", "tfgen", "remote", "push"], encoding="utf-8", timeout=60) as terminal:
        terminal.expect("Writing objects: +100%")
        terminal.expect("-> codecommit")
        terminal.expect(pexpect.EOF)
    assert terminal.exitstatus == 0


def test_an_interrupted_push_ends_git_and_tries_no_other(root: Path) -> None:
    started = root / "started"
    script = f"echo $PPID $$ >'{started}.new'; mv '{started}.new' '{started}'; exec sleep 600"
    program(root / ".git/hooks", "pre-push", script)
    process = subprocess.Popen([sys.executable, "-m", "tfgen", "remote", "push"], stderr=subprocess.PIPE, text=True)
    while not started.exists():
        assert process.poll() is None
        time.sleep(0.01)
    git_id, hook_id = map(int, started.read_text().split())
    process.send_signal(signal.SIGTERM)
    process.wait(60)
    os.kill(hook_id, signal.SIGKILL)  # git itself leaves it behind
    with pytest.raises(ProcessLookupError):
        os.kill(git_id, 0)
    assert process.returncode == 130
    assert at(root) == ("", "")
