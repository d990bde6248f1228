"""What a plan destroys, only the plan itself says: no manifest, no `moved` and no `removed` block hides it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from tests.conftest import Command, Repo, write_tree
from tests.terraform.toy import APPLY, ESTATE, PLAN, SYNC, after, faulty_terraform, resources, terminal
from tfgen.plan.manifest import Manifest, read_manifest, write_manifest
from tfgen.terraform.reports.plan import PlanSummary
from tfgen.terraform.reports.show import ShownPlan

ROOT = "terraform/pipelines"
#: What only `removed` forgets, and what it destroys.
REMOVED = "removed {{\n  from = module.db\n  lifecycle {{\n    destroy = {}\n  }}\n}}\n"


@pytest.fixture
def applied(repo: Repo, tfgen: Command) -> Path:
    return after(repo, tfgen, ESTATE, SYNC, PLAN, APPLY)


def forge(root: Path, change: Callable[[Manifest], Manifest]) -> None:
    """A manifest that says otherwise, and has the right digest of itself."""
    write_manifest(root / "saved", change(read_manifest(root / "saved")))


def says_nothing(manifest: Manifest) -> Manifest:
    return msgspec.structs.replace(manifest, summary=PlanSummary(changed=False))


def says_an_update(manifest: Manifest) -> Manifest:
    summary = msgspec.json.encode(manifest.summary).replace(b'"delete"', b'"update"').replace(b'"replace"', b'"update"')
    return msgspec.structs.replace(manifest, summary=msgspec.json.decode(summary, type=PlanSummary))


def says_another_image(manifest: Manifest) -> Manifest:
    summary = msgspec.json.encode(manifest.summary).replace(b"db", b"web")
    return msgspec.structs.replace(manifest, summary=msgspec.json.decode(summary, type=PlanSummary))


@pytest.mark.parametrize("change", [says_nothing, says_an_update, says_another_image])
def test_a_forged_manifest_hides_nothing(applied: Path, tfgen: Command, change: Callable[[Manifest], Manifest]) -> None:
    (applied / "packer/db.json").unlink()
    tfgen("sync").expect(0)
    tfgen("plan", "--out", "saved").expect(0)
    forge(applied, change)
    before = resources(applied)
    refused = tfgen("apply", "saved", "--allow-destroy", "web").expect(3)
    assert "without permission: db (1 destroyed); to allow it, add: --allow-destroy db" in refused.err
    assert resources(applied) == before
    tfgen("apply", "saved", "--allow-destroy", "web", "--allow-destroy", "db").expect(0)
    assert resources(applied) == ["module.web.pipeline"]


@pytest.mark.parametrize("text", ['{"kind": "tfgen plan manifest", "x": ' + "[" * 100_000, "[" * 100_000, "{}", ""])
def test_what_is_no_manifest_is_refused(applied: Path, tfgen: Command, text: str) -> None:
    tfgen("plan", "--out", "saved").expect(0)
    (applied / "saved.json").write_text(text)
    assert "saved.json: is not a plan manifest: " in tfgen("apply", "saved").expect(3).err


@pytest.mark.parametrize(
    ("to", "named"),
    [
        ("module.other", {"db", "(shared)"}),
        ("module.web.module.inner", {"db", "web"}),
        ("module.new", {"db", "new"}),
    ],
)
def test_a_moved_block_hides_no_image(applied: Path, tfgen: Command, to: str, named: set[str]) -> None:
    """What is moved to another name, and destroyed or replaced there, is lost by the image that it was of."""
    (applied / "packer/db.json").unlink()
    files = {f"{ROOT}/more.tf": f"moved {{\n  from = module.db\n  to = {to}\n}}\n"}
    if to == "module.other":
        files[f"{ROOT}/more.tf"] += 'module "other" {\n  source = "../modules/empty"\n}\n'
        files["terraform/modules/empty/main.tf"] = "# nothing\n"
    elif to == "module.new":
        files["packer/new.json"] = ESTATE["packer/web.json"]
    write_tree(applied, files)
    tfgen("sync", "--gone", "packer/db.json").expect(0)
    tfgen("plan", "--out", "saved").expect(0)
    gated = tfgen("plan", "--out", "saved", "--gate").expect(3).err.splitlines()[-1]
    forge(applied, says_nothing)
    refused = tfgen("apply", "saved").expect(3).err.splitlines()[-1]
    for name in named:
        assert f"{name} (1 " in gated
        assert f"{name} (1 " in refused
    for name in named:
        others = [word for other in sorted(named - {name}) for word in ("--allow-destroy", other)]
        assert f"permission: {name} (1 " in tfgen("apply", "saved", *others).expect(3).err


@pytest.mark.parametrize("file", [f"{ROOT}/more.tf", f"{ROOT}/pipeline_x.gen.tf"])
def test_a_removed_block_hides_no_image(applied: Path, tfgen: Command, file: str) -> None:
    (applied / "packer/db.json").unlink()
    tfgen("sync").expect(0)
    write_tree(applied, {file: REMOVED.format("true")})
    tfgen("plan", "--out", "saved").expect(0)
    forge(applied, says_nothing)
    assert "permission: db (1 destroyed)" in tfgen("apply", "saved").expect(3).err
    write_tree(applied, {file: REMOVED.format("false")})
    tfgen("plan", "--out", "saved", "--gate").expect(0)
    tfgen("apply", "saved").expect(0)
    assert resources(applied) == ["module.web.pipeline"], "it is forgotten, as it says"


def test_a_rename_that_tfgen_toml_tells_needs_one_permission(applied: Path, tfgen: Command) -> None:
    tfgen("rename", "db", "data").expect(0)
    tfgen("sync").expect(0)
    refused = tfgen("plan", "--out", "saved", "--gate").expect(3)
    assert "permission: data (1 replaced); to allow it, add: --allow-destroy data" in refused.err
    tfgen("apply", "saved", "--allow-destroy", "data").expect(0)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("exit 0", "what this plan does cannot be read"),
        ('echo \'{"format_version": "1.2"\'', "what this plan does cannot be read"),
        ('echo \'{"resource_changes": [{"address": "a.b", "change": {"actions": ["new-word"]}}]}\'', "be read"),
        ("echo oops >&2; exit 1", "terraform show failed (exit code 1)"),
    ],
)
def test_a_plan_that_does_not_say_all_is_refused(applied: Path, tfgen: Command, fault: str, says: str) -> None:
    write_tree(applied, {f"{ROOT}/more.tf": 'resource "terraform_data" "x" {\n}\n'})
    tfgen("plan", "--out", "saved").expect(0)
    failed = tfgen("apply", "saved", "--terraform", faulty_terraform(applied, "show", f"{fault}; exit"))
    assert failed.code in (1, 3), failed.err
    assert says in failed.err
    assert ".x" not in resources(applied)


def test_terraform_is_asked_once(applied: Path, tfgen: Command) -> None:
    """Where the plan was made in the same process, and had to be shown for its replacements."""
    toml = (applied / "tfgen.toml").read_text()
    write_tree(applied, {"tfgen.toml": toml + '[templates.db.names]\nproject_name = "other"\n'})
    tfgen("sync").expect(0)
    count = f'echo show >> {applied}/count; exec {faulty_terraform(applied, "none", "true")} "$@"'
    counting = applied / "counting"
    counting.write_text(f'#!/bin/sh\ncase $1 in show) {count};; esac\nexec {applied}/faulty "$@"\n')
    counting.chmod(0o755)
    process = terminal("apply", "--allow-destroy", "db", TFGEN_TERRAFORM=str(counting))
    process.expect("Only 'yes' will be accepted: ")
    process.sendline("yes")
    process.expect("Apply complete!")
    process.wait()
    assert (applied / "count").read_text() == "show\n"


@pytest.mark.parametrize("cut", range(0, 90, 7))
def test_a_document_that_ends_too_soon_is_not_whole(cut: int) -> None:
    whole = b'{"resource_changes": [{"address": "a.b", "change": {"actions": ["delete", "create"]}}]}'
    shown = ShownPlan()
    shown.feed(whole)
    shown.end()
    assert shown.is_whole
    assert [(change.address, change.action) for change in shown.changes] == [("a.b", "replace")]
    part = ShownPlan()
    part.feed(whole[: min(cut, len(whole) - 1)])
    part.end()
    assert not part.is_whole
