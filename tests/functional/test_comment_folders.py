"""Two folders with a tfgen.toml in one repository: each has a comment of its own on a pull request."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import TOML, Command, Repo
from tests.functional.git_repo import git
from tests.functional.pr_hosts import Bitbucket, CodeCommit, GitHub, running
from tests.functional.saved_plans import image, save_plan
from tfgen.hosts.model import STYLES, marker


@pytest.fixture(params=(GitHub, Bitbucket, CodeCommit), ids=lambda kind: kind.__name__)
def host(request: pytest.FixtureRequest) -> Iterator[Any]:
    with running(request.param) as server:
        yield server


@pytest.fixture
def teams(repo: Repo) -> Path:
    root = repo({"team1/tfgen.toml": TOML, "team2/tfgen.toml": TOML})
    git(root, "init", "--quiet")
    return root


def marked(host: Any, target: str) -> str:
    """A comment of an earlier version."""
    style = STYLES[{GitHub: "github", Bitbucket: "bitbucket", CodeCommit: "codecommit"}[type(host)]]  # type: ignore[index]
    return f"{marker(style, target)}\n\n### Plan of `{target}`\n"


def test_a_comment_each(host: Any, teams: Path, comment: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        for team, action in (("team1", "delete"), ("team2", "update")):
            monkeypatch.chdir(teams / team)
            save_plan(image(team, action))
            comment(host).expect(0)
    first, second = host.bodies()
    assert "### Plan of `team1/terraform/pipelines`" in first
    assert "**1 destroyed**" in first
    assert "### Plan of `team2/terraform/pipelines`" in second
    assert "**1 changed**" in second
    assert first.splitlines()[0] != second.splitlines()[0]


def test_a_target_each(host: Any, teams: Path, comment: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    for team in ("team1", "team2", "team1"):
        monkeypatch.chdir(teams / team)
        save_plan(image(team))
        comment(host, "--target", "prod").expect(0)
    assert ["`team1: prod`" in body for body in host.bodies()] == [True, False]


def test_an_older_comment_is_taken_over(
    host: Any, teams: Path, comment: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    (teams / "team2/tfgen.toml").unlink()
    host.add(marked(host, "terraform/pipelines"))
    monkeypatch.chdir(teams / "team1")
    save_plan(image("web"))
    assert "updated the comment" in comment(host).expect(0).err
    assert "updated" not in comment(host).expect(0).err
    assert len(host.bodies()) == 1
    assert "`team1/terraform/pipelines`" in host.bodies()[0]


def test_the_comment_of_the_repositorys_root_is_left_alone(
    host: Any, teams: Path, comment: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    (teams / "tfgen.toml").write_text(TOML)
    save_plan(image("web"))
    monkeypatch.chdir(teams)
    comment(host).expect(0)
    monkeypatch.chdir(teams / "team1")
    save_plan(image("web"))
    comment(host).expect(0)
    assert ["### Plan of `terraform/pipelines`" in body for body in host.bodies()] == [True, False]


def test_the_root_s_own_comment_is_found(
    host: Any, teams: Path, comment: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    (teams / "tfgen.toml").write_text(TOML)
    host.add(marked(host, "terraform/pipelines"))
    monkeypatch.chdir(teams)
    save_plan(image("web"))
    assert "updated the comment" in comment(host).expect(0).err
    assert len(host.bodies()) == 1


def test_from_the_repositorys_root(host: Any, teams: Path, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """`-C` names the folder: the name does not depend on where tfgen is started."""
    for team in ("team1", "team2"):
        monkeypatch.chdir(teams / team)
        save_plan(image(team))
        monkeypatch.chdir(teams)
        shown = cli("-C", team, "comment", "images.tfplan", "--dry-run", "--host", "github").expect(0).out
        assert f"### Plan of `{team}/terraform/pipelines`" in shown
