"""tools/module_v1.py: the module for old providers is what the script makes of the shipped one."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = ROOT / "terraform" / "modules"
CHANGED = MODULES / "codepipeline_v1"


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns(".terraform*")
    return Path(shutil.copytree(MODULES, tmp_path / "modules", ignore=ignored))


def run(*arguments: str | Path) -> tuple[int, str]:
    script = ROOT / "tools/module_v1.py"
    done = subprocess.run([sys.executable, script, *arguments], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def test_what_is_committed_is_fresh_and_has_no_link() -> None:
    assert run("--check") == (0, "")
    assert [each for each in MODULES.rglob("*") if each.is_symlink()] == []
    assert {each.name for each in CHANGED.iterdir()} >= {
        "README.md",
        "examples",
        "tests",
        "variables.tf",
        "versions.tf",
    }


def test_it_differs_by_what_newer_providers_have_alone() -> None:
    new, old = (
        {each.relative_to(MODULES / name).as_posix(): each for each in (MODULES / name).rglob("*.*")}
        for name in ("codepipeline", "codepipeline_v1")
    )
    assert new.keys() - old.keys() == {"encryption.tf", "tests/v2.tftest.hcl", "variables_v2.tf"}
    assert old.keys() - new.keys() == set()
    same = [
        name
        for name in old
        if name != "README.md" and old[name].read_text().split("\n\n", 1)[1] == new[name].read_text()
    ]
    assert {name for name in old.keys() - set(same) if name.endswith(".tf")} == {
        "examples/basic/main.tf",
        "examples/complete/main.tf",
        "pipeline.tf",
        "versions.tf",
    }
    for file in old.values():
        assert file.name == "README.md" or not re.search(
            r"pipeline_type|execution_mode|file_paths|>= 5\.", file.read_text()
        )
    assert 'version = ">= 3.39, < 6"' in old["versions.tf"].read_text()
    assert 'version = ">= 5.70, < 7"' in new["versions.tf"].read_text()


def test_the_wheel_has_each_module() -> None:
    """For the demo of those who have no clone."""
    build = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    packed = {name: place for name, place in build["force-include"].items() if name.startswith("terraform/modules/")}
    assert packed == {
        f"terraform/modules/{each.name}": f"tfgen/estate/terraform/modules/{each.name}" for each in MODULES.iterdir()
    }


def line_ends(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))


def as_link(file: Path) -> None:
    file.unlink()
    file.symlink_to("../codepipeline/events.tf")


def a_line_more(file: Path) -> None:
    file.write_text(file.read_text() + "# by hand\n")


@pytest.mark.parametrize(
    ("file", "spoil", "said"),
    [
        ("codepipeline/iam.tf", a_line_more, "iam.tf:{last}: is stale; run: python tools/module_v1.py"),
        ("codepipeline_v1/iam.tf", a_line_more, "iam.tf:{last}: is stale; run: python tools/module_v1.py"),
        ("codepipeline_v1/events.tf", as_link, "events.tf: is no file of its own; run: python tools/module_v1.py"),
        ("codepipeline_v1/events.tf", Path.unlink, "events.tf: is no file of its own; run: python tools/module_v1.py"),
        ("codepipeline_v1/more.tf", Path.touch, "more.tf: is not made of codepipeline; remove it"),
        ("codepipeline_v1/iam.tofu", Path.touch, "iam.tofu: is not made of codepipeline; remove it"),
        ("codepipeline_v1/more.tf.json", Path.touch, "more.tf.json: is not made of codepipeline; remove it"),
        ("shared/iam.tf", a_line_more, "iam.tf:{last}: is stale; run: python tools/module_v1.py"),
        (
            "shared/variables_roles.tf",
            Path.unlink,
            "variables_roles.tf: is no file of its own; run: python tools/module_v1.py",
        ),
        ("codepipeline_v1/iam.tf", line_ends, "iam.tf:1: is stale; run: python tools/module_v1.py"),
    ],
)
def test_it_says_what_is_stale_and_what_renews_it(
    modules: Path, file: str, spoil: Callable[[Path], None], said: str
) -> None:
    spoil(modules / file)
    copy = modules / ("shared" if file.startswith("shared") else "codepipeline_v1") / Path(file).name
    last = len((MODULES / "codepipeline_v1" / Path(file).name).read_text().splitlines()) + 1 if "last" in said else 0
    copies = [copy.parent, *([modules / "shared"] if file == "codepipeline/iam.tf" else [])]
    assert run("--check", modules) == (1, "".join(f"{each}/{said.format(last=last)}\n" for each in copies))
    if "remove" not in said:
        assert run(modules) == (0, "")
        assert run("--check", modules) == (0, "")
        assert not copy.is_symlink()


@pytest.mark.parametrize(
    ("file", "now", "then"),
    [
        ("pipeline.tf", "  stage {", "  on = var.execution_mode\n\n  stage {"),
        ("outputs.tf", "  value       = aws_codepipeline.this.name", "  value       = var.pipeline_type"),
        ("pipeline.tf", '  dynamic "trigger" {', '  dynamic "triggers" {'),
        ("versions.tf", ">= 5.70, < 7", ">= 5.80, < 7"),
    ],
)
def test_what_it_cannot_take_away_is_no_module_for_old_providers(modules: Path, file: str, now: str, then: str) -> None:
    source = modules / "codepipeline" / file
    assert now in source.read_text()
    source.write_text(source.read_text().replace(now, then, 1))
    code, said = run(modules)
    assert (code, said.count("\n")) == (1, 1), said
    assert said.startswith(f"{source}: ")
    assert said.endswith("; teach tools/module_v1.py to take it away\n")


@pytest.mark.parametrize(
    ("file", "now", "then", "said"),
    [
        ("iam.tf", "${local.short_name}-${rule}", "${rule}", "has no ${local.short_name}-${rule} any more"),
        ("iam_build.tf", "var.full_clone", "var.branch", "would still have 'var.branch'"),
        ("iam_build.tf", "var.share_with_accounts", "var.share_with_account", "no variable 'share_with_account'"),
    ],
)
def test_a_role_that_names_its_pipeline_in_a_new_way_is_not_copied_unseen(
    modules: Path, file: str, now: str, then: str, said: str
) -> None:
    source = modules / "codepipeline" / file
    assert now in source.read_text()
    source.write_text(source.read_text().replace(now, then))
    code, output = run(modules)
    assert (code, output.count("\n")) == (1, 1), output
    assert said in output
