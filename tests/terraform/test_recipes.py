"""The written recipes of Bitbucket and CodeBuild, run on a real Terraform and local hosts; what the docs say of all."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import JSON, TOML, Command, write_tree
from tests.functional.pr_hosts import Bitbucket, CodeCommit, running
from tests.terraform.conftest import Estate
from tests.terraform.module_on_aws import PLAN
from tests.terraform.recipes import PROGRAM, Outcome, Repository, bitbucket_step, codebuild, images, recipes, shell
from tfgen.emulator.override import write_override
from tfgen.emulator.server import Emulator
from tfgen.hosts.ci import CODECOMMIT_VARIABLES

ROOT = Path(__file__).resolve().parents[2]


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
        repository.check_out(repository.forget_to_sync("stale"))
        bitbucket_step(repository, step, {**server.env, **roles}).expect(2)
        (body,) = server.bodies()
        assert "**The plan failed**" in body


# CodeBuild, for CodeCommit


def buildspec(repository: Repository) -> str:
    """What Terraform has put into the project: the recipe of main, whatever is checked out."""
    return repository.git("show", "main:buildspec-plan.yml")


def test_codebuild_plans_and_comments(repository: Repository) -> None:
    with running(CodeCommit) as server:
        server.destination = repository.git("rev-parse", "main")
        repository.check_out(repository.commit("add-db", {"packer/db.json": JSON}))
        codebuild(repository, buildspec(repository), server.env).expect(0)
        assert "**2 created**" in server.bodies()[0]
        server.session = "AWSCodeBuild-2"
        repository.check_out(repository.commit("add-db", {"packer/mail.json": JSON}))
        codebuild(repository, buildspec(repository), server.env).expect(0)
        (body,) = server.bodies()
        assert "**3 created**" in body
        assert "[CI run](https://console.example/build/1)" in body


def test_codebuild_comments_on_what_the_gate_refuses(repository: Repository) -> None:
    with running(CodeCommit) as server:
        server.destination = repository.git("rev-parse", "main")
        repository.check_out("main")
        codebuild(repository, buildspec(repository), server.env).expect(0)
        apply_by_hand(repository)
        repository.check_out(repository.commit("drop-web", {}, remove="packer/web.json"))
        done = codebuild(repository, buildspec(repository), server.env).expect(3)
        plan = '"$ROOM/bin/tfgen" plan --untrusted --base refs/remotes/origin/main --out images.tfplan --gate'
        assert done.steps[plan] == 3
        assert "**Refused:** 1 image" in server.bodies()[0]


def test_codebuild_says_that_the_plan_failed(repository: Repository) -> None:
    with running(CodeCommit) as server:
        server.destination = repository.git("rev-parse", "main")
        repository.check_out("main")
        codebuild(repository, buildspec(repository), server.env).expect(0)
        forged = {
            name: (repository.checkout / name).read_text("latin-1") for name in ("images.tfplan", "images.tfplan.json")
        }
        repository.check_out(repository.commit("broken", {"terraform/pipelines/more.tf": "locals {", **forged}))
        assert codebuild(repository, buildspec(repository), server.env).code != 0
        (body,) = server.bodies()
        assert "**The plan failed**" in body


def apply_by_hand(repository: Repository) -> None:
    """A maintainer applies what the build has planned."""
    code, text = shell("tfgen apply images.tfplan", repository.env, repository.checkout)
    Outcome(code=code, text=text).expect(0)


# A pull request into a branch of its author's


@pytest.mark.parametrize("host", ["bitbucket", "codebuild"])
def test_the_base_is_the_protected_branch_whatever_the_host_says(repository: Repository, host: str) -> None:
    """The branch that the pull request goes into holds a program already: it is no base."""
    repository.commit("theirs", {"terraform/pipelines/more.tf": PROGRAM.format(ran=repository.folder / "ran")})
    theirs = repository.git("rev-parse", "HEAD")
    repository.check_out(repository.commit("into-theirs", {"packer/db.json": JSON}))
    if host == "bitbucket":
        step = pipelines(repository)["pull-requests"]["**"][0]["step"]
        with running(Bitbucket) as server:
            env = {**server.env, "TFGEN_PLAN_ROLE": "plan", "BITBUCKET_PR_DESTINATION_BRANCH": "theirs"}
            bitbucket_step(repository, step, env).expect(3)
    else:
        with running(CodeCommit) as codecommit:
            codecommit.destination = theirs
            codebuild(repository, buildspec(repository), codecommit.env).expect(3)
    assert not (repository.folder / "ran").exists()


# The real provider, on the emulator


def test_bitbucket_and_codebuild_on_the_emulator(real_estate: Repository) -> None:
    real_estate.check_out(real_estate.commit("add-web", {"packer/web.json": JSON}))
    with running(Bitbucket) as bitbucket, running(CodeCommit) as codecommit:
        codecommit.destination = real_estate.git("rev-parse", "main")
        step = pipelines(real_estate)["pull-requests"]["**"][0]["step"]
        bitbucket_step(real_estate, step, {**bitbucket.env, "TFGEN_PLAN_ROLE": "plan"}).expect(0)
        codebuild(real_estate, buildspec(real_estate), codecommit.env).expect(0)
        bodies = (*bitbucket.bodies(), *codecommit.bodies())
        assert len(bodies) == 2
        for body in bodies:
            assert "**3 created**" in body
            assert "created `module.web.aws_codepipeline." in body


# The documentation's Terraform


def test_the_terraform_in_the_documentation_plans(
    estate: Estate, cli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write_tree(estate.folder.parent / "images", {"tfgen.toml": TOML}))
    text = (ROOT / "docs/pull-requests.md").read_text()
    (block,) = re.findall(r"^```hcl\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    folder = estate.folder.parent / "pull_requests"
    values = {"repository": "ami-builder", "state_bucket": "team-state", "state_key": "images/terraform.tfstate"}
    files = {
        "main.tf": block,
        "providers.tf": 'provider "aws" {\n  region = "eu-west-1"\n}\n',
        "buildspec-plan.yml": recipes(cli)["buildspec-plan.yml"],
        "terraform.tfvars.json": json.dumps(values),
    }
    write_override(write_tree(folder, files), estate.emulator)
    estate.init(folder)
    estate.terraform("fmt", "-check", "-diff", cwd=folder)
    estate.terraform(*PLAN, cwd=folder, expect=2)
    shown = json.loads(estate.terraform("show", "-json", "saved.plan", cwd=folder).stdout)
    (roles,) = shown["planned_values"]["root_module"]["child_modules"]
    (rights,) = [each["values"]["policy"] for each in roles["resources"] if each["address"].endswith("_policy.plan")]
    # CodeBuild would run a file of that name from the pull request: the project has its text instead.
    assert re.findall(r"buildspec += (.*?) #", block) == ['file("${path.module}/buildspec-plan.yml")']
    assert 'destinationReference = ["refs/heads/${var.branch}"]' in block
    assert "arn:aws" not in block
    # What the rule hands over is what the comment reads; what the role may do is what the comment does.
    assert set(re.findall(r'"name": "(\w+)"', block)) == set(CODECOMMIT_VARIABLES)
    assert set(re.findall(r"codecommit:(\w+)\"", rights)) - {"GitPull"} == {
        "GetCommentsForPullRequest",
        "PostCommentForPullRequest",
        "UpdateComment",
    }
    assert "arn:aws:s3:::team-state/images/terraform.tfstate.tflock" in rights


def test_the_documentation_names_the_recipes_variables(cli: Command, repository: Repository) -> None:
    text = (ROOT / "docs/pull-requests.md").read_text()
    for path, recipe in recipes(cli).items():
        assert path in text
        for name in re.findall(r"(?:vars\.|\$)(TFGEN_\w+|AWS_REGION)", recipe):
            assert f"`{name}`" in text


@pytest.mark.unknown_calls
def test_moto_has_no_comments_of_codecommit_yet(
    repository: Repository, emulator: Emulator, tfgen: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When this fails, moto has caught up: let it take the place of our own server in tests/functional/pr_hosts.py."""
    monkeypatch.chdir(repository.check_out("main"))
    tfgen("plan", "--out", "images.tfplan").expect(0)
    with running(CodeCommit) as server:
        server.destination = repository.git("rev-parse", "main")
        env = {**server.env, "AWS_ENDPOINT_URL": emulator.endpoint, "AWS_MAX_ATTEMPTS": "1"}
    done = tfgen("comment", "images.tfplan", **env).expect(1)
    assert "CodeCommit refused GetCommentsForPullRequest" in done.err
