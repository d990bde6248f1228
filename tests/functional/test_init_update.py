"""`tfgen init --update`: three-way merges from two releases; what was edited is merged or marked, nothing is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import JSON, TOML, Command, Repo, read_tree
from tests.documented import ROOT
from tests.functional.test_init import killing
from tests.pinned import ADDRESS
from tfgen.hosts.recipe import RECIPES, for_tool
from tfgen.init.shipped import BUILDSPEC, module_texts, text_of
from tfgen.init.updating.recipe_values import filled, of_settings
from tfgen.init.updating.released import FILE, packed, releases, unpacked

MODULE = "terraform/modules/codepipeline"
RELEASES = list(releases())
BEFORE = ROOT / "tests/data/module-0.1.0/codepipeline"


def vendored(release: str) -> dict[str, str]:
    """A repository that has that release's module and buildspec."""
    texts = releases()[release]
    kept = {path: text for path, text in texts.items() if path.startswith(f"{MODULE}/") or path == BUILDSPEC}
    return {"tfgen.toml": TOML, "packer/web.json": JSON, **kept}


def now(root: Path) -> dict[str, str]:
    """The module and the buildspec."""
    tree = {path: text.decode() for path, text in read_tree(root).items()}
    return {path: text for path, text in tree.items() if path.startswith(MODULE) or path == BUILDSPEC}


def latest() -> dict[str, str]:
    texts = {f"{MODULE}/{path}": text for path, text in module_texts("codepipeline").items()}
    return {**texts, BUILDSPEC: text_of(BUILDSPEC)}


@pytest.mark.parametrize("release", RELEASES)
def test_what_was_not_edited_is_new(release: str, repo: Repo, cli: Command) -> None:
    root = repo(vendored(release))
    old = cli("init", "--update", "--check").expect(2)
    assert f"old       {BUILDSPEC}  ({release})\n" in old.out
    assert "edited" not in old.out
    before = read_tree(root)
    assert cli("init", "--update", "--dry-run").expect(0).out
    assert read_tree(root) == before
    cli("init", "--update").expect(0)
    assert now(root) == latest()
    cli("init", "--update", "--check").expect(0)
    assert cli("init", "--update").expect(0).out == ""


@pytest.mark.parametrize("release", RELEASES)
def test_three_kinds_of_edits(release: str, repo: Repo, cli: Command) -> None:
    files = vendored(release)
    elsewhere, same, own = f"{MODULE}/outputs.tf", f"{MODULE}/versions.tf", f"{MODULE}/ours.tf"
    files[elsewhere] += '\noutput "ours" {\n  value = 1\n}\n'
    files[same] = "# ours\n" + files[same].replace("terraform {", "terraform { # ours", 1)
    files[own] = "locals {\n  ours = 1\n}\n"
    files[BUILDSPEC] = files[BUILDSPEC].replace('PACKER_VERSION: "', 'PACKER_VERSION: "9.', 1)
    root = repo(files)
    assert "edited" in cli("version", "--files").expect(0).out
    done = cli("init", "--update")
    found, wanted = now(root), latest()
    assert found[own] == files[own]
    assert wanted[elsewhere].strip() in found[elsewhere]
    assert '\noutput "ours" {\n  value = 1\n}\n' in found[elsewhere]
    assert "# ours" in found[same]
    assert found[same].count("# ours") == 2
    untouched = {elsewhere, same, own, BUILDSPEC}
    assert {path: text for path, text in found.items() if path not in untouched} == {
        path: text for path, text in wanted.items() if path not in untouched
    }
    marked = {path for path, text in found.items() if "<<<<<<< yours\n" in text}
    assert done.code == (1 if marked else 0)
    for path in marked:
        assert f"conflict  {path}\n" in done.out
        assert "\n>>>>>>> tfgen " in found[path]
    again = cli("init", "--update")
    assert now(root) == found, "a second one changes nothing"
    assert again.code == done.code


def test_the_same_line_is_marked(repo: Repo, cli: Command) -> None:
    files = vendored("0.1.0")
    line = next(line for line in files[BUILDSPEC].splitlines() if "PACKER_VERSION:" in line)
    files[BUILDSPEC] = files[BUILDSPEC].replace(line, f"{line} # ours")
    root = repo(files)
    assert line not in text_of(BUILDSPEC), "both sides have changed it"
    done = cli("init", "--update").expect(1)
    assert f"{BUILDSPEC}: 1 conflict; edit between the marks" in done.err
    text = (root / BUILDSPEC).read_text()
    mine, _, theirs = text.partition("<<<<<<< yours\n")[2].partition(">>>>>>> tfgen ")[0].partition("=======\n")
    assert f"{line} # ours\n" in mine
    assert "# ours" not in theirs
    assert [each for each in text_of(BUILDSPEC).splitlines() if each not in text] == []
    assert "conflict" in cli("version", "--files").expect(0).out
    assert "has conflict marks" in cli("init", "--update").expect(1).err
    assert (root / BUILDSPEC).read_text() == text


