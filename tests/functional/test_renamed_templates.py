"""A template that is renamed or moved keeps its identity."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import TOML, Command, Repo, read_tree
from tests.functional.git_repo import WEB, commit, edited, git, git_files, hcl, make, template
from tests.functional.moves import move, moved, renamed, renamed_and_edited
from tfgen_generators.generated.ownership import examine

Move = Callable[[Path], str]


def staged(root: Path) -> str:
    git(root, "mv", "packer/web.json", "packer/site.json")
    return "packer/site.json"


def staged_then_edited(root: Path) -> str:
    path = staged(root)
    (root / path).write_text(edited((root / path).read_text()))
    return path


def committed(root: Path) -> str:
    path = renamed_and_edited(root)
    commit(root, "renamed, not synced")
    return path


def committed_long_ago(root: Path) -> str:
    committed(root)
    git(root, "mv", "packer/site.json", "packer/shop.json")
    commit(root, "and again")
    (root / "packer/shop.json").write_text((root / "packer/shop.json").read_text() + "\n")
    return "packer/shop.json"


def on_a_merged_branch(root: Path) -> str:
    git(root, "checkout", "--quiet", "-b", "feature")
    path = committed(root)
    git(root, "checkout", "--quiet", "main")
    (root / "README.md").write_text("x\n")
    commit(root, "meanwhile")
    git(root, "merge", "--quiet", "--no-edit", "feature")
    return path


def to_an_odd_name(root: Path) -> str:
    return move(root, 'packer/Ünï "x" = $(y)\\.json')


def to_no_identifier(root: Path) -> str:
    return move(root, "packer/1st.json")


def to_a_name_that_is_taken(root: Path) -> str:
    (root / "packer/db.json").rename(root / "packer/d-b.json")
    return move(root, "packer/d/b.json")


def conflicted_index(root: Path) -> str:
    path = renamed(root)
    blob = git(root, "hash-object", "-w", "tfgen.toml").strip()
    entries = "".join(f"100644 {blob} {stage}\tpacker/web.json\n" for stage in (1, 2))
    subprocess.run(["git", "update-index", "--index-info"], cwd=root, input=entries, text=True, check=True)
    return path


@pytest.mark.parametrize(
    "move",
    [
        renamed,
        moved,
        staged,
        renamed_and_edited,
        staged_then_edited,
        committed,
        committed_long_ago,
        on_a_merged_branch,
        to_an_odd_name,
        to_no_identifier,
        to_a_name_that_is_taken,
        conflicted_index,
    ],
)
def test_it_is_pinned(synced: Path, cli: Command, move: Move) -> None:
    path = move(synced)
    before = git_files(synced)
    check = cli("sync", "--check", "--format", "json").expect(2)
    assert {"name": "web", "from": "packer/web.json", "to": path} in json.loads(check.out)["renamed"]
    result = cli("sync").expect(0)
    assert git_files(synced) == before
    assert "pinned   web  packer/web.json -> " in result.out
    assert "deleted" not in result.out
    assert "created" not in result.out
    assert examine((synced / WEB).read_text()).source == path
    cli("sync", "--check").expect(0)
    assert cli("sync").expect(0).out == ""
    commit(synced, "done")
    cli("sync", "--check").expect(0)
    names = {item["path"]: item["name"] for item in json.loads(cli("list", "--format", "json").out)["templates"]}
    assert path in names


def test_the_report_and_the_diff(synced: Path, cli: Command) -> None:
    moved(synced)
    before = read_tree(synced)
    assert cli("sync", "--check").expect(2).out == (
        f"pin     web  packer/web.json -> packer/team/web.json\nchange  tfgen.toml\nchange  {WEB}\n"
    )
    diff = cli("sync", "--check", "--diff").expect(2)
    assert '+[templates.web]\n+path = "packer/team/web.json"\n' in diff.out
    assert read_tree(synced) == before
    assert "generated files are stale: tfgen.toml (change)" in cli("plan").expect(3).err
    assert cli("sync").expect(0).out == (
        f"pinned   web  packer/web.json -> packer/team/web.json\nchanged  tfgen.toml\nchanged  {WEB}\n"
    )
    text = (synced / WEB).read_text()
    assert 'project_name         = "web-ami-pipeline"' in text
    assert 'PACKER_SCRIPT = "packer/team/web.json"' in text


def test_a_pinned_template_that_moves_again(synced: Path, cli: Command) -> None:
    moved(synced)
    cli("sync").expect(0)
    toml = synced / "tfgen.toml"
    toml.write_text(toml.read_text().replace('web.json"', 'web.json" # since May'))
    commit(synced)
    git(synced, "mv", "packer/team/web.json", "packer/last.json")
    cli("sync").expect(0)
    assert toml.read_text() == TOML + '\n[templates.web]\npath = "packer/last.json" # since May\n'


def test_several_moves_at_once(repo: Repo, cli: Command) -> None:
    """Templates that are much alike, all moved and all edited: the file's name tells them apart."""
    names = [f"image{number}" for number in range(12)]
    base = template("base")
    files = {f"packer/{name}.json": base.replace('"null"', f'"null", "name": "{name}"') for name in names}
    root = make(repo, files)
    cli("sync").expect(0)
    git(root, "init", "--quiet")
    commit(root)
    (root / "packer/aws").mkdir()
    for name in names:
        target = root / f"packer/aws/{name}.json"
        (root / f"packer/{name}.json").rename(target)
        target.write_text(edited(target.read_text()))
    document = json.loads(cli("sync", "--format", "json").expect(0).out)
    assert (document["created"], document["deleted"]) == ([], [])
    assert {item["name"]: item["to"] for item in document["renamed"]} == {n: f"packer/aws/{n}.json" for n in names}


