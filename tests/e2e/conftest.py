"""What the tests of whole builds share: an emulated EC2, and a copy of the repository to build in."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.e2e.downlevel import fit
from tests.e2e.emulator import emulator
from tests.e2e.local import Estate
from tests.e2e.tools import ROOT, require_packer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Execute
    from tests.e2e.emulator import Emulator
    from tests.fork_server import ForkServer


@pytest.fixture(scope="session")
def ec2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An EC2 for one build at a time; gives up without Packer."""
    require_packer()
    with emulator(tmp_path_factory.mktemp("emulator")) as found:
        yield found


@pytest.fixture
def estate(ec2: Emulator, tmp_path: Path, execute: Execute, forked_python: ForkServer | None) -> Estate:
    """What a build reads of this repository, in a folder of its own, fit for the Packer that is there."""
    folder = tmp_path / "estate"
    for name in ("packer", "ansible"):
        shutil.copytree(ROOT / name, folder / name)
    for name in ("buildspec.yml", "tfgen.toml"):
        shutil.copy(ROOT / name, folder)
    fit(folder)
    found = Estate(folder, ec2, execute)
    if forked_python:
        found.env["TFGEN_PYTHON"] = str(found.home / "python")
        forked_python.write_python(found.home / "python")
    return found
