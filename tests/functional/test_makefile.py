"""`make` in a clone from before 0.2.0: the old distribution goes before the new one comes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.documented import ROOT
from tests.e2e.tools import require_tool

PYTHON = '#!/bin/sh\necho "$@" >>"{log}"\n'


@pytest.mark.parametrize(
    ("installed", "actions"),
    [
        ("tfgen-0.1.0.dist-info", ["uninstall", "install"]),
        ("tfgen_ami-0.2.0.dist-info", ["install"]),
        ("tfgen_ami-0.1.0.dist-info", ["install"]),
    ],
)
def test_the_old_name_is_forgotten(installed: str, actions: list[str], tmp_path: Path) -> None:
    """Both own bin/tfgen: taken away after the new one has come, the old one would take it along."""
    (tmp_path / "lib/python3.11/site-packages" / installed).mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").write_text(PYTHON.format(log=tmp_path / "log"))
    (tmp_path / "bin/python").chmod(0o755)
    subprocess.run([require_tool("make"), f"VENV={tmp_path}", f"{tmp_path}/.demo"], cwd=ROOT, check=True)
    calls = (tmp_path / "log").read_text().splitlines()
    assert [call.split()[2] for call in calls] == actions
    assert calls[-1].endswith("--constraint constraints.txt --editable .[demo]")
    assert calls[0].endswith("--yes tfgen") == (len(calls) == 2)
