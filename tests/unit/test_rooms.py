"""The layout of the code: what is there keeps it, and each contract finds a violation that is planted."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import write_tree
from tools.check_rooms import violations

ROOT = Path(__file__).resolve().parents[2]

HOUSE = {
    "cli/tfgen/__init__.py": '"""The command."""\n',
    "cli/tfgen/main.py": "from tfgen.git import repository\n",
    "cli/tfgen/git/__init__.py": '"""git."""\n\n__all__ = ["repository"]\n',
    "cli/tfgen/git/repository.py": "import subprocess\n\nfrom tfgen.git import index\n",
    "cli/tfgen/git/index.py": "",
    "cli/tfgen/plan/__init__.py": '"""Plans."""\n\n__all__ = ["make"]\n',
    "cli/tfgen/plan/make.py": "from tfgen.git.repository import run\n",
    "generators/tfgen_generators/__init__.py": '"""Pure."""\n',
    "generators/tfgen_generators/errors.py": "",
}
#: What is planted, and what must be said of it.
PLANTED = {
    "a private module": (
        {"cli/tfgen/plan/gate.py": "\n\nfrom tfgen.git.index import read\n"},
        "cli/tfgen/plan/gate.py:3: imports tfgen.git.index, which is private",
    ),
    "a private module by its room": (
        {"cli/tfgen/plan/gate.py": "from tfgen.git import index\n"},
        "cli/tfgen/plan/gate.py:1: imports tfgen.git.index, which is private",
    ),
    "a private module for types only": (
        {"cli/tfgen/plan/gate.py": "if TYPE_CHECKING:\n    import tfgen.git.index\n"},
        "cli/tfgen/plan/gate.py:2: imports tfgen.git.index, which is private",
    ),
    "a door that leads nowhere": (
        {"cli/tfgen/plan/__init__.py": '"""Plans."""\n\n__all__ = ["make", "gone"]\n'},
        "cli/tfgen/plan/__init__.py:1: __all__ names 'gone'",
    ),
    "no word on what a room is for": (
        {"cli/tfgen/plan/__init__.py": '__all__ = ["make"]\n'},
        "cli/tfgen/plan/__init__.py:1: no docstring",
    ),
    "a room that imports": (
        {"cli/tfgen/plan/__init__.py": '"""Plans."""\n\nimport os\n\n__all__ = ["make"]\n'},
        "cli/tfgen/plan/__init__.py:3: a room's __init__.py imports nothing",
    ),
    "a file opened by hand": (
        {"cli/tfgen/plan/gate.py": "import pathlib\npathlib.Path('x').read_text()\n"},
        "cli/tfgen/plan/gate.py:2: opens a file",
    ),
    "a loose module": ({"cli/tfgen/helpers.py": ""}, "cli/tfgen/__init__.py:1: tfgen.helpers stands loose"),
    "a loose generator": (
        {"generators/tfgen_generators/hcl.py": ""},
        "generators/tfgen_generators/__init__.py:1: tfgen_generators.hcl stands loose",
    ),
    "a long module": ({"cli/tfgen/plan/gate.py": "\n" * 301}, "cli/tfgen/plan/gate.py:301: 301 lines"),
    "a full room": (
        {f"cli/tfgen/plan/m{number}.py": "" for number in range(14)},
        "cli/tfgen/plan/__init__.py:1: 16 modules",
    ),
    "a process": (
        {"cli/tfgen/plan/gate.py": "def f():\n    from subprocess import run\n"},
        "cli/tfgen/plan/gate.py:2: imports subprocess",
    ),
    "a process by os": (
        {"cli/tfgen/plan/gate.py": 'import os\nos.execvp("sh", [])\n'},
        "cli/tfgen/plan/gate.py:2: starts a process",
    ),
}


def test_the_code_keeps_the_layout() -> None:
    assert list(violations(ROOT)) == []


def test_a_house_in_order_is_left_alone(tmp_path: Path) -> None:
    assert list(violations(write_tree(tmp_path, HOUSE))) == []


@pytest.mark.parametrize("what", PLANTED)
def test_a_violation_is_found(tmp_path: Path, what: str) -> None:
    planted, expected = PLANTED[what]
    found = list(violations(write_tree(tmp_path, {**HOUSE, **planted})))
    assert [line for line in found if line.startswith(expected)] == found
    assert found


#: Contract -> file and a line that breaks it.
CONTRACTS = {
    "layers: commands > capabilities > adapters > generators": (
        "cli/tfgen/git/repository.py",
        "from tfgen.plan.gate import refused_images",
    ),
    "layers of the generators": (
        "generators/tfgen_generators/hcl/blocks.py",
        "from tfgen_generators.graph.build import build_graph",
    ),
    "no circle between modules, nor between the rooms of a room": (
        "generators/tfgen_generators/hcl/write.py",
        "from tfgen_generators.hcl.verify_planted import x",
    ),
    "generators never import the command line": (
        "generators/tfgen_generators/sync/write.py",
        "import tfgen.workspace",
    ),
    "boto3 is imported in tfgen.aws alone": ("cli/tfgen/plan/gate.py", "import boto3"),
    "python-terraform is imported in tfgen.terraform alone": ("cli/tfgen/plan/gate.py", "import python_terraform"),
}


def test_each_contract_on_imports_finds_a_violation(tmp_path: Path) -> None:
    for source in ("cli/tfgen", "generators/tfgen_generators"):
        shutil.copytree(ROOT / source, tmp_path / source, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")
    for file, line in CONTRACTS.values():
        with (tmp_path / file).open("a", encoding="utf-8") as opened:
            opened.write(f"\n\ndef _planted() -> None:\n    {line}\n")
    circle = tmp_path / "generators/tfgen_generators/hcl/verify_planted.py"
    circle.write_text("from tfgen_generators.hcl.write import quote as x\n", encoding="utf-8")
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}/cli:{tmp_path}/generators"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    for name in CONTRACTS:
        assert f"{name} BROKEN" in done.stdout
