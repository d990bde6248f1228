"""What a branch changes: the commit that it is compared with, and the images that differ from it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import JSON, Command, Repo, write_tree
from tests.functional.branches import ESTATE, MODULE, ROOT, branched, clone, push, sha
from tests.functional.git_repo import commit, git, template
from tfgen.git.differences import is_dirty
from tfgen.git.merge_base import Base, find_base
from tfgen.git.repository import head_commit
from tfgen.plan.compared.changed_images import ChangedImages, find_changed
from tfgen.workspace import open_workspace
from tfgen_generators.errors import RefusedError, TfgenError, UsageError

CI = (
    "GITHUB_BASE_REF",
    "BITBUCKET_PR_DESTINATION_BRANCH",
    "CODEBUILD_WEBHOOK_BASE_REF",
    "CHANGE_TARGET",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
    "DESTINATION_COMMIT",
)


def fetched(branch: str) -> str:
    """The advice that works in a clone of one branch, too."""
    return f"run: git fetch origin +refs/heads/{branch}:refs/remotes/origin/{branch}"


def changed(wanted: str | None = None) -> ChangedImages:
    workspace = open_workspace()
    return find_changed(workspace, find_base(workspace.root, wanted))


def base(root: Path, wanted: str | None = None, *, trusted: bool = False) -> Base:
    return find_base(root, wanted, trusted=trusted)


# The base


def test_the_base_is_where_the_branch_began(root: Path) -> None:
    began = sha(root)
    push(root, {"new": "1"})
    git(root, "checkout", "--quiet", "main")
    push(root, {"later": "1"})
    git(root, "checkout", "--quiet", "feature")
    assert base(root) == Base(commit=began, name="main", found="main")
    assert base(root, "main").commit == began
    assert base(root, "HEAD").commit == sha(root)


def test_on_the_default_branch_itself_only_what_is_not_committed_differs(root: Path) -> None:
    git(root, "checkout", "--quiet", "main")
    push(root, {"packer/new.json": JSON})
    assert base(root).commit == sha(root)


@pytest.mark.parametrize(
    ("variable", "value"), [*((name, "release") for name in CI[:5]), (CI[2], "refs/heads/release"), (CI[5], "")]
)
def test_ci_says_what_the_pull_request_is_for(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    git(root, "checkout", "--quiet", "-b", "release", "main")
    push(root, {"release": "1"})
    released = sha(root)
    git(root, "checkout", "--quiet", "-b", "fix")
    push(root, {"fix": "1"})
    here = clone(root, tmp_path / "clone")
    git(here, "checkout", "--quiet", "--detach")
    monkeypatch.setenv(variable, value or released)
    found = base(here)
    assert (found.commit, found.found) == (released, variable)
    assert base(here, "origin/main").commit == sha(root, "main")


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("nowhere", "--base nowhere: branch, tag or commit not found; " + fetched("nowhere")),
        ("origin/x", "--base origin/x: branch, tag or commit not found; " + fetched("x")),
        ("--output=x", "--base --output=x: branch, tag or commit not found"),
        ("-x;y", "use an existing branch, tag or commit"),
        ("main^{tree}", "--base main^{tree}: branch, tag or commit not found"),
        ("", "the target branch is not known; use --base, for example --base origin/main"),
    ],
)
def test_a_base_that_git_does_not_know(root: Path, wanted: str, message: str) -> None:
    if not wanted:
        git(root, "branch", "--quiet", "-m", "main", "trunk")
    with pytest.raises(TfgenError) as error:
        base(root, wanted or None)
    assert message in str(error.value)
    assert not (root / "x").exists()


def test_a_branch_that_ci_names_and_git_does_not_have(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_BASE_REF", "release/1")
    with pytest.raises(
        TfgenError, match="GITHUB_BASE_REF=release/1: branch not found.*" + re.escape(fetched("release/1"))
    ):
        base(root)


def test_a_shallow_clone_says_how_to_fetch_the_rest(root: Path, tmp_path: Path) -> None:
    push(root, {"a": "1"})
    git(root, "checkout", "--quiet", "main")
    push(root, {"b": "1"})
    git(root, "checkout", "--quiet", "feature")
    here = clone(root, tmp_path / "clone", "--depth=1", "--no-single-branch")
    with pytest.raises(TfgenError, match=r"the clone is shallow .* origin/main; run: git fetch --unshallow"):
        base(here)
    git(here, "fetch", "--quiet", "--unshallow")
    assert base(here).commit == sha(root, "main~1")


def test_unrelated_histories(root: Path) -> None:
    git(root, "checkout", "--quiet", "--orphan", "other")
    push(root, {"other": "1"})
    with pytest.raises(TfgenError, match="no common history with main"):
        base(root)


def test_no_git_no_repository_no_commit(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    root = repo({"a": "1"})
    with pytest.raises(TfgenError, match="not a git repository"):
        base(root)
    git(root, "init", "--quiet")
    with pytest.raises(TfgenError, match="no commits yet; commit something first"):
        base(root)
    commit(root)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(TfgenError, match="git not found on PATH"):
        base(root)


def test_a_tag_is_not_taken_for_a_branch(root: Path, tmp_path: Path) -> None:
    push(root, {"evil": "1"})
    git(root, "tag", "origin/main")
    git(root, "tag", "main")
    here = clone(root, tmp_path / "clone")
    assert (
        base(here).commit
        == base(here, "main").commit
        == base(here, "origin/main").commit
        == sha(root, "refs/heads/main")
    )


def test_a_trusted_base_is_not_one_that_the_author_has_chosen(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    push(root, {"evil": "1"})
    git(root, "checkout", "--quiet", "-b", "second")
    here = clone(root, tmp_path / "clone")
    monkeypatch.setenv("GITHUB_BASE_REF", "feature")
    with pytest.raises(
        RefusedError, match=r"GITHUB_BASE_REF=feature: the pull request targets another branch than --base main"
    ):
        base(here, "main", trusted=True)
    assert base(here, "feature", trusted=True).commit == sha(root)
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    assert base(here, "main", trusted=True).commit == sha(root, "main")
    with pytest.raises(UsageError, match="--untrusted needs --base"):
        base(here, trusted=True)
    monkeypatch.delenv("GITHUB_BASE_REF")
    monkeypatch.setenv("DESTINATION_COMMIT", sha(root, "main"))
    assert base(here, "main", trusted=True).commit == sha(root, "main")
    monkeypatch.setenv("DESTINATION_COMMIT", sha(root, "feature"))
    with pytest.raises(RefusedError, match=r"DESTINATION_COMMIT=.*: not a commit of --base main"):
        base(here, "main", trusted=True)


def test_beside_a_remote_a_local_branch_called_main_is_not_trusted(root: Path, tmp_path: Path) -> None:
    here = clone(root, tmp_path / "clone", "--branch", "feature", "--single-branch")
    git(here, "checkout", "--quiet", "-b", "main")
    assert base(here).name == "main"
    for wanted in ("main", "origin/main", "refs/remotes/origin/main"):
        with pytest.raises(TfgenError, match=f"--base {wanted}: branch main of origin not found; run: git fetch"):
            base(here, wanted, trusted=True)


# The images


def test_nothing_is_changed(root: Path) -> None:
    assert (changed().targets, changed().whole) == ((), "")
    push(root, {"README.md": "x", "ansible/x.yml": "x"})
    assert (changed().targets, changed().whole) == ((), "")


def test_new_gone_and_edited_images(root: Path, cli: Command) -> None:
    write_tree(
        root, {"packer/new.json": JSON, "tfgen.toml": ESTATE["tfgen.toml"] + '[templates.web.environment]\nA = "1"\n'}
    )
    cli("sync").expect(0)
    assert changed().targets == ("new", "web")
    commit(root)
    (root / "packer/db.json").unlink()
    cli("sync").expect(0)
    assert changed().targets == ("db", "new", "web")
    assert changed("HEAD").targets == ("db",)


def test_a_template_whose_content_alone_changed_is_no_changed_image(root: Path, cli: Command) -> None:
    push(root, {"packer/web.json": template("other")})
    cli("sync").expect(0)
    text = (root / ROOT / "pipeline_web.gen.tf").read_text()
    (root / ROOT / "pipeline_web.gen.tf").write_text(text.replace("\n", "\r\n"))
    assert changed().targets == ()


def test_line_ends_and_attributes_are_no_difference(root: Path) -> None:
    push(root, {".gitattributes": "* text=auto eol=crlf\n"})
    shutil.rmtree(root / "terraform")
    git(root, "checkout", "--quiet", "--", ".")
    assert b"\r\n" in (root / ROOT / "backend.tf").read_bytes()
    assert (changed().targets, changed().whole) == ((), "")


def test_a_renamed_image_has_both_names(root: Path, cli: Command) -> None:
    toml = ESTATE["tfgen.toml"] + '[templates.site]\npath = "packer/web.json"\nmoved_from = ["web"]\n'
    push(root, {"tfgen.toml": toml})
    cli("sync").expect(0)
    assert changed().targets == ("site", "web")


def test_a_forgotten_image(root: Path, cli: Command) -> None:
    push(root, {"tfgen.toml": 'removed = "keep"\n' + ESTATE["tfgen.toml"]})
    (root / "packer/db.json").unlink()
    cli("sync").expect(0)
    assert "removed {" in (root / ROOT / "pipeline_db.gen.tf").read_text()
    assert changed().targets == ("db",)


@pytest.mark.parametrize(
    "path",
    [
        f"{MODULE}/main.tf",
        f"{MODULE}/iam.tf",
        f"{MODULE}/inner/main.tf",
        f"{MODULE}/inner/files/policy.json",
        f"{ROOT}/locals.tf",
        f"{ROOT}/new.tf",
        f"{ROOT}/new.tf.json",
        f"{ROOT}/new.tofu",
        f"{ROOT}/x.auto.tfvars",
        f"{ROOT}/files/template.tftpl",
        f"{ROOT}/pipeline_mine.gen.tf",
    ],
)
@pytest.mark.parametrize("committed", [True, False])
def test_another_file_that_terraform_reads_differs(root: Path, path: str, committed: bool) -> None:
    (push if committed else write_tree)(root, {path: "{}" if path.endswith("json") else "# mine\n"})
    assert (changed().targets, changed().whole) == ((), f"{path} differs from main")


def test_a_file_that_is_gone_differs(root: Path) -> None:
    (root / MODULE / "inner/main.tf").unlink()
    assert changed().whole == f"{MODULE}/inner/main.tf differs from main"


def test_the_lock_file_differs_unless_init_has_just_written_it(root: Path) -> None:
    lock = f"{ROOT}/.terraform.lock.hcl"
    write_tree(root, {lock: "# 1\n"})
    assert changed().whole == ""
    commit(root)
    assert changed().whole == f"{lock} differs from main"


def test_what_terraform_writes_itself_is_no_difference(repo: Repo, cli: Command) -> None:
    root = branched(repo, cli, {".gitignore": ".tfgen/\n"})
    names = ["terraform.tfstate", "terraform.tfstate.backup", ".terraform/x.tf", "saved.tfplan", "crash.log"]
    write_tree(root, {f"{ROOT}/{name}": "1" for name in names})
    assert (changed().targets, changed().whole) == ((), "")


def test_a_module_elsewhere(repo: Repo, cli: Command, tmp_path: Path) -> None:
    shutil.copytree(Path(write_tree(tmp_path / "x", ESTATE)) / "terraform/modules", tmp_path / "shared")
    toml = ESTATE["tfgen.toml"] + '[module]\nsource = "../../../shared/codepipeline"\n'
    branched(repo, cli, {"tfgen.toml": toml})
    assert changed().whole.endswith("is outside the repository")


def test_terraform_in_the_roots_own_folder(repo: Repo, cli: Command) -> None:
    toml = ESTATE["tfgen.toml"] + 'terraform_dir = "."\n[module]\nsource = "./terraform/modules/codepipeline"\n'
    root = branched(repo, cli, {"tfgen.toml": toml, "locals.tf": ESTATE[f"{ROOT}/locals.tf"]})
    write_tree(root, {"packer/new.json": JSON, "README.md": "x"})
    cli("sync").expect(0)
    assert (changed().targets, changed().whole) == (("new",), "")
    write_tree(root, {"terraform.tfvars": "a = 1\n"})
    assert changed().whole == "terraform.tfvars differs from main"


def test_a_workspace_below_gits_root(repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    root = repo({f"team/{path}": text for path, text in ESTATE.items()})
    monkeypatch.chdir(root / "team")
    cli("sync").expect(0)
    git(root, "init", "--quiet")
    commit(root)
    write_tree(root / "team", {"packer/new.json": JSON})
    cli("sync").expect(0)
    assert changed("HEAD").targets == ("new",)
    write_tree(root / "team", {f"{MODULE}/main.tf": "# mine\n"})
    assert changed("HEAD").whole == f"{MODULE}/main.tf differs from HEAD"


def test_few_processes_for_many_images(repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    root = branched(repo, cli, {f"packer/i{number}.json": JSON for number in range(60)})
    push(root, {"tfgen.toml": ESTATE["tfgen.toml"] + '[environment]\nA = "1"\n'})
    cli("sync").expect(0)
    ran: list[object] = []
    real = subprocess.run

    def count(*arguments: object, **options: object) -> object:
        ran.append(arguments)
        return real(*arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "run", count)
    assert len(changed().targets) == 62
    assert len(ran) < 15


# What git says for a manifest


def test_head_and_whether_it_is_what_lies_here(root: Path, tmp_path: Path) -> None:
    assert head_commit(root) == sha(root)
    assert not is_dirty(root, [ROOT, "packer/web.json"])
    write_tree(root, {"packer/new.json": JSON, f"{ROOT}/terraform.tfstate": "1"})
    assert not is_dirty(root, [ROOT, "packer/web.json", "../elsewhere"])
    assert is_dirty(root, ["x", *(f"a{number}" for number in range(2000)), "packer"])
    empty = tmp_path / "empty"
    empty.mkdir()
    assert (head_commit(empty), is_dirty(empty, ["x"])) == ("", False)


def test_git_starts_nothing_of_the_repositorys(root: Path) -> None:
    witness = root / "witness"
    hook = f"#!/bin/sh\ntouch '{witness}'\n"
    write_tree(root, {".git/hooks/post-index-change": hook, "evil.sh": hook, "packer/new.json": JSON})
    for name in (".git/hooks/post-index-change", "evil.sh"):
        (root / name).chmod(0o755)
    git(root, "config", "core.fsmonitor", "./evil.sh")
    git(root, "config", "diff.external", "./evil.sh")
    (root / ROOT / "locals.tf").touch()
    assert changed().whole == ""
    assert is_dirty(root, ["packer"])
    assert not witness.exists()
