"""`tfgen dispatch` on the emulator: just what a push affects is built, parents first, and nothing is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.conftest import Command, Repo
from tests.terraform.dispatch_estate import IMAGES, REPOSITORY, TABLE, DispatchEstate, git, template
from tests.terraform.state_estate import Aws
from tfgen.emulator.pipeline_run import HEADS, Play, played

WEB_ROLE, BASE_ROLE = "ansible/roles/web/tasks/main.yml", "ansible/roles/base/tasks/main.yml"
TASK = "- debug: {{ msg: {} }}\n"


@pytest.fixture
def estate(aws: Aws, repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[DispatchEstate]:
    monkeypatch.setenv("TFGEN_POLL", "0.01")
    yield DispatchEstate(root=repo({}), aws=aws, cli=cli)
    HEADS.pop(REPOSITORY, None)


@pytest.fixture
def built(estate: DispatchEstate) -> DispatchEstate:
    """All images are built once."""
    assert set(estate.statuses().values()) == {"succeeded"}
    return estate


def test_what_was_never_built_is_built_parents_first(estate: DispatchEstate) -> None:
    images = estate.images()
    assert list(images).index("base") < min(list(images).index("app"), list(images).index("web"))
    assert {each["commit"] for each in images.values()} == {HEADS[REPOSITORY]}
    assert images["base"]["reason"] == "no successful build yet"
    assert estate.all_started() == dict.fromkeys(IMAGES, 1)
    assert estate.images() == {}


def test_a_role_starts_its_images_alone(built: DispatchEstate) -> None:
    commit = built.push({WEB_ROLE: TASK.format(1)})
    images = built.images()
    assert list(images) == ["web"]
    assert images["web"]["commit"] == commit
    assert images["web"]["reason"] == f"{WEB_ROLE} has changed"
    assert built.all_started() == {"app": 1, "base": 1, "other": 1, "web": 2}
    assert {built.item(name)["good"] for name in IMAGES} == {commit}


def test_a_file_of_no_image_starts_nothing(built: DispatchEstate) -> None:
    commit = built.push({"README.md": "other words\n"})
    done = built.dispatch()
    assert done.out == ""
    assert "0 of 4 images to build" in done.err
    assert {built.item(name)["good"] for name in IMAGES} == {commit}


def test_children_follow_when_their_parent_has_succeeded(built: DispatchEstate) -> None:
    built.push({BASE_ROLE: TASK.format(1)})
    done = built.dispatch()
    said = done.err.splitlines()
    ended = next(number for number, line in enumerate(said) if line.startswith("base > succeeded"))
    for child in ("app", "web"):
        assert any(line.startswith(f"{child} > started") for line in said[ended:])
        assert not any(line.startswith(f"{child} > started") for line in said[:ended])
    assert built.all_started() == {"app": 2, "base": 2, "other": 1, "web": 2}
    assert "due" not in built.item("web")


def test_children_can_be_left_as_they_are(built: DispatchEstate) -> None:
    built.push({BASE_ROLE: TASK.format(1)})
    assert built.statuses("--no-children") == {"base": "succeeded"}


def test_a_failed_parent_blocks_its_children_and_the_next_push_catches_all_up(built: DispatchEstate) -> None:
    built.push({BASE_ROLE: TASK.format(1)})
    with played("base-ami-pipeline", Play(fails_in="BUILD")):
        assert built.statuses(code=1) == {"base": "failed", "app": "blocked", "web": "blocked"}
    assert built.all_started() == {"app": 1, "base": 2, "other": 1, "web": 1}
    commit = built.push({"README.md": "nothing else\n"})
    assert built.statuses() == dict.fromkeys(("base", "app", "web"), "succeeded")
    assert built.item("base")["good"] == commit


@pytest.mark.parametrize("ends_as", ["Stopped", "Superseded", "Cancelled"])
def test_what_did_not_get_to_its_end_is_started_again(built: DispatchEstate, ends_as: str) -> None:
    before = built.item("web")["good"]
    built.push({WEB_ROLE: TASK.format(1)})
    with played("web-ami-pipeline", Play(ends_as=ends_as)):
        status = built.statuses(code=0 if ends_as == "Superseded" else 1)
    assert status == {"web": "superseded" if ends_as == "Superseded" else "stopped"}
    assert built.item("web")["good"] == before
    built.push({"README.md": "nothing else\n"})
    assert built.statuses() == {"web": "succeeded"}


def test_a_commit_that_git_lost_makes_its_image_affected(built: DispatchEstate) -> None:
    built.push({WEB_ROLE: TASK.format(1)})
    git(built.root, "checkout", "--quiet", "--orphan", "new")
    git(built.root, "branch", "--quiet", "-D", "main")
    git(built.root, "checkout", "--quiet", "-b", "main")
    built.push({"README.md": "rewritten\n"})
    git(built.root, "reflog", "expire", "--expire=now", "--all")
    git(built.root, "gc", "--quiet", "--prune=now")
    images = built.images()
    assert set(images) == set(IMAGES)
    assert re.fullmatch("commit [0-9a-f]{40} not found", images["other"]["reason"])


def test_after_a_force_push_the_trees_are_compared(built: DispatchEstate) -> None:
    first = git(built.root, "rev-parse", "HEAD")
    built.push({WEB_ROLE: TASK.format(1)})
    built.dispatch()
    git(built.root, "reset", "--quiet", "--hard", first)
    built.push({"README.md": "as before, otherwise\n"})
    assert built.statuses() == {"web": "succeeded"}


def test_what_a_person_built_meanwhile_is_not_built_again(built: DispatchEstate) -> None:
    built.push({WEB_ROLE: TASK.format(1)})
    assert built.cli("build", "web").expect(0)
    assert built.images() == {}


def test_the_state_is_not_needed(built: DispatchEstate) -> None:
    """Without items, what CodePipeline remembers tells the last good commits."""
    for name in IMAGES:
        built.dynamodb.delete_item(TableName=TABLE, Key={"image": {"S": name}})
    built.push({WEB_ROLE: TASK.format(1)})
    assert built.statuses() == {"web": "succeeded"}


def test_without_waiting_children_are_started_by_the_next_dispatch(built: DispatchEstate) -> None:
    built.push({BASE_ROLE: TASK.format(1)})
    assert built.statuses("--no-wait") == {"base": "started", "app": "waiting", "web": "waiting"}
    assert built.all_started() == {"app": 1, "base": 2, "other": 1, "web": 1}
    assert built.statuses() == dict.fromkeys(("base", "app", "web"), "succeeded")
    assert built.all_started() == {"app": 2, "base": 2, "other": 1, "web": 2}


def test_no_more_than_so_many_are_under_way(built: DispatchEstate) -> None:
    built.push({BASE_ROLE: TASK.format(1), "ansible/roles/other/tasks/main.yml": TASK.format(1)})
    images = built.images("--no-wait", "--max-in-flight", "1")
    assert {name: each["status"] for name, each in images.items()} == {
        "base": "started",
        "other": "waiting",
        "app": "waiting",
        "web": "waiting",
    }
    assert images["other"]["reason"].endswith("has changed; 1 executions are under way")
    assert set(built.statuses("--max-in-flight", "1").values()) == {"succeeded"}
    assert built.all_started() == dict.fromkeys(IMAGES, 2)


def test_a_full_queue_is_waited_out(built: DispatchEstate, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that waits for its builds starts the refused execution again by itself."""
    monkeypatch.setattr("tfgen.dispatch.assess.delay", lambda *_: 2.0)
    built.push({WEB_ROLE: TASK.format(1)})
    message = "Cannot have more than 5 builds in queue for the account (Error Code: AccountLimitExceededException)"
    with played("web-ami-pipeline", Play(fails_in="Source", message=message)):
        said = [built.statuses("--no-wait", "--no-retry")["web"] for _ in range(2)]
    assert said == ["started", "waiting"]
    done = built.dispatch()
    assert "web > waiting: CodeBuild's queue was full (1 of 12 tries)" in done.err
    assert "web > succeeded" in done.err
    assert built.started("web") == 3, "the first one, the refused one, the next"


