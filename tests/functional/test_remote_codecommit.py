"""The real git-remote-codecommit: it reads our addresses as we mean them, and git pushes through it."""

from __future__ import annotations

import os
import re
import string
import subprocess
from collections.abc import Iterator
from pathlib import Path

import git_remote_codecommit  # type: ignore[import-untyped]
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import Command, Repo
from tests.e2e.tools import ROOT, SEARCH_PATH, require_tool
from tests.functional.codecommit_server import CodeCommitServer, codecommit_server
from tests.functional.git_repo import git
from tests.functional.remotes import add_commit, clone, commit_at, setting
from tfgen_generators.settings.git_names.codecommit_url import codecommit_url, what_is_allowed

BRANCH = "fix-nginx"
NAME = st.text(string.ascii_letters + string.digits + "._-", min_size=1, max_size=100)
PROFILE = st.text(string.ascii_letters + string.digits + "_.+=,:~ -", min_size=1, max_size=20)


@pytest.fixture
def profiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Profiles with keys of their own, and none in the environment."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    keys = "aws_access_key_id = {0}\naws_secret_access_key = x\nregion = eu-central-1\n"
    text = "[default]\n" + keys.format("ofdefault") + "[profile 'my images']\n" + keys.format("ofimages")
    Path(os.environ["AWS_CONFIG_FILE"]).write_text(text, encoding="utf-8")


def read(url: str) -> tuple[str, str, str]:
    """Region, profile's key and repository as the helper reads them, which git calls without `codecommit::`."""
    context = git_remote_codecommit.Context.from_url(url.removeprefix("codecommit::"))
    return context.region, context.credentials.access_key, context.repository


@pytest.mark.usefixtures("profiles")
def test_the_helper_reads_our_addresses_as_we_mean_them() -> None:
    assert read(codecommit_url("us-gov-west-1", "ami-builder")) == ("us-gov-west-1", "ofdefault", "ami-builder")
    assert read(codecommit_url("eu-west-1", "A_b.c-d", "my images")) == ("eu-west-1", "ofimages", "A_b.c-d")


@settings(deadline=None, max_examples=50)
@given(repository=NAME, profile=PROFILE.filter(lambda profile: not what_is_allowed("profile", profile)))
def test_the_helper_reads_every_profile_that_we_allow(repository: str, profile: str) -> None:
    """Up to the lookup of the profile: the helper names the one that it has read."""
    with pytest.raises(git_remote_codecommit.ProfileNotFound) as caught:
        read(codecommit_url("eu-west-1", repository, profile))
    assert f"profile was not found: {profile}. " in str(caught.value)


@pytest.mark.usefixtures("profiles")
@settings(deadline=None)
@given(repository=NAME)
def test_the_helper_reads_every_repositorys_name(repository: str) -> None:
    url = codecommit_url("eu-west-1", repository).removeprefix("codecommit::")
    assert git_remote_codecommit.urlparse(url)[:3] == ("eu-west-1", repository, "")


@pytest.mark.parametrize("profile", ["a/b", "a@b", "a?b", "a#b", "a[b", "a\tb"])
def test_the_helper_would_misread_what_we_refuse(profile: str) -> None:
    assert what_is_allowed("profile", profile)
    url = codecommit_url("eu-west-1", "ami-builder", profile).removeprefix("codecommit::")
    try:
        misread = git_remote_codecommit.urlparse(url).netloc.split("@", 1)
    except ValueError:
        return
    assert misread != [profile, "ami-builder"]


@pytest.fixture
def codecommit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profiles: None) -> Iterator[CodeCommitServer]:
    """git's own HTTP server with the repository ami-builder, to which the real helper on PATH leads."""
    require_tool("git-remote-codecommit", "pip install")
    monkeypatch.setenv("PATH", SEARCH_PATH)
    git(tmp_path, "init", "--quiet", "--bare", "served/ami-builder")
    with codecommit_server(tmp_path / "served") as server:
        monkeypatch.setenv("CODE_COMMIT_ENDPOINT", server.endpoint)
        monkeypatch.setenv("GIT_SSL_CAINFO", str(server.folder / "tls.pem"))
        yield server


def test_git_pushes_through_the_helper(repo: Repo, cli: Command, codecommit: CodeCommitServer) -> None:
    """From `remote add` to the commit in CodeCommit."""
    served = codecommit.folder / "ami-builder"
    root = clone(repo)
    git(root, "switch", "--quiet", "--create", BRANCH)
    (root / "big").write_bytes(os.urandom(2_000_000))  # more than git sends in one piece
    git(root, "add", "big")
    head = add_commit(root)
    cli("remote", "add", "--profile", "my images").expect(0)
    assert setting(root, "remote.codecommit.url") == ["codecommit::eu-central-1://my images@ami-builder"]
    done = cli("remote", "push").expect(0)
    assert f"pushed     {BRANCH} -> codecommit  [new branch]" in done.out
    assert commit_at(served, BRANCH) == head
    assert codecommit.users == {"ofimages"}
    assert cli("remote", "push").expect(0).out.count("unchanged") == 2

    served.rename(served.with_name("gone"))
    add_commit(root)
    done = cli("remote", "push").expect(1)
    assert "not found" in done.err
    assert "was not pushed to codecommit (git failed with exit code 128); origin has it" in done.err
    assert "ofimages" not in done.err


def scripts() -> list[str]:
    """The line that pushes in each of the guide's recipes."""
    guide = (ROOT / "docs/remotes.md").read_text(encoding="utf-8")
    github, bitbucket = map(yaml.safe_load, re.findall(r"^```yaml\n(.*?)^```", guide, re.MULTILINE | re.DOTALL))
    step = github["jobs"]["mirror"]["steps"][-1]
    variables = "".join(f"{name}={value}; " for name, value in step["env"].items())
    return [variables + step["run"], bitbucket["pipelines"]["branches"]["main"][0]["step"]["script"][-1]]


@pytest.mark.parametrize("script", scripts())
def test_the_guides_recipes_mirror_main_and_force_nothing(
    repo: Repo, codecommit: CodeCommitServer, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    root = clone(repo)
    git(root, "switch", "--quiet", "--detach")  # as CI checks out
    monkeypatch.setenv("AWS_REGION", "eu-west-1")

    def mirror() -> int:
        return subprocess.run(["bash", "-eu", "-c", script], cwd=root, stderr=subprocess.DEVNULL).returncode

    head = add_commit(root)
    assert mirror() == 0
    assert commit_at(codecommit.folder / "ami-builder", "main") == head
    git(root, "switch", "--quiet", "--detach", "HEAD~1")
    add_commit(root, "past the pull requests")
    assert mirror() != 0
    assert commit_at(codecommit.folder / "ami-builder", "main") == head


@pytest.mark.usefixtures("profiles")
def test_what_the_helper_says_is_shown(repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    require_tool("git-remote-codecommit", "pip install")
    monkeypatch.setenv("PATH", SEARCH_PATH)
    root = clone(repo)
    git(root, "switch", "--quiet", "--create", BRANCH)
    git(root, "remote", "add", "codecommit", codecommit_url("eu-west-1", "ami-builder", "nobody"))
    done = cli("remote", "push").expect(1)
    assert "The following profile was not found: nobody." in done.err
    assert commit_at(root.parent / "origin.git", BRANCH)
