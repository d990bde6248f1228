"""`packer validate` on the templates: with an empty home, no credentials and no variable of the user's."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.e2e.tools import ROOT, bare_environment, require_packer, require_tool, run
from tests.unit.samples import BROKEN, VALID

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

# Packer 1.6.6 says nothing of these: it takes the block for one of a plugin, or looks later.
LENIENT = {"misspelt block"}
TEMPLATES = ["packer/wordpress.json", "packer/base.pkr.hcl"]


def validate(template: str, tmp_path: Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    home = tmp_path / "home"
    home.mkdir()
    return run([require_packer(), "validate", template], env=bare_environment(home), cwd=cwd)


@pytest.mark.parametrize("template", TEMPLATES)
def test_valid(template: str, tmp_path: Path) -> None:
    done = validate(template, tmp_path)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("lost", ["ansible/{name}.yaml", "ansible/roles/common", "packer/scripts/install-ansible.sh"])
def test_invalid_without_what_it_names(template: str, lost: str, tmp_path: Path) -> None:
    for folder in ("packer", "ansible"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    gone = lost.format(name=template.removeprefix("packer/").partition(".")[0])
    (tmp_path / gone).rename(tmp_path / "elsewhere")
    done = validate(template, tmp_path, cwd=tmp_path)
    assert done.returncode == 1
    assert gone in done.stdout


def test_scripts_pass_shellcheck(tmp_path: Path) -> None:
    scripts = [*ROOT.glob("packer/scripts/*.sh"), *ROOT.glob("tests/e2e/*.sh")]
    done = run([require_tool("shellcheck"), *map(str, scripts)], env=bare_environment(tmp_path))
    assert scripts
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", VALID)
def test_packer_takes_what_tfgen_takes(name: str, tmp_path: Path) -> None:
    assert says_packer(VALID[name], tmp_path) == 0


@pytest.mark.parametrize("name", sorted(set(BROKEN) - LENIENT))
def test_packer_refuses_what_tfgen_refuses(name: str, tmp_path: Path) -> None:
    assert says_packer(BROKEN[name][0], tmp_path) == 1


def says_packer(text: str, tmp_path: Path) -> int:
    (tmp_path / "a.pkr.hcl").write_bytes(text.encode())
    return validate("a.pkr.hcl", tmp_path, cwd=tmp_path).returncode