def test_a_pipeline_that_is_not_there_keeps_the_others_from_nothing(built: DispatchEstate) -> None:
    built.push({WEB_ROLE: TASK.format(1), "packer/new.pkr.hcl": template("new")})
    done = built.dispatch(code=1)
    rows = {line.split()[0]: line.split()[1] for line in done.out.splitlines()[1:]}
    assert rows == {"new": "lost", "web": "succeeded"}
    assert "pipeline new-ami-pipeline not found, or not allowed to start it (PipelineNotFoundException)" in done.out
    assert "does not have a pipeline with name 'new-ami-pipeline'" in done.err
    assert "new: pipeline not found; tfgen apply creates a new pipeline, which then builds by itself" in done.err


def test_one_that_its_role_does_not_know_yet_keeps_the_others_from_nothing(built: DispatchEstate) -> None:
    """The role names the pipelines: before the push is applied, AWS denies the new one whether or not it is there."""
    built.push(
        {WEB_ROLE: TASK.format(1), "packer/new.pkr.hcl": template("new"), "packer/sub.pkr.hcl": template("sub", "new")}
    )
    with played("new-ami-pipeline", Play(denied=True)), played("sub-ami-pipeline", Play(denied=True)):
        images = built.images(code=1)
    assert {name: each["status"] for name, each in images.items()} == {
        "new": "lost",
        "sub": "blocked",
        "web": "succeeded",
    }
    assert "AccessDeniedException" in images["new"]["reason"]
    for name in ("new", "sub"):
        built.pipelines.make(f"{name}-ami-pipeline")
    assert built.statuses() == {"new": "succeeded", "sub": "succeeded"}


