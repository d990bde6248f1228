"""The base of an untrusted plan: a commit or a branch of a remote that its author names, whatever else is called so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Command, Repo
from tests.functional.branches import clone, push, sha
from tests.functional.git_repo import commit, git
from tests.prepared import prepared
from tests.security.git_estate import PLAN, make_estate
from tfgen.git.merge_base import find_base
from tfgen_generators.errors import RefusedError, TfgenError, UsageError


@pytest.fixture
def here(repo: Repo, tmp_path: Path) -> Path:
    """A clone in which `evil` is checked out; everything but origin/main may be its author's."""

    def make() -> Path:
        root = repo({"file": "1"})
        git(root, "init", "--quiet")
        commit(root)
        git(root, "checkout", "--quiet", "-b", "evil")
        push(root, {"file": "2"})
        clone(root, root / "clone")
        return root

    root = prepared(repo, make, "evil")
    here = (root / "clone").rename(tmp_path / "clone")
    git(here, "remote", "set-url", "origin", f"file://{root}")
    return here


def resolved(here: Path, wanted: str | None, **variables: str) -> str:
    return find_base(here, wanted, trusted=True, env=variables).commit


@pytest.mark.parametrize("wanted", ["main", "origin/main", "refs/remotes/origin/main", "the commit's id"])
def test_what_names_a_protected_branch(here: Path, wanted: str) -> None:
    main = sha(here, "refs/remotes/origin/main")
    assert resolved(here, main if wanted.startswith("the") else wanted) == main


Trick = Callable[[Path, str], object]


def _ref(name: str) -> Trick:
    return lambda here, evil: git(here, "update-ref", f"refs/{name}", evil)


_ALIKE = ("main", "origin/main", "remotes/origin/main", "refs/remotes/origin/main")
_PUSHED = ("origin/main", "refs/remotes/origin/main", "refs/heads/main", "master", "trunk")


@pytest.mark.parametrize("gone", [False, True], ids=["fetched", "not fetched"])
@pytest.mark.parametrize("wanted", ["main", "origin/main", "refs/remotes/origin/main"])
@pytest.mark.parametrize(
    "trick",
    [
        *(_ref(f"tags/{name}") for name in _ALIKE),
        *(_ref(f"heads/{name}") for name in _ALIKE),
        *(_ref(f"remotes/origin/{name}") for name in _PUSHED),
        lambda here, evil: git(here, "replace", sha(here, "refs/remotes/origin/main"), evil),
    ],
)
def test_no_other_ref_is_taken_for_it(here: Path, wanted: str, trick: Trick, gone: bool) -> None:
    main, evil = sha(here, "refs/remotes/origin/main"), sha(here, "refs/remotes/origin/evil")
    trick(here, evil)
    if gone:
        git(here, "update-ref", "-d", "refs/remotes/origin/main")
        with pytest.raises(TfgenError) as error:
            resolved(here, wanted)
        assert f"--base {wanted}: branch main of origin not found; run: git fetch origin" in str(error.value)
    else:
        assert resolved(here, wanted) == main


@pytest.mark.parametrize(
    "wanted",
    [
        *("HEAD", "@", "HEAD~1", "origin/HEAD", "refs/remotes/origin/HEAD", "main~1", "main^{commit}", ":/1"),
        *("refs/heads/main", "refs/tags/v1", "FETCH_HEAD", "--all", "origin/main..HEAD", "", " ", "origin/", "-x"),
        *("@{-1}", "refs/remotes/origin/", "refs/remotes/", "origin/main@{1}", "stash", "0" * 12),
    ],
)
def test_what_names_no_branch_of_a_remote(here: Path, wanted: str) -> None:
    git(here, "tag", "v1", "HEAD")
    with pytest.raises(TfgenError) as error:
        resolved(here, wanted)
    assert isinstance(error.value, UsageError) or "not found" in error.value.message


def test_nothing_is_guessed(here: Path) -> None:
    for variables in ({}, {"GITHUB_BASE_REF": "main"}, {"DESTINATION_COMMIT": sha(here, "refs/remotes/origin/main")}):
        with pytest.raises(UsageError, match="--untrusted needs --base; use the protected branch"):
            resolved(here, None, **variables)