def test_a_folder_template_moves(repo: Repo, cli: Command) -> None:
    variables = 'variable "region" {\n  default = "x"\n}\n' + hcl("v").split("source")[0]
    source = hcl("web").replace('"null" "x" {', '"null" "x" {\n  host = var.region')
    root = make(repo, {"packer/team/variables.pkr.hcl": variables, "packer/team/web.pkr.hcl": source})
    cli("sync").expect(0)
    git(root, "init", "--quiet")
    commit(root)
    (root / "packer/team").rename(root / "packer/crew")
    (root / "packer/crew/variables.pkr.hcl").rename(root / "packer/crew/v.pkr.hcl")
    assert "pinned   team  packer/team -> packer/crew\n" in cli("sync").expect(0).out
    cli("sync", "--check").expect(0)


def test_a_broken_template_keeps_its_identity_through_a_rename(synced: Path, cli: Command) -> None:
    path = renamed(synced)
    good = (synced / path).read_text()
    (synced / path).write_text(good.replace("]\n}\n", ""))
    before = (synced / WEB).read_bytes()
    result = cli("sync").expect(1)
    assert "pinned   web  packer/web.json -> packer/site.json" in result.out
    assert (synced / WEB).read_bytes() == before
    (synced / path).write_text(good)
    assert cli("sync").expect(0).out == f"changed  {WEB}\n"


def test_into_an_ignored_folder_is_forgotten(synced: Path, cli: Command) -> None:
    (synced / "tfgen.toml").write_text(TOML + 'ignore = ["packer/experiments/"]\n')
    commit(synced)
    (synced / "packer/experiments").mkdir()
    (synced / "packer/web.json").rename(synced / "packer/experiments/web.json")
    assert cli("sync").expect(0).out == f"forgot   {WEB}\n"
    cli("sync", "--check").expect(0)


def test_a_rename_goes_before_forgetting(synced: Path, cli: Command) -> None:
    (synced / "tfgen.toml").write_text(TOML + 'removed = "keep"\n')
    path = renamed_and_edited(synced)
    assert f"pin     web  packer/web.json -> {path}  (97% similar)\n" in cli("sync", "--check").expect(2).out
    out = cli("sync", "--gone", "packer/web.json").expect(0).out
    assert out == f"created  terraform/pipelines/pipeline_site.gen.tf\nforgot   {WEB}\n"


def test_delete_and_add_is_no_rename(synced: Path, cli: Command) -> None:
    (synced / "packer/web.json").unlink()
    (synced / "packer/site.json").write_text(template("quite different"))
    assert cli("sync").expect(0).out == f"created  terraform/pipelines/pipeline_site.gen.tf\ndeleted  {WEB}\n"


def test_a_name_with_a_tab_is_a_name_like_others(synced: Path, cli: Command) -> None:
    """The header holds it as an escape; the disk and git know the sign itself."""
    odd = synced / "packer" / "od\td.json"
    odd.write_text(template("odd"))
    cli("sync").expect(0)
    commit(synced)
    odd.write_text(template("odd").replace("builders", "bilders"))
    assert "still exists but is no longer a template" in cli("sync").expect(1).err
    odd.write_text(edited(template("odd")))
    odd.rename(synced / "packer" / "even.json")
    assert "pin     od-d  packer/od\\td.json -> packer/even.json" in cli("sync", "--check").expect(2).out.replace(
        "\t", "\\t"
    )
