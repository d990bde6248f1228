"""A branch that lacks commits of its base: what these have made is not the branch's to destroy."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tests.conftest import Command, Repo
from tests.functional.branches import ESTATE, MODULE, ROOT, branched, push
from tests.functional.git_repo import commit, git, template
from tests.functional.saved_plans import image, save_plan
from tfgen.plan.compared.behind import Behind, find_behind
from tfgen.plan.gate import require_allowed
from tfgen.terraform.reports.plan import PlanSummary
from tfgen.workspace import open_workspace
from tfgen_generators.errors import RefusedError


@pytest.fixture
def root(repo: Repo, cli: Command) -> Path:
    """Two commits of main that the branch lacks: a new image, and another module."""
    root = branched(repo, cli)
    git(root, "checkout", "--quiet", "main")
    (root / "packer/new.json").write_text(template("new"))
    cli("sync").expect(0)
    commit(root)
    push(root, {f"{MODULE}/main.tf": ESTATE[f"{MODULE}/main.tf"] + "# another\n"})
    git(root, "checkout", "--quiet", "feature")
    return root


def behind(*images: str) -> Behind | None:
    return find_behind(open_workspace(), images)


def test_what_the_base_has_made_since(root: Path) -> None:
    assert behind("new") == Behind(base="main", commits=2, images=frozenset({"new"}))
    assert behind("new", "web") == Behind(base="main", commits=2, images=frozenset({"new", "web"}))
    assert behind() is None


def test_what_the_branch_does_itself(root: Path, cli: Command) -> None:
    (root / "packer/web.json").unlink()
    cli("sync").expect(0)
    commit(root)
    assert behind("new", "web") == Behind(base="main", commits=2, images=frozenset({"new"}))
    assert behind("web") is None


def test_a_branch_that_changes_the_module_may_be_the_cause(root: Path) -> None:
    push(root, {f"{ROOT}/locals.tf": ESTATE[f"{ROOT}/locals.tf"] + "# mine\n"})
    assert behind("web") is None
    assert behind("new", "web") == Behind(base="main", commits=2, images=frozenset({"new"}))


def test_a_branch_that_has_it_all(root: Path) -> None:
    git(root, "-c", "user.name=a", "-c", "user.email=a@example.com", "merge", "--quiet", "main")
    assert behind("new", "web", "db") is None


def test_without_git(repo: Repo) -> None:
    repo(ESTATE)
    assert behind("web") is None


def test_the_gate(root: Path) -> None:
    def refusal(*names: str) -> RefusedError:
        summary = PlanSummary(changed=True, images=tuple(image(name, "delete") for name in names), line="")
        with pytest.raises(RefusedError) as error:
            require_allowed(summary, (), {}, partial(find_behind, open_workspace()))
        return error.value

    advice = "the branch lacks 2 commits of main: merge or rebase main first, then plan again"
    assert refusal("new").fix == advice
    (root / ROOT / "pipeline_web.gen.tf").unlink()
    assert refusal("new", "web").fix == f"for new: {advice}; for web: to allow it, add: --allow-destroy web"
    assert refusal("web").fix == "to allow it, add: --allow-destroy web"


def test_the_comment(root: Path, cli: Command) -> None:
    save_plan(image("new", "delete"))
    shown = cli("comment", "images.tfplan", "--dry-run").expect(0).out
    assert "The branch lacks 2 commits of `main`: merge or rebase `main` first, then plan again." in shown
    assert "allow-destroy" not in shown
    save_plan(image("web", "delete"), image("gone", "delete"))
    assert "--allow-destroy gone" in cli("comment", "images.tfplan", "--dry-run").expect(0).out