def test_one_that_is_destroyed_under_a_claim_is_built_when_it_is_back(built: DispatchEstate) -> None:
    built.push({WEB_ROLE: TASK.format(1)})
    with played("web-ami-pipeline", Play(hold="BUILD")):
        assert built.statuses("--no-wait") == {"web": "started"}
    codepipeline = built.client("codepipeline")
    pipeline = codepipeline.get_pipeline(name="web-ami-pipeline")["pipeline"]
    codepipeline.delete_pipeline(name="web-ami-pipeline")
    built.push({"ansible/roles/other/tasks/main.yml": TASK.format(1)})
    assert built.statuses(code=1) == {"other": "succeeded", "web": "lost"}
    codepipeline.create_pipeline(pipeline=pipeline)
    assert built.statuses() == {"web": "succeeded"}


def test_a_broken_template_is_said_and_the_others_are_built(built: DispatchEstate) -> None:
    built.push({WEB_ROLE: TASK.format(1), "packer/other.pkr.hcl": "source {\n"})
    done = built.dispatch(code=1)
    assert [line.split()[:2] for line in done.out.splitlines()[1:]] == [["web", "succeeded"]]
    assert "error: packer/other.pkr.hcl" in done.err


def test_refusals_say_what_to_do(estate: DispatchEstate, monkeypatch: pytest.MonkeyPatch) -> None:
    done = estate.dispatch("--table", "no-such-table", code=1)
    assert "table no-such-table not found in region eu-west-1" in done.err
    done = estate.dispatch("--branch", "dev", code=64)
    assert "the pipelines build main (tfgen.toml)" in done.err
    done = estate.dispatch("--commit", "0" * 40, code=1)
    assert ": commit not found; clone the whole history" in done.err
    assert "tfgen-dispatcher is the dispatcher; it starts" in estate.cli("build", "tfgen-dispatcher").expect(64).err
    with monkeypatch.context() as without_git:
        without_git.setenv("PATH", "/nowhere")
        assert "git not found on PATH" in estate.dispatch(code=1).err
    git(estate.root, "checkout", "--quiet", "-b", "mine")
    done = estate.dispatch(code=64)
    assert "mine is checked out, and the pipelines build main (tfgen.toml); run: git checkout main" in done.err
    git(estate.root, "checkout", "--quiet", "--detach")
    estate.push({"tfgen.toml": 'source_repository = "ami-builder"\n'})
    done = estate.dispatch(code=1)
    assert 'error: tfgen.toml: no pipeline has trigger = "affected"; set trigger = "affected"' in done.err


def test_an_execution_that_is_not_there_any_more_is_started_anew(built: DispatchEstate) -> None:
    """As after a pipeline was replaced while it ran: nobody knows what became of the claim."""
    built.push({WEB_ROLE: TASK.format(1)})
    key = {"image": {"S": "web"}}
    claim = ("token", "target", "execution")
    built.dynamodb.update_item(
        TableName=TABLE,
        Key=key,
        UpdateExpression="SET #t = :x, target = :x, execution = :x",
        ExpressionAttributeNames={"#t": "token"},
        ExpressionAttributeValues={":x": {"S": "00000000-0000-4000-8000-000000000000"}},
    )
    assert built.statuses() == {"web": "succeeded"}
    assert not set(claim) & set(built.item("web"))
