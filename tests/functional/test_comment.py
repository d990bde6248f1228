"""`tfgen comment` against local servers that behave as the three hosts' APIs do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import TOML, Command, Repo
from tests.functional.pr_hosts import Bitbucket, CodeCommit, GitHub, Reply, Server, running
from tests.functional.saved_plans import image, save_plan
from tfgen.terraform.reports.plan import ImagePlan, ResourceChange

HOSTS = (GitHub, Bitbucket, CodeCommit)
LIMITS = {GitHub: 65_536, Bitbucket: 32_768, CodeCommit: 10_240}


@pytest.fixture
def here(repo: Repo) -> Path:
    root = repo({"tfgen.toml": TOML})
    save_plan(image("web"), image("db", "delete"), unchanged=("cache",))
    return root


@pytest.fixture(params=HOSTS, ids=lambda kind: kind.__name__)
def host(request: pytest.FixtureRequest, here: Path) -> Iterator[Any]:
    with running(request.param) as server:
        yield server


@pytest.fixture
def github(here: Path) -> Iterator[GitHub]:
    with running(GitHub) as server:
        yield server


@pytest.fixture
def codecommit(here: Path) -> Iterator[CodeCommit]:
    with running(CodeCommit) as server:
        yield server


# Create, then update


def test_a_comment_is_made_once_and_then_updated(host: Any, comment: Command) -> None:
    host.add("Looks good to me", {"login": "alice", "type": "User", "uuid": "{a}"} if host is not CodeCommit else None)
    done = comment(host).expect(0)
    assert done.out == ""
    assert "commented on" in done.err
    assert len(host.bodies()) == 2
    first = host.bodies()[-1]
    assert "### Plan of `terraform/pipelines`" in first
    assert "**1 destroyed, 1 created, 1 unchanged**" in first
    assert "**Refused:** 1 image would be destroyed or replaced" in first
    assert "commit `0123456789ab`" in first
    assert "[CI run](https://" in first
    assert "the comment is up to date on" in comment(host).expect(0).err

    save_plan(image("web", "update"))
    assert "updated the comment on" in comment(host).expect(0).err
    assert len(host.bodies()) == 2
    assert "**1 changed**" in host.bodies()[-1]
    assert host.bodies()[0] == "Looks good to me"


def test_nothing_changed_updates_the_old_comment_and_makes_none(host: Any, comment: Command) -> None:
    save_plan(changed=False, unchanged=("web", "db"))
    assert "no comment to update" in comment(host).expect(0).err
    assert host.bodies() == []
    save_plan(image("web"))
    comment(host).expect(0)
    save_plan(changed=False, unchanged=("web", "db"))
    comment(host).expect(0)
    assert len(host.bodies()) == 1
    assert "**No changes**" in host.bodies()[0]
    assert "module.web" not in host.bodies()[0]


def test_a_plan_that_failed_takes_the_old_comment_s_place_and_makes_none(host: Any, comment: Command) -> None:
    assert "no comment to update" in comment(host, plan="--failed").expect(0).err
    assert host.bodies() == []
    comment(host).expect(0)
    comment(host, plan="--failed").expect(0)
    (body,) = host.bodies()
    assert "### Plan of `terraform/pipelines`" in body
    assert "**The plan failed**" in body
    assert "[CI run](https://" in body
    assert "web" not in body
    comment(host).expect(0)
    assert "**1 destroyed, 1 created, 1 unchanged**" in host.bodies()[0]


def test_a_plan_that_failed_needs_no_plan_file(here: Path, cli: Command) -> None:
    assert "**The plan failed**" in cli("comment", "--failed", "--dry-run").expect(0).out
    assert "remove saved" in cli("comment", "saved", "--failed").expect(64).err


def test_settings_that_cannot_be_read_may_be_why_the_plan_failed(host: Any, here: Path, comment: Command) -> None:
    comment(host).expect(0)
    (here / "tfgen.toml").write_text("broken")
    comment(host, plan="--failed").expect(0)
    assert "**The plan failed**" in host.bodies()[0]


def test_three_hundred_images_are_within_what_the_host_takes(host: Any, comment: Command) -> None:
    """The server refuses a text that is too long, as the real one does."""
    save_plan(*(image(f"image-{number:03}", "create", 9) for number in range(300)))
    done = comment(host).expect(0)
    body = host.bodies()[0]
    assert LIMITS[type(host)] * 0.9 < len(body) <= LIMITS[type(host)]
    assert "**300 created**" in body
    assert "**Cut:**" in body
    assert "module.image-299.aws_thing.resource_8" in done.err  # the log has all of it, as the comment says


def test_each_target_has_its_own_comment(host: Any, comment: Command) -> None:
    comment(host, "--target", "staging").expect(0)
    comment(host, "--target", "production").expect(0)
    save_plan(image("web", "update"))
    comment(host, "--target", "staging").expect(0)
    assert len(host.bodies()) == 2
    assert "`staging`" in host.bodies()[0]
    assert "**1 changed**" in host.bodies()[0]
    assert "**1 destroyed, 1 created, 1 unchanged**" in host.bodies()[1]


def test_the_comment_is_found_on_a_later_page(host: Any, comment: Command) -> None:
    for number in range(230):
        host.add(f"comment {number}")
    comment(host).expect(0)
    for number in range(30):
        host.add(f"later {number}")
    save_plan(image("web", "update"))
    comment(host).expect(0)
    assert len(host.bodies()) == 261
    assert "**1 changed**" in host.bodies()[230]


def test_the_newest_of_several_is_updated(host: Any, comment: Command) -> None:
    comment(host).expect(0)
    old = host.bodies()[0]
    host.add(old)
    save_plan(image("web", "update"))
    comment(host).expect(0)
    assert host.bodies()[0] == old
    assert "**1 changed**" in host.bodies()[1]


def test_somebody_else_s_comment_is_left_alone(host: Any, comment: Command) -> None:
    """Anybody may copy our comment, marker and all."""
    comment(host).expect(0)
    copied = host.bodies().pop()
    host.comments.clear()
    if isinstance(host, CodeCommit):
        host.add(copied, "arn:aws:iam::123456789012:user/mallory")
    else:
        host.add(copied, {"login": "mallory", "type": "User" if isinstance(host, GitHub) else "user", "uuid": "{m}"})
    save_plan(image("web", "update"))
    comment(host).expect(0)
    assert host.bodies()[0] == copied
    assert len(host.bodies()) == 2


def test_a_marker_that_is_quoted_is_none(host: Any, comment: Command) -> None:
    comment(host).expect(0)
    quoted = "\n".join(["See:", *(f"> {line}" for line in host.bodies()[0].splitlines())])
    host.comments.clear()
    host.add(quoted)
    comment(host).expect(0)
    assert host.bodies()[0] == quoted
    assert len(host.bodies()) == 2


def test_a_user_s_token_updates_that_user_s_comment_alone(comment: Command, here: Path) -> None:
    users: list[tuple[Any, dict[str, str]]] = [
        (GitHub, {"login": "me", "type": "User"}),
        (Bitbucket, {"type": "user", "uuid": "{me}"}),
    ]
    for kind, me in users:
        with running(kind) as server:
            server.user = me
            comment(server).expect(0)
            copied = server.bodies()[0]
            server.add(copied, server.app if isinstance(server, GitHub) else server.bot)
            save_plan(image("web", "update"))
            comment(server).expect(0)
            assert server.bodies()[1] == copied
            assert "**1 changed**" in server.bodies()[0]
            save_plan(image("web"), image("db", "delete"))


def test_a_deleted_comment_is_no_comment(comment: Command, here: Path) -> None:
    kinds: list[Any] = [Bitbucket, CodeCommit]
    for kind in kinds:
        with running(kind) as server:
            comment(server).expect(0)
            server.comments[0]["deleted"] = True
            comment(server).expect(0)
            assert len(server.bodies()) == 2


def test_codecommit_lets_another_build_s_session_edit(codecommit: CodeCommit, comment: Command) -> None:
    comment(codecommit).expect(0)
    codecommit.session = "AWSCodeBuild-2"
    save_plan(image("web", "update"))
    comment(codecommit).expect(0)
    assert len(codecommit.bodies()) == 1


def test_codecommit_that_does_not_gets_a_new_comment(codecommit: CodeCommit, comment: Command) -> None:
    comment(codecommit).expect(0)
    codecommit.session, codecommit.same_role_may_edit = "AWSCodeBuild-2", False
    save_plan(changed=False)
    assert "commented on" in comment(codecommit).expect(0).err
    assert "**No changes**" in codecommit.bodies()[1]


def test_a_destroy_that_is_allowed_is_not_called_refused(github: GitHub, comment: Command) -> None:
    comment(github, "--allow-destroy", "db").expect(0)
    assert "Refused" not in github.bodies()[0]


# Where it is told which pull request it is


def test_github_s_event_names_the_pull_request(github: GitHub, comment: Command, here: Path) -> None:
    event = here / "event.json"
    for about in ("pull_request", "issue"):
        event.write_text(json.dumps({about: {"number": 7, "title": "x"}}))
        comment(github, GITHUB_REF="refs/heads/main", GITHUB_EVENT_PATH=str(event)).expect(0)
    assert len(github.bodies()) == 1


def test_gh_s_variable_for_the_token_will_do(github: GitHub, comment: Command) -> None:
    comment(github, GITHUB_TOKEN="", GH_TOKEN="test").expect(0)


def test_codebuild_that_a_webhook_has_started(github: GitHub, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "CODEBUILD_BUILD_ID": "x:1",
        "CODEBUILD_WEBHOOK_TRIGGER": "pr/7",
        "CODEBUILD_SOURCE_REPO_URL": "https://github.com/org/images.git",
        "GITHUB_API_URL": github.url,
        "GITHUB_TOKEN": "test",
    }.items():
        monkeypatch.setenv(name, value)
    cli("comment", "images.tfplan").expect(0)
    assert len(github.bodies()) == 1


def test_bitbucket_by_user_and_password(comment: Command, here: Path) -> None:
    with running(Bitbucket) as server:
        server.authorization = "Basic bWU6dGVzdA=="
        comment(server, BITBUCKET_TOKEN="", BITBUCKET_USER="me", BITBUCKET_APP_PASSWORD="test").expect(0)
        assert len(server.bodies()) == 1


def test_on_no_ci_it_says_what_works_anywhere(cli: Command, here: Path) -> None:
    done = cli("comment", "images.tfplan").expect(64)
    assert "--dry-run" in done.err
    assert "--host" in done.err


@pytest.mark.parametrize(
    ("kind", "variable", "said"),
    [
        (GitHub, "GITHUB_TOKEN", "GITHUB_TOKEN is not set"),
        (GitHub, "GITHUB_REF", "is not for a pull request"),
        (GitHub, "GITHUB_REPOSITORY", "GITHUB_REPOSITORY is not set"),
        (Bitbucket, "BITBUCKET_TOKEN", "BITBUCKET_TOKEN (or BITBUCKET_USER and BITBUCKET_APP_PASSWORD) is not set"),
        (Bitbucket, "BITBUCKET_PR_ID", "is not for a pull request"),
        (CodeCommit, "PULL_REQUEST_ID", "is not for a pull request"),
        (CodeCommit, "SOURCE_COMMIT", "SOURCE_COMMIT is not set"),
        (CodeCommit, "AWS_REGION", "AWS region not set"),
    ],
)
def test_a_missing_variable_is_named(
    kind: type[Server], variable: str, said: str, comment: Command, here: Path
) -> None:
    with running(kind) as server:
        assert said in comment(server, **{variable: ""}).expect(1 if variable == "AWS_REGION" else 64).err
        assert server.requests == []


@pytest.mark.parametrize("repository", ["org", "org/images/../../user", "org/images?x=1", "../x"])
def test_a_repository_that_is_none(github: GitHub, comment: Command, repository: str) -> None:
    assert "GITHUB_REPOSITORY is not OWNER/NAME" in comment(github, GITHUB_REPOSITORY=repository).expect(64).err


# Without a host


def test_dry_run_prints_and_output_writes_without_a_host(cli: Command, here: Path) -> None:
    shown = cli("comment", "images.tfplan", "--dry-run").expect(0).out
    assert shown.startswith("<!-- tfgen plan ")
    cli("comment", "images.tfplan", "--output", "plan.md").expect(0)
    assert (here / "plan.md").read_text() == shown
    assert (
        cli("comment", "images.tfplan", "--dry-run", "--host", "codecommit").expect(0).out.startswith("[comment]: # (")
    )


def test_without_a_host_nothing_is_cut(cli: Command, here: Path) -> None:
    save_plan(*(image(f"image-{number:03}", "create", 9) for number in range(300)))
    assert cli("comment", "images.tfplan", "--dry-run").expect(0).out.count("module.image-") == 2700
    assert len(cli("comment", "images.tfplan", "--dry-run", "--host", "codecommit").expect(0).out) <= 10_240


def test_output_that_cannot_be_written(cli: Command, here: Path) -> None:
    assert (
        "nowhere/plan.md: cannot be written"
        in cli("comment", "images.tfplan", "--output", "nowhere/plan.md").expect(1).err
    )


def test_no_plan(cli: Command, here: Path) -> None:
    assert "plan file other.tfplan not found" in cli("comment", "other.tfplan", "--dry-run").expect(64).err
    assert ".tfgen/tfplan" in cli("comment", "--dry-run").expect(64).err


def test_an_altered_manifest_is_not_shown(cli: Command, here: Path) -> None:
    manifest = here / "images.tfplan.json"
    manifest.write_text(manifest.read_text().replace('"delete"', '"create"'))
    assert "was changed after the plan was made" in cli("comment", "images.tfplan", "--dry-run").expect(3).err


def test_names_reach_the_log_as_text_alone(github: GitHub, comment: Command) -> None:
    save_plan(
        ImagePlan(name="x", changes=(ResourceChange(address='a["\n::error::x\n##[group]\x1b"]', action="create"),))
    )
    github.fail(Reply(status=404, body={"message": "Not Found"}))
    done = comment(github).expect(1)
    assert "\n::error" not in done.err
    assert "##[" not in done.err
    assert "\x1b" not in done.err


def test_github_s_comment_needs_no_boto3(github: GitHub, tfgen: Command) -> None:
    done = tfgen("comment", "images.tfplan", **github.env, PYTHONPROFILEIMPORTTIME="1").expect(0)
    assert len(github.bodies()) == 1
    assert "tfgen.hosts.github" in done.err
    assert "botocore" not in done.err
