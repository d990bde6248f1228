"""The written recipes, run: from checkout to plan, comment and apply, on a real Terraform and local hosts."""

from __future__ import annotations

import io
import json
import re
import shlex
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import JSON, TOY, Command, write_tree
from tests.functional.pr_hosts import Bitbucket, CodeCommit, running
from tests.terraform.recipes import GitHubJob, GitHubWithActions, Outcome, Repository, bitbucket_step, codebuild, shell
from tfgen.commands.ci import RECIPES
from tfgen.emulator.environment import terraform_environment
from tfgen.emulator.override import override_text
from tfgen.emulator.server import Emulator
from tfgen.hosts.ci import CODECOMMIT_VARIABLES
from tfgen.terraform.binary import find_terraform

ROOT = Path(__file__).resolve().parents[2]


def shared_state(folder: Path) -> str:
    """A state that outlives a checkout, as S3's does."""
    return f'terraform {{\n  backend "local" {{\n    path = "{folder}/shared.tfstate"\n  }}\n}}\n'


def recipes(cli: Command) -> dict[str, str]:
    return {path: cli("ci", host, "--output", "-").expect(0).out for host, (_, path) in RECIPES.items()}


@pytest.fixture
def repository(tmp_path: Path, cli: Command, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """The toy estate with the image web, and all three recipes, on main."""
    made = Repository(folder=tmp_path)
    monkeypatch.chdir(write_tree(made.origin, {"tfgen.toml": TOY["tfgen.toml"]}))
    files = {
        **TOY,
        **recipes(cli),
        "terraform/pipelines/backend.tf": shared_state(tmp_path),
        "packer/web.json": JSON,
        "packer/README.md": "",
    }
    made.commit("main", files)
    return made


@pytest.fixture
def github() -> Iterator[GitHubWithActions]:
    with running(GitHubWithActions) as server:
        yield server


def images(folder: Path) -> set[str]:
    state = folder / "shared.tfstate"
    found = json.loads(state.read_text())["resources"] if state.exists() else []
    return {item["module"] for item in found if "module" in item}


def pull_request(
    repository: Repository, server: GitHubWithActions, branch: str, *, run: str = "1", labels: tuple[str, ...] = ()
) -> Outcome:
    """The plan job, on what would be merged."""
    head = repository.git("rev-parse", branch)
    job = GitHubJob(
        repository=repository,
        server=server,
        event="pull_request",
        revision=head,
        head=head,
        ref="refs/pull/7/merge",
        run=run,
        labels=labels,
    )
    return job.start("plan")


def merge(repository: Repository, server: GitHubWithActions, branch: str, *, labels: tuple[str, ...] = ()) -> Outcome:
    """Merges the branch; the apply job on main."""
    head = repository.git("rev-parse", branch)
    merged = repository.merge(branch)
    server.pulls[merged] = [
        {"number": 3, "merged_at": None, "merge_commit_sha": "f" * 40, "head": {"sha": "f" * 40}},
        {
            "number": 7,
            "merged_at": "2026-01-01T00:00:00Z",
            "merge_commit_sha": merged,
            "head": {"sha": head},
            "base": {"ref": "main"},
            "labels": [{"name": label} for label in labels],
        },
    ]
    return GitHubJob(repository=repository, server=server, event="push", revision=merged, run="90").start("apply")


# GitHub Actions


def test_github_from_pull_request_to_apply(repository: Repository, github: GitHubWithActions) -> None:
    repository.commit("add-db", {"packer/db.json": JSON})
    planned = pull_request(repository, github, "add-db").expect(0)
    assert list(planned.steps) == [
        "Install tfgen",
        "Check that the generated files are what the templates say",
        "Read what may be destroyed",
        "Plan",
        "Comment",
        "Show the plan in the run's summary",
    ]
    assert (repository.folder / "installed").read_text().startswith("tfgen[embedded]==")
    (body,) = github.bodies()
    assert "**2 created**" in body
    assert "[CI run](https://github.example/org/images/actions/runs/1)" in body
    assert "**2 created**" in (repository.folder / "summary.md").read_text()

    applied = merge(repository, github, "add-db").expect(0)
    assert "Apply complete!" in applied.text
    assert images(repository.folder) == {"module.web", "module.db"}


def test_github_s_gate_and_the_label_that_opens_it(repository: Repository, github: GitHubWithActions) -> None:
    repository.commit("add-db", {"packer/db.json": JSON})
    pull_request(repository, github, "add-db").expect(0)
    merge(repository, github, "add-db").expect(0)

    repository.commit("drop-db", {}, remove="packer/db.json")
    refused = pull_request(repository, github, "drop-db", run="2").expect(3)
    assert refused.steps["Plan"] == 3
    assert refused.steps["Comment"] == 0
    assert "**Refused:** 1 image would be destroyed or replaced" in github.bodies()[0]
    assert ("2", "tfgen-plan") not in github.artifacts

    label = ("bug", "allow-destroy:db")
    pull_request(repository, github, "drop-db", run="3", labels=label).expect(0)
    assert "Refused" not in github.bodies()[0]
    taken_away = merge(repository, github, "drop-db").expect(3)  # the label is gone at the merge
    assert "::error::tfgen refuses the reviewed plan" in taken_away.text
    assert images(repository.folder) == {"module.web", "module.db"}
    merged = repository.git("rev-parse", "main")
    github.pulls[merged][1]["labels"] = [{"name": name} for name in label]
    GitHubJob(repository=repository, server=github, event="push", revision=merged, run="91").start("apply").expect(0)
    assert images(repository.folder) == {"module.web"}


def test_github_says_when_no_reviewed_plan_is_there(repository: Repository, github: GitHubWithActions) -> None:
    pushed = repository.commit("main", {"packer/db.json": JSON})
    job = GitHubJob(repository=repository, server=github, event="push", revision=pushed, run="5")
    assert f"::error::{pushed} was merged by no pull request" in job.start("apply").expect(1).text

    head = repository.commit("more", {"packer/more.json": JSON})
    assert (
        f"last commit {head} has no good plan; run this workflow by hand on main"
        in merge(repository, github, "more").expect(1).text
    )

    # A run of a fork with the same commit is not ours, whatever it has kept.
    github.runs.append(
        {
            "id": 66,
            "event": "pull_request",
            "head_sha": head,
            "conclusion": "success",
            "head_repository": {"full_name": "mallory/images"},
        }
    )
    merged = repository.git("rev-parse", "main")
    job = GitHubJob(repository=repository, server=github, event="push", revision=merged, run="6")
    assert "has no good plan" in job.start("apply").expect(1).text
    assert images(repository.folder) == set()


def test_github_takes_no_more_than_the_plan_from_a_run(repository: Repository, github: GitHubWithActions) -> None:
    """A branch's workflow decides what is in its artefact: it must not write over the branch that is applied."""
    repository.commit("add-db", {"packer/db.json": JSON})
    pull_request(repository, github, "add-db").expect(0)
    packed = io.BytesIO(github.artifacts["1", "tfgen-plan"])
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("terraform/pipelines/evil.tf", "")
        archive.writestr("tfgen.toml", "")
        archive.writestr(".terraform/evil", "")
    github.artifacts["1", "tfgen-plan"] = packed.getvalue()
    merge(repository, github, "add-db").expect(0)
    changed = repository.git("status", "--porcelain", "--untracked-files=all", "--ignored", cwd=repository.checkout)
    assert "tfgen.toml" not in changed
    assert "evil" not in changed
    assert images(repository.folder) == {"module.web", "module.db"}


def test_github_takes_the_plan_for_the_branch_alone(repository: Repository, github: GitHubWithActions) -> None:
    repository.commit("add-db", {"packer/db.json": JSON})
    pull_request(repository, github, "add-db").expect(0)
    merge(repository, github, "add-db").expect(0)
    merged = repository.git("rev-parse", "main")
    github.pulls[merged][1]["base"] = {"ref": "develop"}
    job = GitHubJob(repository=repository, server=github, event="push", revision=merged, run="91")
    assert f"::error::{merged} was merged by no pull request" in job.start("apply").expect(1).text


def test_github_s_plan_that_has_expired(repository: Repository, github: GitHubWithActions) -> None:
    repository.commit("add-db", {"packer/db.json": JSON})
    pull_request(repository, github, "add-db").expect(0)
    github.artifacts.clear()
    assert "::error::run 1 has no plan (any more)" in merge(repository, github, "add-db").expect(1).text


def test_github_when_another_change_came_between_and_by_hand(repository: Repository, github: GitHubWithActions) -> None:
    for branch in ("add-db", "add-mail"):
        repository.git("checkout", "-q", "main")
        repository.commit(branch, {f"packer/{branch[4:]}.json": JSON})
    pull_request(repository, github, "add-db", run="1").expect(0)
    pull_request(repository, github, "add-mail", run="2").expect(0)
    merge(repository, github, "add-db").expect(0)
    refused = merge(repository, github, "add-mail").expect(3)
    assert "::error::tfgen refuses the reviewed plan (its reason is above); run this workflow by hand" in refused.text
    assert images(repository.folder) == {"module.web", "module.db"}

    main = repository.git("rev-parse", "main")
    by_hand = GitHubJob(repository=repository, server=github, event="workflow_dispatch", revision=main, run="9")
    planned = by_hand.start("plan").expect(0)
    assert "Comment" not in planned.steps
    by_hand.start("apply").expect(0)
    assert images(repository.folder) == {"module.web", "module.db", "module.mail"}


def test_github_applies_the_branch_alone(repository: Repository, github: GitHubWithActions) -> None:
    head = repository.commit("add-db", {"packer/db.json": JSON})
    job = GitHubJob(
        repository=repository, server=github, event="workflow_dispatch", revision=head, ref="refs/heads/add-db"
    )
    job.start("plan").expect(0)
    assert "::error::only main is applied, not refs/heads/add-db" in job.start("apply").expect(1).text


def test_github_s_stale_files_stop_it_before_a_plan(repository: Repository, github: GitHubWithActions) -> None:
    repository.commit("add-db", {"packer/db.json": JSON})
    repository.git("rm", "-q", "terraform/pipelines/pipeline_db.gen.tf")
    repository.git("commit", "-qm", "forgot")
    done = pull_request(repository, github, "add-db").expect(2)
    assert "Plan" not in done.steps
    assert github.bodies() == []


def test_labels_are_only_names(repository: Repository, github: GitHubWithActions) -> None:
    repository.commit("add-db", {"packer/db.json": JSON})
    labels = (
        "allow-destroy:$(touch owned)",
        "allow-destroy:`touch owned`",
        "'; touch owned; '",
        'a"b',
        "allow-destroy:",
    )
    pull_request(repository, github, "add-db", labels=labels).expect(0)
    assert not list(repository.folder.rglob("owned"))


# Bitbucket Pipelines


def pipelines(repository: Repository) -> dict[str, Any]:
    document = yaml.safe_load((repository.checkout / "bitbucket-pipelines.yml").read_text())
    found: dict[str, Any] = document["pipelines"]
    return found


def test_bitbucket_from_pull_request_to_apply(repository: Repository) -> None:
    roles = {"TFGEN_PLAN_ROLE": "plan", "TFGEN_APPLY_ROLE": "apply"}
    with running(Bitbucket) as server:
        repository.check_out(repository.commit("add-db", {"packer/db.json": JSON}))
        (on_request,) = pipelines(repository)["pull-requests"]["**"]
        bitbucket_step(repository, on_request["step"], {**server.env, **roles}).expect(0)
        (body,) = server.bodies()
        assert "**2 created**" in body
        assert "[CI run](https://bitbucket.org/team/images/pipelines/results/42)" in body

        repository.check_out(repository.merge("add-db"))
        on_main = {name: value for name, value in server.env.items() if name != "BITBUCKET_PR_ID"} | roles
        plan, apply = (item["step"] for item in pipelines(repository)["branches"]["main"])
        bitbucket_step(repository, plan, on_main).expect(0)
        kept = {name: (repository.checkout / name).read_bytes() for name in plan["artifacts"]}
        repository.check_out(repository.git("rev-parse", "main"))
        for name, data in kept.items():
            (repository.checkout / name).write_bytes(data)
        assert (apply["trigger"], apply["deployment"]) == ("manual", "production")
        bitbucket_step(repository, apply, on_main).expect(0)
        assert images(repository.folder) == {"module.web", "module.db"}
        assert len(server.bodies()) == 1


def test_bitbucket_s_gate(repository: Repository) -> None:
    roles = {"TFGEN_PLAN_ROLE": "plan", "TFGEN_APPLY_ROLE": "apply"}
    with running(Bitbucket) as server:
        on_main = {name: value for name, value in server.env.items() if name != "BITBUCKET_PR_ID"} | roles
        repository.check_out("main")
        for item in pipelines(repository)["branches"]["main"]:
            bitbucket_step(repository, item["step"], on_main).expect(0)
        repository.check_out(repository.commit("drop-web", {}, remove="packer/web.json"))
        step = pipelines(repository)["pull-requests"]["**"][0]["step"]
        bitbucket_step(repository, step, {**server.env, **roles}).expect(3)
        assert "**Refused:** 1 image" in server.bodies()[0]
        bitbucket_step(repository, step, {**server.env, **roles, "TFGEN_ALLOW_DESTROY": "web"}).expect(0)
        assert "Refused" not in server.bodies()[0]


# CodeBuild, for CodeCommit


def test_codebuild_plans_and_comments(repository: Repository) -> None:
    with running(CodeCommit) as server:
        repository.check_out(repository.commit("add-db", {"packer/db.json": JSON}))
        codebuild(repository, "buildspec-plan.yml", server.env).expect(0)
        assert "**2 created**" in server.bodies()[0]
        server.session = "AWSCodeBuild-2"
        repository.check_out(repository.commit("add-db", {"packer/mail.json": JSON}))
        codebuild(repository, "buildspec-plan.yml", server.env).expect(0)
        (body,) = server.bodies()
        assert "**3 created**" in body
        assert "[CI run](https://console.example/build/1)" in body


def test_codebuild_comments_on_what_the_gate_refuses(repository: Repository) -> None:
    with running(CodeCommit) as server:
        repository.check_out("main")
        codebuild(repository, "buildspec-plan.yml", server.env).expect(0)
        apply_by_hand(repository)
        repository.check_out(repository.commit("drop-web", {}, remove="packer/web.json"))
        done = codebuild(repository, "buildspec-plan.yml", server.env).expect(3)
        assert done.steps["tfgen plan --out images.tfplan --gate"] == 3
        assert "**Refused:** 1 image" in server.bodies()[0]


def apply_by_hand(repository: Repository) -> None:
    """A maintainer applies what the build has planned."""
    code, text = shell("tfgen apply images.tfplan", repository.env, repository.checkout)
    Outcome(code=code, text=text).expect(0)


# The real provider, on the emulator


@pytest.fixture
def real_estate(
    tmp_path: Path, cli: Command, monkeypatch: pytest.MonkeyPatch, emulator: Emulator, cli_config: Path
) -> Repository:
    """This repository's own estate on main, whose provider talks to the emulator; nothing is applied yet."""
    emulator.reset()
    (tmp_path / "home").mkdir()
    made = Repository(folder=tmp_path, env=terraform_environment(tmp_path / "home", cli_config))
    for name in ("packer", "terraform", "ansible"):
        shutil.copytree(ROOT / name, made.origin / name, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*"))
    monkeypatch.chdir(write_tree(made.origin, {"tfgen.toml": TOY["tfgen.toml"]}))
    files = {
        **recipes(cli),
        "tfgen.toml": (ROOT / "tfgen.toml").read_text(),
        "terraform/pipelines/backend.tf": shared_state(tmp_path),
        "terraform/pipelines/emulator_override.tf": override_text(emulator),
    }
    made.commit("main", files)
    return made


def test_github_on_the_emulator(real_estate: Repository, github: GitHubWithActions) -> None:
    real_estate.commit("add-web", {"packer/web.json": JSON})
    pull_request(real_estate, github, "add-web").expect(0)
    (body,) = github.bodies()
    assert "**3 created**" in body
    assert "created `module.web.aws_codepipeline." in body
    merge(real_estate, github, "add-web").expect(0)
    assert images(real_estate.folder) >= {"module.web", "module.base", "module.wordpress"}


def test_bitbucket_and_codebuild_on_the_emulator(real_estate: Repository) -> None:
    real_estate.check_out(real_estate.commit("add-web", {"packer/web.json": JSON}))
    with running(Bitbucket) as bitbucket, running(CodeCommit) as codecommit:
        step = pipelines(real_estate)["pull-requests"]["**"][0]["step"]
        bitbucket_step(real_estate, step, {**bitbucket.env, "TFGEN_PLAN_ROLE": "plan"}).expect(0)
        codebuild(real_estate, "buildspec-plan.yml", codecommit.env).expect(0)
        bodies = (*bitbucket.bodies(), *codecommit.bodies())
        assert len(bodies) == 2
        for body in bodies:
            assert "**3 created**" in body
            assert "created `module.web.aws_codepipeline." in body


# The documentation's Terraform


def test_the_terraform_in_the_documentation_is_valid(tmp_path: Path, cli_config: Path) -> None:
    text = (ROOT / "docs/pull-requests.md").read_text()
    (block,) = re.findall(r"^```hcl\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    file = tmp_path / "main.tf"
    file.write_text(block)
    (tmp_path / "home").mkdir()
    env = terraform_environment(tmp_path / "home", cli_config)
    terraform = shlex.join(find_terraform().argv)
    code, said = shell(f"{terraform} init && {terraform} validate && {terraform} fmt -check -diff", env, tmp_path)
    assert code == 0, said
    # What the rule hands over is what the comment reads; what the role may do is what the comment does.
    assert set(re.findall(r'"name": "(\w+)"', block)) == set(CODECOMMIT_VARIABLES)
    assert set(re.findall(r"codecommit:(\w+)", block)) - {"GitPull"} == {
        "GetCommentsForPullRequest",
        "PostCommentForPullRequest",
        "UpdateComment",
    }


def test_the_documentation_names_the_recipes_variables(cli: Command, repository: Repository) -> None:
    text = (ROOT / "docs/pull-requests.md").read_text()
    for path, recipe in recipes(cli).items():
        assert path in text
        for name in re.findall(r"(?:vars\.|\$)(TFGEN_\w+|AWS_REGION)", recipe):
            assert f"`{name}`" in text


def test_moto_has_no_comments_of_codecommit_yet(
    repository: Repository, emulator: Emulator, tfgen: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When this fails, moto has caught up: let it take the place of our own server in tests/functional/pr_hosts.py."""
    monkeypatch.chdir(repository.check_out("main"))
    tfgen("plan", "--out", "images.tfplan").expect(0)
    with running(CodeCommit) as server:
        env = {**server.env, "AWS_ENDPOINT_URL": emulator.endpoint, "AWS_MAX_ATTEMPTS": "1"}
    done = tfgen("comment", "images.tfplan", **env).expect(1)
    assert "CodeCommit refuses GetCommentsForPullRequest" in done.err
