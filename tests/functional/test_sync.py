from __future__ import annotations

import difflib
import json
import os
from pathlib import Path

import pytest

from tests.conftest import HCL2, JSON, TOML, Command, Repo, read_tree

WEB = "terraform/pipelines/pipeline_web.gen.tf"
BASE = {"tfgen.toml": TOML, "packer/web.json": JSON, "packer/db.pkr.hcl": HCL2}


def test_sync_creates_then_has_nothing_to_do(repo: Repo, cli: Command) -> None:
    root = repo(BASE)
    first = cli("sync").expect(0)
    assert first.out.splitlines() == [
        "created  terraform/pipelines/pipeline_db.gen.tf",
        f"created  {WEB}",
    ]
    before = read_tree(root)
    second = cli("sync").expect(0)
    assert second.out == ""
    assert "0 created, 0 changed, 0 deleted, 2 unchanged" in second.err
    assert read_tree(root) == before
    cli("sync", "--check").expect(0)


def test_adding_and_removing_a_template_touches_one_file(repo: Repo, cli: Command) -> None:
    root = repo(BASE)
    cli("sync").expect(0)
    before = read_tree(root)
    (root / "packer/blog.json").write_text(JSON)
    assert cli("sync", "--check").expect(2).out == "create  terraform/pipelines/pipeline_blog.gen.tf\n"
    assert set(read_tree(root)) - set(before) == {"packer/blog.json"}
    cli("sync").expect(0)
    after = read_tree(root)
    assert {path for path in after if after[path] != before.get(path)} == {
        "packer/blog.json",
        "terraform/pipelines/pipeline_blog.gen.tf",
    }
    (root / "packer/blog.json").unlink()
    cli("sync", "--check").expect(2)
    assert cli("sync").expect(0).out == "deleted  terraform/pipelines/pipeline_blog.gen.tf\n"
    assert read_tree(root) == before


def test_check_and_diff_write_nothing(repo: Repo, cli: Command) -> None:
    root = repo(BASE)
    before = read_tree(root)
    result = cli("sync", "--check", "--diff").expect(2)
    assert f"--- /dev/null\n+++ b/{WEB}\n" in result.out
    assert '+module "web" {\n' in result.out
    assert read_tree(root) == before
    assert not (root / ".tfgen").exists()


def test_a_changed_setting_changes_its_files(repo: Repo, cli: Command) -> None:
    root = repo(BASE)
    cli("sync").expect(0)
    (root / "tfgen.toml").write_text(TOML + '[templates.web]\nenvironment = { A = "1" }\n')
    assert cli("sync").expect(0).out == f"changed  {WEB}\n"


def test_json_says_what_was_done(repo: Repo, cli: Command) -> None:
    repo(BASE)
    document = json.loads(cli("sync", "--format", "json").expect(0).out)
    assert document == {
        "created": ["terraform/pipelines/pipeline_db.gen.tf", WEB],
        "changed": [],
        "deleted": [],
        "forgotten": [],
        "renamed": [],
        "unchanged": [],
        "kept": [],
        "refused": [],
        "errors": [],
        "warnings": [],
        "written": True,
    }


def test_an_unused_section_is_a_warning_with_its_line(repo: Repo, cli: Command) -> None:
    repo({**BASE, "tfgen.toml": TOML + "\n[templates.wbe]\n"})
    assert "warning: tfgen.toml:3: [templates.wbe]: no such template; did you mean web?" in cli("sync").expect(0).err


def test_a_launch_template_of_no_image_is_a_warning_with_its_line(repo: Repo, cli: Command) -> None:
    templates = '[publish]\nchannels = ["prod"]\n[publish.launch_templates.prod]\nweb = ["lt-01234567"]\n'
    repo({**BASE, "tfgen.toml": f'{TOML}{templates}wbe = ["lt-12345678"]\n'})
    said = cli("sync").expect(0).err
    line = TOML.count("\n") + 5
    assert f"tfgen.toml:{line}: publish.launch_templates.prod.wbe: no such image; did you mean web?" in said
    assert said.count("no such image") == 1


def test_sync_works_from_a_folder_below_and_with_c(repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    root = repo(BASE)
    monkeypatch.chdir(root / "packer")
    assert WEB in cli("sync", "--check").expect(2).out
    monkeypatch.chdir(root.parent)
    assert WEB in cli("-C", root.name, "-C", "packer", "sync", "--check").expect(2).out


def test_a_template_that_is_none_any_more_keeps_its_pipeline(repo: Repo, cli: Command) -> None:
    root = repo(BASE)
    cli("sync").expect(0)
    (root / "packer/web.json").write_text('{"bilders": []}')
    result = cli("sync").expect(1)
    assert (
        "packer/web.json: still exists but is no longer a template (no builders: not a Packer template)" in result.err
    )
    assert (root / WEB).exists()


def test_names_stand_in_the_text_as_data(repo: Repo, cli: Command) -> None:
    evil = 'packer/x"}\nresource "a" "b" {${file("x")}/web.json'
    root = repo({"tfgen.toml": TOML, evil: JSON})
    cli("sync").expect(0)
    (file,) = (root / "terraform/pipelines").iterdir()
    lines = file.read_text().splitlines()
    assert sum(line.startswith(("resource", "module")) for line in lines) == 1
    assert r'PACKER_SCRIPT = "packer/x\"}\nresource \"a\" \"b\" {\u0024{file(\"x\")}/web.json"' in file.read_text()


def test_the_shipped_estate_is_in_sync(cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    cli("sync", "--check").expect(0)


GOLDEN = Path(__file__).parents[1] / "golden" / "pipeline_wordpress.gen.tf"


def test_golden_file(repo: Repo, cli: Command) -> None:
    root = repo(
        {
            "packer/wordpress.json": JSON,
            "tfgen.toml": TOML
            + '[environment]\nVPC_ID = "vpc-04f99e5833c3a909b"\nSUBNET_ID = "subnet-0e3c6194859275f16"\n'
            + '[templates.wordpress]\nenvironment = { SUBNET_ID = "subnet-0a1b2c3d4e5f60718" }\n',
        }
    )
    cli("sync").expect(0)
    text = (root / "terraform/pipelines" / GOLDEN.name).read_text()
    if os.environ.get("TFGEN_GOLDEN") == "write":
        GOLDEN.write_text(text)
    if text != GOLDEN.read_text():
        lines = difflib.unified_diff(GOLDEN.read_text().splitlines(), text.splitlines(), "golden", "now", lineterm="")
        pytest.fail("\n".join([*lines, "if that is meant, run: make golden"]))