def test_a_name_of_several_remotes(here: Path) -> None:
    git(here, "remote", "add", "fork", "../fork")
    git(here, "update-ref", "refs/remotes/fork/main", "evil")
    with pytest.raises(UsageError, match=r"the remote is not known, there are several remotes \(fork, origin\)"):
        resolved(here, "main")
    assert resolved(here, "origin/main") == sha(here, "refs/remotes/origin/main")


def test_a_remote_whose_name_has_a_slash(here: Path) -> None:
    main = sha(here, "refs/remotes/origin/main")
    git(here, "remote", "rename", "origin", "team/server")
    assert resolved(here, "team/server/main") == resolved(here, "main") == main
    with pytest.raises(RefusedError, match="GITHUB_BASE_REF"):
        resolved(here, "team/server/main", GITHUB_BASE_REF="server/main")


def test_without_a_remote_a_local_branch_is_none(here: Path) -> None:
    git(here, "remote", "remove", "origin")
    git(here, "branch", "--force", "main", "HEAD")
    for wanted in ("main", "refs/heads/main"):
        with pytest.raises(UsageError):
            resolved(here, wanted)
    git(here, "update-ref", "refs/remotes/origin/main", "HEAD~1")  # as a fetch by address leaves it
    assert resolved(here, "origin/main") == sha(here, "HEAD~1")


@pytest.mark.parametrize(
    ("variable", "same", "other"),
    [
        ("GITHUB_BASE_REF", "main", "evil"),
        ("BITBUCKET_PR_DESTINATION_BRANCH", "main", "evil"),
        ("CODEBUILD_WEBHOOK_BASE_REF", "refs/heads/main", "refs/heads/evil"),
        ("CHANGE_TARGET", "main", "main2"),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main", "origin/main"),
        ("DESTINATION_COMMIT", "{main}", "{evil}"),
        ("DESTINATION_COMMIT", "{main}", "f" * 40),
        ("DESTINATION_COMMIT", "{main}", "main"),
    ],
)
@pytest.mark.parametrize("wanted", ["main", "origin/main", "refs/remotes/origin/main"])
def test_what_the_host_says_must_agree(here: Path, variable: str, same: str, other: str, wanted: str) -> None:
    known = {name: sha(here, f"refs/remotes/origin/{name}") for name in ("main", "evil")}
    assert resolved(here, wanted, **{variable: same.format(**known)}) == known["main"]
    with pytest.raises(RefusedError) as error:
        resolved(here, wanted, **{variable: other.format(**known)})
    for said in (variable, wanted, other.format(**known).removeprefix("refs/heads/")):
        assert said in str(error.value)


def test_the_destination_may_be_older_than_the_branch(here: Path) -> None:
    older = sha(here, "refs/remotes/origin/main")
    newer = git(here, "commit-tree", "-m", "x", "-p", older, f"{older}^{{tree}}").strip()
    git(here, "update-ref", "refs/remotes/origin/main", newer)
    assert resolved(here, "origin/main", DESTINATION_COMMIT=older) == older


def test_the_command_says_what_to_do(repo: Repo, cli: Command, tfgen: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path.cwd())
    made = make_estate(repo, cli, tfgen)
    refused = tfgen(*PLAN, GITHUB_BASE_REF="release").expect(3)
    assert (
        "GITHUB_BASE_REF=release: the pull request targets another branch than --base origin/main; plan pull"
        in refused.err
    )
    assert "(or TFGEN_BASE)" in tfgen("plan", "--untrusted").expect(64).err
    tfgen("plan", "--untrusted", TFGEN_BASE="origin/main", GITHUB_BASE_REF="main").expect(0)
    git(made.top, "branch", "--force", "main", "HEAD")
    tfgen("plan", "--untrusted", "--base", "refs/heads/main").expect(64)
    short = git(made.top, "rev-parse", "--short=9", "origin/main").strip()
    git(made.top, "update-ref", f"refs/remotes/origin/{short}", "HEAD")  # whoever may push can have such a branch
    assert "is a short commit ID; use the full ID" in tfgen("plan", "--untrusted", "--base", short).expect(64).err