def test_a_part_that_was_taken_over_by_hand_is_no_whole(repo: Repo, cli: Command) -> None:
    """Most of the new lines of one file, in a module that is otherwise the old one: the rest comes, too."""
    files, path = vendored("0.2.0"), f"{MODULE}/main.tf"
    new = latest()[path]
    last = next(line for line in reversed(new.splitlines()) if line not in files[path].splitlines() and line.strip())
    files[path] = new.replace(f"{last}\n", "")
    root = repo(files)
    cli("init", "--update")
    assert last in (root / path).read_text()


def test_what_was_resolved_stays_resolved(repo: Repo, cli: Command) -> None:
    files = vendored("0.2.0")
    root = repo(files)
    cli("init", "--update").expect(0)
    path = root / f"{MODULE}/variables.tf"
    path.write_text(files[f"{MODULE}/variables.tf"].replace("description", "ours", 1))  # all of the old one, on purpose
    before = path.read_text()
    cli("init", "--update").expect(0)
    assert path.read_text() == before


def test_the_schema_is_that_of_this_release(repo: Repo, cli: Command) -> None:
    root = repo({"tfgen.toml": TOML, "packer/web.json": JSON, "tfgen.schema.json": '{"title": "tfgen.toml"}\n'})
    assert "old       tfgen.schema.json" in cli("init", "--update", "--check").expect(2).out
    cli("init", "--update").expect(0)
    assert (root / "tfgen.schema.json").read_text() == cli("schema").expect(0).out
    cli("init", "--update", "--check").expect(0)


@pytest.mark.parametrize("after", [1, 2, 12])
def test_an_update_that_was_stopped_comes_to_its_end(
    after: int, repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = vendored("0.2.0")
    edited = [f"{MODULE}/{name}.tf" for name in ("main", "outputs")]
    for path in edited:
        files[path] += "# ours\n"
    root = repo(files)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killing(after))
        if (child := os.fork()) == 0:
            cli("init", "--update")
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    cli("init", "--update").expect(0)
    assert now(root) == {**latest(), **{path: f"{latest()[path]}# ours\n" for path in edited}}
    assert list(root.glob("**/.tfgen-new-*")) == []


def test_a_module_that_is_gone_is_left_and_named(repo: Repo, cli: Command) -> None:
    texts = {path: text for path, text in releases()["0.1.0"].items() if "/codepipeline_v2/" in path}
    root = repo(
        {"tfgen.toml": f'{TOML}[module]\nsource = "../modules/codepipeline_v2"\n', "packer/web.json": JSON, **texts}
    )
    assert "set module.source to that of codepipeline" in cli("init", "--update").expect(0).err
    assert {path: (root / path).read_text() for path in texts} == texts


