"""`tfgen rename`, `moved_from`, `path`, `removed`: identities that a person changes."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from tests.conftest import TOML, Command, Repo, read_tree
from tests.functional.git_repo import DB, WEB, make, template

SITE = WEB.replace("web", "site")
MOVED = "moved {\n  from = module.web\n  to   = module.site\n}\n\nmodule "


@pytest.fixture
def synced(repo: Repo, cli: Command) -> Path:
    """Two templates, synced, and no git."""
    root = make(repo)
    cli("sync").expect(0)
    return root


def tables(root: Path) -> dict[str, object]:
    found: dict[str, object] = tomllib.loads((root / "tfgen.toml").read_text()).get("templates", {})
    return found


def test_rename_writes_the_move(synced: Path, cli: Command) -> None:
    result = cli("rename", "web", "site").expect(0)
    assert result.out == f"renamed  web -> site\nchanged  tfgen.toml\ncreated  {SITE}\ndeleted  {WEB}\n"
    assert "the plan will move module.web to module.site" in result.err
    assert "--keep-names" in result.err
    assert tables(synced) == {"site": {"path": "packer/web.json", "moved_from": ["web"]}}
    text = (synced / SITE).read_text()
    assert f'\n{MOVED}"site" {{\n' in text
    assert '"site-ami-pipeline"' in text
    cli("sync", "--check").expect(0)


def test_json(synced: Path, cli: Command) -> None:
    document = json.loads(cli("rename", "web", "site", "--format", "json").expect(0).out)
    assert document == {
        "from": "web",
        "to": "site",
        "path": "packer/web.json",
        "created": [SITE],
        "changed": ["tfgen.toml"],
        "deleted": [WEB],
        "forgotten": [],
        "unchanged": [DB],
        "kept": [],
        "refused": [],
        "errors": [],
        "warnings": [],
        "written": True,
    }


def test_the_names_in_aws_can_stay(synced: Path, cli: Command) -> None:
    (synced / "tfgen.toml").write_text(TOML + '[names]\nproject_name = "x-{name}"\n')
    cli("sync").expect(0)
    names = [line for line in (synced / WEB).read_text().splitlines() if "project_name" in line or "bucket" in line]
    cli("rename", "web", "site", "--keep-names").expect(0)
    assert names == [
        line for line in (synced / SITE).read_text().splitlines() if "project_name" in line or "bucket" in line
    ]
    assert (
        (synced / "tfgen.toml")
        .read_text()
        .endswith(
            '\n[templates.site]\npath = "packer/web.json"\nmoved_from = ["web"]\n'
            '\n[templates.site.names]\nproject_name = "x-web"\n'
            'artefact_bucket_name = "web-ami-builder-artefacts-{account_id}"\n'
        )
    )


def test_a_shortened_name_stays_too(repo: Repo, cli: Command) -> None:
    long = "a-name-that-is-much-too-long-for-any-bucket-of-this-pattern-in-aws"
    root = make(repo, {f"packer/{long}.json": template(long)})
    cli("sync").expect(0)
    before = (root / WEB.replace("web", long)).read_text()
    cli("rename", long, "short", "--keep-names").expect(0)
    after = (root / WEB.replace("web", "short")).read_text()
    for key in ("project_name ", "artefact_bucket_name "):
        (line,) = [line for line in before.splitlines() if line.startswith(f"  {key}")]
        assert line in after


def test_the_table_moves_with_its_comments(synced: Path, cli: Command) -> None:
    (synced / "tfgen.toml").write_text(TOML + '\n# of web\n[templates.web] # it\nenvironment = { A = "1" } # A\n')
    cli("sync").expect(0)
    cli("rename", "web", "site").expect(0)
    assert (synced / "tfgen.toml").read_text() == (
        TOML + '\n# of web\n[templates.site] # it\npath = "packer/web.json"\nmoved_from = ["web"]\n'
        'environment = { A = "1" } # A\n'
    )


@pytest.mark.parametrize(
    "written",
    [
        '[lint.templates.web] # old\nno-imdsv2 = "why" # so\n',
        '[lint.templates."web"]\nno-imdsv2 = "web"\n[templates.web]\nenvironment = {A = "web"}\n',
        '[lint]\n# the web\ntemplates.web.no-imdsv2 = "why"\n',
        '[lint.templates]\nweb = {no-imdsv2 = "why"}\ndb = {no-imdsv2 = "web"}\n',
        'lint.templates.web.no-imdsv2 = "why"\n',
        '[lint.disable]\nweb = "why"\n[lint.templates.web]\nno-imdsv2 = "why"\n',
    ],
)
def test_what_lint_leaves_alone_moves_along(synced: Path, cli: Command, written: str) -> None:
    path = synced / "tfgen.toml"
    plain = path.read_bytes()
    text = plain + written.encode() if written.startswith("[") else written.encode() + plain
    path.write_bytes(text)
    cli("sync").expect(0)
    before = tomllib.loads(text.decode())["lint"]
    cli("rename", "web", "site").expect(0)
    after = tomllib.loads(path.read_text())["lint"]
    before["templates"]["site"] = before["templates"].pop("web")
    assert after == before
    assert path.read_bytes().count(b"#") == text.count(b"#")
    cli("sync", "--check").expect(0)


def test_what_lint_leaves_alone_under_both_names(synced: Path, cli: Command) -> None:
    path = synced / "tfgen.toml"
    text = path.read_text() + '[lint.templates.web]\nno-imdsv2 = "a"\n[lint.templates.site]\nno-imdsv2 = "b"\n'
    path.write_text(text)
    result = cli("rename", "web", "site").expect(64)
    assert f"[lint.templates.site] already exists in tfgen.toml:{text.count(chr(10)) - 1}" in result.err
    assert path.read_text() == text


def test_there_and_back(synced: Path, cli: Command) -> None:
    before = (synced / WEB).read_text()
    cli("rename", "web", "site").expect(0)
    cli("rename", "site", "web").expect(0)
    assert tables(synced) == {"web": {"moved_from": ["site"]}}
    assert "from = module.site\n  to   = module.web\n" in (synced / WEB).read_text()
    cli("rename", "web", "shop").expect(0)
    cli("rename", "shop", "site").expect(0)
    assert tables(synced) == {"site": {"path": "packer/web.json", "moved_from": ["web", "shop"]}}
    (synced / "tfgen.toml").write_text(TOML)
    refused = cli("sync").expect(3).err
    assert "its template packer/web.json is now named web: its pipeline would be destroyed and recreated" in refused
    assert 'moved_from = ["site"] to [templates.web], or run: tfgen sync --gone packer/web.json' in refused
    cli("sync", "--gone", "packer/web.json").expect(0)
    assert (synced / WEB).read_text() == before


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (("wib", "site"), "template wib not found; did you mean web?"),
        (("web", "web"), "web already has that name"),
        (("web", "db"), "db is already used by packer/db.json (db)"),
        (("web", "DB"), "DB is already used by packer/db.json (db)"),
        (("web", "1st"), "'1st' is not a valid pipeline name"),
        (("web", 'x"\n'), "is not a valid pipeline name"),
        (("web", "x" * 201), "is not a valid pipeline name"),
        (("web", "spare"), "[templates.spare] already exists in tfgen.toml:2"),
        (("web", "old"), "old is an old name of db (moved_from, tfgen.toml:3); use another name"),
    ],
)
def test_a_name_that_cannot_be(synced: Path, cli: Command, names: tuple[str, str], says: str) -> None:
    (synced / "tfgen.toml").write_text(TOML + '[templates.spare]\n[templates.db]\nmoved_from = ["old"]\n')
    cli("sync").expect(0)
    before = read_tree(synced)
    assert says in cli("rename", *names).expect(64).err
    assert read_tree(synced) == before


def test_a_stale_estate_is_synced_first(synced: Path, cli: Command) -> None:
    (synced / "packer/new.json").write_text(template("new"))
    before = read_tree(synced)
    assert "generated files are stale; run: tfgen sync" in cli("rename", "web", "site").expect(3).err
    assert read_tree(synced) == before


def test_a_name_that_aws_would_not_take(synced: Path, cli: Command) -> None:
    before = read_tree(synced)
    result = cli("rename", "web", "xn--web").expect(1)
    assert "web cannot be renamed to xn--web; see above; nothing was written" in result.err
    assert read_tree(synced) == before


def test_somebody_elses_file_in_the_new_place(synced: Path, cli: Command) -> None:
    (synced / SITE).write_text("mine\n")
    before = read_tree(synced)
    result = cli("rename", "web", "site").expect(3)
    assert (result.out, "was not written by tfgen" in result.err) == ("", True)
    assert read_tree(synced) == before


def test_an_old_name_that_is_in_use_again(synced: Path, cli: Command) -> None:
    cli("rename", "web", "site").expect(0)
    (synced / "tfgen.toml").write_text((synced / "tfgen.toml").read_text() + '[templates.db]\nmoved_from = ["web"]\n')
    before = (synced / DB).read_bytes()
    error = cli("sync").expect(1).err
    assert "packer/db.json: web cannot be the old name of both site and db (moved_from of [templates.db]" in error
    assert (synced / DB).read_bytes() == before
    toml = (synced / "tfgen.toml").read_text().replace('[templates.db]\nmoved_from = ["web"]\n', "")
    (synced / "tfgen.toml").write_text(toml.replace('path = "packer/web.json"', 'path = "packer/db.json"'))
    error = cli("sync").expect(3).err
    assert "packer/web.json: its name web is also the old name of site (moved_from of [templates.site]" in error


def test_two_names_for_one_path(synced: Path, cli: Command) -> None:
    two = '[templates.web]\npath = "packer/web.json"\n[templates.site]\npath = "packer/web.json"\n'
    (synced / "tfgen.toml").write_text(TOML + two)
    before = (synced / WEB).read_bytes()
    error = cli("sync").expect(1).err
    says = (
        "packer/web.json: is the path of both [templates.web] and [templates.site] (tfgen.toml:5); remove one of them"
    )
    assert says in error
    assert (synced / WEB).read_bytes() == before
    assert not (synced / SITE).exists()


def test_a_pin_that_leads_nowhere(synced: Path, cli: Command) -> None:
    (synced / "tfgen.toml").write_text(TOML + '[templates.site]\npath = "packer/wib.json"\n')
    says = 'tfgen.toml:3: path = "packer/wib.json" of [templates.site] is not a template; did you mean packer/web.json?'
    assert says in cli("sync").expect(0).err


def test_a_pin_follows_a_template_back_to_its_own_place(synced: Path, cli: Command) -> None:
    before = read_tree(synced)[WEB]
    file = synced / "packer/web.json"
    file.rename(synced / "packer/x.json")
    cli("sync").expect(0)
    (synced / "packer/x.json").rename(file)
    out = cli("sync").expect(0).out
    assert out == f"pinned   web  packer/x.json -> packer/web.json\nchanged  tfgen.toml\nchanged  {WEB}\n"
    assert tables(synced) == {"web": {"path": "packer/web.json"}}
    assert read_tree(synced)[WEB] == before
    assert cli("sync").expect(0).err.endswith("0 created, 0 changed, 0 deleted, 2 unchanged\n")


def test_a_move_ends_the_forgetting(synced: Path, cli: Command) -> None:
    """Terraform refuses a module that is moved and removed at once."""
    (synced / "packer/web.json").unlink()
    (synced / "tfgen.toml").write_text(TOML + 'removed = "keep"\n')
    cli("sync").expect(0)
    (synced / "packer/site.json").write_text(template("site"))
    (synced / "tfgen.toml").write_text(TOML + '[templates.site]\nmoved_from = ["web"]\n')
    assert cli("sync").expect(0).out == f"created  {SITE}\ndeleted  {WEB}\n"


def test_a_broken_template_has_no_names_to_keep(synced: Path, cli: Command) -> None:
    (synced / "packer/web.json").write_text('{"builders": [')
    cli("sync").expect(1)
    before = read_tree(synced)
    assert (
        "web has no pipeline, so its names in AWS are not known"
        in cli("rename", "web", "site", "--keep-names").expect(3).err
    )
    assert read_tree(synced) == before
    cli("rename", "web", "site").expect(1)
    (synced / "packer/web.json").write_text(template("web"))
    assert cli("sync").expect(0).out == f"created  {SITE}\ndeleted  {WEB}\n"
    assert MOVED in (synced / SITE).read_text()


def test_a_pin_whose_template_is_gone_follows_it(synced: Path, cli: Command) -> None:
    """Without a generated file: somebody has deleted it, or it was never made here."""
    (synced / "tfgen.toml").write_text(TOML + '[templates.site]\npath = "packer/web.json"\nmoved_from = ["web"]\n')
    cli("sync").expect(0)
    (synced / "packer/web.json").rename(synced / "packer/x.json")
    out = cli("sync").expect(0).out
    assert out == f"pinned   site  packer/web.json -> packer/x.json\nchanged  tfgen.toml\nchanged  {SITE}\n"


def test_a_forgotten_pipeline_comes_back(synced: Path, cli: Command) -> None:
    before = read_tree(synced)[WEB]
    (synced / "tfgen.toml").write_text(TOML + 'removed = "keep"\n')
    (synced / "packer/web.json").unlink()
    result = cli("sync").expect(0)
    assert result.out == f"forgot   {WEB}\n"
    assert "stay in AWS" in result.err
    body = "removed {\n  from = module.web\n\n  lifecycle {\n    destroy = false\n  }\n}\n"
    assert (synced / WEB).read_text().endswith(body)
    (synced / "tfgen.toml").write_text(TOML)
    assert cli("sync").expect(0).out == ""
    (synced / "packer/web.json").write_text(template("web"))
    assert cli("sync").expect(0).out == f"changed  {WEB}\n"
    assert read_tree(synced)[WEB] == before


def test_one_templates_setting_beats_the_common_one(synced: Path, cli: Command) -> None:
    (synced / "tfgen.toml").write_text(TOML + 'removed = "keep"\n[templates.db]\nremoved = "destroy"\n')
    for name in ("web", "db"):
        (synced / f"packer/{name}.json").unlink()
    assert cli("sync").expect(0).out == f"deleted  {DB}\nforgot   {WEB}\n"


def test_an_ignored_template_is_forgotten_and_comes_back(synced: Path, cli: Command) -> None:
    before = read_tree(synced)[WEB]
    (synced / "tfgen.toml").write_text(TOML + 'ignore = ["packer/w*"]\n')
    document = json.loads(cli("sync", "--format", "json").expect(0).out)
    assert (document["forgotten"], document["deleted"], document["errors"]) == ([WEB], [], [])
    cli("sync", "--check").expect(0)
    (synced / "tfgen.toml").write_text(TOML)
    cli("sync").expect(0)
    assert read_tree(synced)[WEB] == before


@pytest.mark.parametrize(("product", "version", "needed"), [("terraform", "1.6.6", "1.7"), ("tofu", "1.9.1", "1.10")])
def test_terraform_must_know_removed_blocks(
    synced: Path, cli: Command, tmp_path: Path, product: str, version: str, needed: str
) -> None:
    (synced / "tfgen.toml").write_text(TOML + 'ignore = ["packer/web.json"]\n')
    cli("sync").expect(0)
    old = tmp_path / product
    old.write_text(f'#!/bin/sh\necho \'{{"terraform_version": "{version}"}}\'\n')
    old.chmod(0o755)
    error = cli("plan", "--terraform", str(old)).expect(1).err
    assert f"{WEB}: has a removed block, which {product} {version} does not support" in error
    assert f"use {needed} or newer (--terraform PATH)" in error
