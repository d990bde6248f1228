"""GitHub's recipe, run: from pull request to plan, comment and apply, on a real Terraform and a local host."""

from __future__ import annotations

import io
import zipfile

from tests.conftest import JSON
from tests.pinned import REQUIREMENT
from tests.terraform.github_recipe import GitHubJob, GitHubWithActions, merge, pull_request
from tests.terraform.recipes import PROGRAM, Repository, images


def test_github_from_pull_request_to_apply(repository: Repository, github: GitHubWithActions) -> None:
    repository.commit("add-db", {"packer/db.json": JSON})
    planned = pull_request(repository, github, "add-db").expect(0)
    assert list(planned.steps) == [
        "Install tfgen",
        "Check that the generated files match the templates",
        "Read what may be destroyed",
        "Plan the pull request",
        "Comment",
        "Show the plan in the run's summary",
    ]
    assert set((repository.folder / "installed").read_text().splitlines()) == {REQUIREMENT}
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
    assert refused.steps["Plan the pull request"] == 3
    assert refused.steps["Comment"] == 0
    assert "**Refused:** 1 image would be destroyed or replaced" in github.bodies()[0]
    assert ("2", "tfgen-plan") not in github.artifacts

    label = ("bug", "allow-destroy:db")
    pull_request(repository, github, "drop-db", run="3", labels=label).expect(0)
    assert "Refused" not in github.bodies()[0]
    taken_away = merge(repository, github, "drop-db").expect(3)  # the label is gone at the merge
    assert "::error::tfgen refused the reviewed plan" in taken_away.text
    assert images(repository.folder) == {"module.web", "module.db"}
    merged = repository.git("rev-parse", "main")
    github.pulls[merged][1]["labels"] = [{"name": name} for name in label]
    GitHubJob(repository=repository, server=github, event="push", revision=merged, run="91").start("apply").expect(0)
    assert images(repository.folder) == {"module.web"}


def test_github_says_that_the_plan_failed(repository: Repository, github: GitHubWithActions) -> None:
    repository.commit("add-db", {"packer/db.json": JSON})
    pull_request(repository, github, "add-db").expect(0)
    repository.forget_to_sync("add-db")
    failed = pull_request(repository, github, "add-db", run="2")
    assert failed.code != 0
    assert failed.steps["Say that there is no plan"] == 0
    (body,) = github.bodies()
    assert "**The plan failed**" in body
    assert "actions/runs/2" in body


def test_github_says_when_no_reviewed_plan_is_there(repository: Repository, github: GitHubWithActions) -> None:
    pushed = repository.commit("main", {"packer/db.json": JSON})
    job = GitHubJob(repository=repository, server=github, event="push", revision=pushed, run="5")
    assert f"::error::{pushed} was not merged by a pull request" in job.start("apply").expect(1).text

    head = repository.commit("more", {"packer/more.json": JSON})
    assert (
        f"last commit {head} has no successful plan; run this workflow by hand on main"
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
    assert "has no successful plan" in job.start("apply").expect(1).text
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
    assert f"::error::{merged} was not merged by a pull request" in job.start("apply").expect(1).text


def test_github_s_plan_that_has_expired(repository: Repository, github: GitHubWithActions) -> None:
    repository.commit("add-db", {"packer/db.json": JSON})
    pull_request(repository, github, "add-db").expect(0)
    github.artifacts.clear()
    assert "::error::run 1 has no plan, or it has expired" in merge(repository, github, "add-db").expect(1).text


def test_github_when_another_change_came_between_and_by_hand(repository: Repository, github: GitHubWithActions) -> None:
    for branch in ("add-db", "add-mail"):
        repository.git("checkout", "-q", "main")
        repository.commit(branch, {f"packer/{branch[4:]}.json": JSON})
    pull_request(repository, github, "add-db", run="1").expect(0)
    pull_request(repository, github, "add-mail", run="2").expect(0)
    merge(repository, github, "add-db").expect(0)
    refused = merge(repository, github, "add-mail").expect(3)
    assert "::error::tfgen refused the reviewed plan (see the reason above); run this workflow by hand" in refused.text
    assert images(repository.folder) == {"module.web", "module.db"}

    main = repository.git("rev-parse", "main")
    by_hand = GitHubJob(repository=repository, server=github, event="workflow_dispatch", revision=main, run="9")
    planned = by_hand.start("plan").expect(0)
    assert {"Comment", "Plan the pull request"} & {*planned.steps} == set()
    by_hand.start("apply").expect(0)
    assert images(repository.folder) == {"module.web", "module.db", "module.mail"}


def test_github_applies_the_branch_alone(repository: Repository, github: GitHubWithActions) -> None:
    head = repository.commit("add-db", {"packer/db.json": JSON})
    job = GitHubJob(
        repository=repository, server=github, event="workflow_dispatch", revision=head, ref="refs/heads/add-db"
    )
    job.start("plan").expect(0)
    refused = job.start("apply").expect(1)
    assert "::error::only main is applied, not refs/heads/add-db" in refused.text
    assert list(refused.steps) == ["Refuse all but the branch"]
    assert list(repository.checkout.iterdir()) == []


def test_github_installs_tfgen_where_nothing_of_the_branch_is(
    repository: Repository, github: GitHubWithActions
) -> None:
    repository.commit("add-db", {"packer/db.json": JSON, "pip.py": "", "pip.conf": ""})
    pull_request(repository, github, "add-db").expect(0)
    merge(repository, github, "add-db").expect(0)
    assert (repository.folder / "installed.found").read_text() == ""


def test_github_s_base_is_the_protected_branch_whatever_the_pull_request_goes_into(
    repository: Repository, github: GitHubWithActions
) -> None:
    repository.commit("theirs", {"terraform/pipelines/more.tf": PROGRAM.format(ran=repository.folder / "ran")})
    repository.commit("into-theirs", {"packer/db.json": JSON})
    pull_request(repository, github, "into-theirs", into="theirs").expect(3)
    assert not (repository.folder / "ran").exists()


def test_github_s_stale_files_stop_it_before_a_plan(repository: Repository, github: GitHubWithActions) -> None:
    repository.forget_to_sync("add-db")
    done = pull_request(repository, github, "add-db").expect(2)
    assert "Plan the pull request" not in done.steps
    assert github.bodies() == []


def test_labels_are_only_names(repository: Repository, github: GitHubWithActions) -> None:
    repository.commit("add-db", {"packer/db.json": JSON})
    labels = (
        "allow-destroy:$(touch owned)",
        "allow-destroy:`touch owned`",
        "allow-action:$(touch owned) `touch owned`",
        "'; touch owned; '",
        'a"b',
        "allow-destroy:",
    )
    pull_request(repository, github, "add-db", labels=labels).expect(0)
    assert not list(repository.folder.rglob("owned"))


def test_github_on_the_emulator(real_estate: Repository, github: GitHubWithActions) -> None:
    real_estate.commit("add-web", {"packer/web.json": JSON})
    pull_request(real_estate, github, "add-web").expect(0)
    (body,) = github.bodies()
    assert "**3 created**" in body
    assert "created `module.web.aws_codepipeline." in body
    merge(real_estate, github, "add-web").expect(0)
    assert images(real_estate.folder) >= {"module.web", "module.base", "module.wordpress"}