def test_what_this_release_has_no_more_is_deleted_unless_edited(
    repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = {**releases()["0.2.0"], f"{MODULE}/gone.tf": "locals {\n  gone = 1\n}\n"}
    monkeypatch.setattr("tfgen.init.updating.texts.releases", lambda: {"0.2.0": gone})
    root = repo({**vendored("0.2.0"), f"{MODULE}/gone.tf": gone[f"{MODULE}/gone.tf"]})
    assert f"deleted   {MODULE}/gone.tf\n" in cli("init", "--update").expect(0).out
    assert now(root) == latest()
    (root / f"{MODULE}/gone.tf").write_text("locals {\n  gone = 1\n}\n# ours\n")
    assert "was edited: remove it" in cli("init", "--update").expect(1).err
    assert (root / f"{MODULE}/gone.tf").exists()


def test_crlf_stays_crlf(repo: Repo, cli: Command) -> None:
    files = vendored("0.2.0")
    root = repo({path: text.replace("\n", "\r\n") if path != "tfgen.toml" else text for path, text in files.items()})
    with (root / f"{MODULE}/outputs.tf").open("a", newline="") as file:
        file.write("# ours\r\n")
    cli("init", "--update").expect(0)
    found = {path: (root / path).read_bytes() for path in files if path in latest()}
    assert {path for path, text in found.items() if text.count(b"\n") != text.count(b"\r\n")} == set()
    assert found[f"{MODULE}/outputs.tf"].endswith(b"}\r\n# ours\r\n")
    assert found[f"{MODULE}/main.tf"].decode().replace("\r\n", "\n") == latest()[f"{MODULE}/main.tf"]


def test_taken_away_stays_away_and_is_named(repo: Repo, cli: Command) -> None:
    files = vendored("0.2.0")
    del files[f"{MODULE}/outputs.tf"]
    root = repo(files)
    done = cli("init", "--update").expect(0)
    assert f"missing   {MODULE}/outputs.tf\n" in done.out
    assert f"created   {MODULE}/network.tf\n" in done.out
    assert not (root / f"{MODULE}/outputs.tf").exists()
    cli("init").expect(0)
    assert now(root) == latest()


def test_what_is_somebody_elses_is_not_looked_at(repo: Repo, cli: Command) -> None:
    files = {
        "tfgen.toml": TOML,
        "packer/web.json": JSON,
        BUILDSPEC: "version: 0.2\nphases: {}\n",
        f"{MODULE}/main.tf": 'resource "aws_codepipeline" "ours" {\n}\n',
        "bitbucket-pipelines.yml": "pipelines:\n  default: []\n",
    }
    root = repo(files)
    assert cli("version", "--files").expect(0).out == ""
    cli("init", "--update").expect(0)
    assert {path: text.decode() for path, text in read_tree(root).items()} == files


def test_a_module_by_its_address_is_not_ours_to_update(repo: Repo, cli: Command) -> None:
    repo({"tfgen.toml": f'{TOML}[module]\nsource = "git::https://example.com/m.git?ref=v1"\n', "packer/web.json": JSON})
    cli("init", "--update", "--check").expect(0)


@pytest.mark.parametrize("host", RECIPES)
def test_a_recipe_that_was_just_written_is_current(host: str, repo: Repo, cli: Command) -> None:
    repo({"tfgen.toml": f'{TOML}branch = "a/it\'s"\n', "packer/web.json": JSON})
    for tool in ("terraform", "tofu"):
        cli("ci", host, "--tool", tool, "--install", ADDRESS, "--output", RECIPES[host][1]).expect(0)
        assert cli("version", "--files").expect(0).out.split()[3:5] == [RECIPES[host][1], "current"]
        Path(RECIPES[host][1]).unlink()


@pytest.mark.parametrize("host", RECIPES)
def test_a_recipe_keeps_what_was_filled_in(host: str, repo: Repo, cli: Command) -> None:
    name, path = RECIPES[host]
    for tool in ("terraform", "tofu"):
        root = repo({"tfgen.toml": f'{TOML}branch = "trunk"\n', "packer/web.json": JSON}, name=f"{host}-{tool}")
        old = for_tool(releases()["0.2.0"][f"recipes/{name}"], tool)
        values = {**of_settings("trunk"), "NAME": "tfgen-ami[embedded]", "ADDRESS": ADDRESS}
        text = filled(old, values)
        assert text is not None
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
        assert cli("version", "--files").expect(0).out.split()[4] in ("old", "current")
        (root / path).write_text(f"{text}# ours\n")
        cli("init", "--update").expect(0)
        new = (root / path).read_text()
        assert new.endswith("# ours\n")
        assert ADDRESS in new
        options = ("--tool", tool, "--install", ADDRESS, "--output", "-")
        current = cli("ci", host, *options).expect(0).out
        if tool == "terraform":
            assert new == f"{current}# ours\n"


def test_a_recipe_of_0_1_0_needs_to_know_what_is_installed(repo: Repo, cli: Command) -> None:
    name, path = RECIPES["codecommit"]
    text = filled(releases()["0.1.0"][f"recipes/{name}"], {**of_settings("main"), "VERSION": "0.1.0"})
    assert text is not None
    root = repo({"tfgen.toml": TOML, "packer/web.json": JSON, path: text})
    assert "use --install" in cli("init", "--update").expect(1).err
    assert (root / path).read_text() == text
    cli("init", "--update", "--install", ADDRESS).expect(0)
    assert (root / path).read_text() == cli("ci", "codecommit", "--install", ADDRESS, "--output", "-").expect(0).out


def test_the_texts_are_those_of_the_releases() -> None:
    texts = releases()
    assert packed(texts) == packed(unpacked(packed(texts)))
    for file in BEFORE.iterdir():
        assert texts["0.1.0"][f"{MODULE}/{file.name}"] == file.read_text()
    assert (ROOT / "cli/tfgen/init/updating" / FILE).stat().st_size < 60_000
    done = subprocess.run([sys.executable, ROOT / "tools/released_texts.py", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
