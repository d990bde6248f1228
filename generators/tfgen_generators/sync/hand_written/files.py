"""The hand-written module calls that stand beside the generated ones."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tfgen_generators.generated.ownership import is_generated
from tfgen_generators.hcl.terraform_files import is_terraform
from tfgen_generators.pipeline.pipeline import mapped_inputs
from tfgen_generators.settings.inputs import Fact
from tfgen_generators.trees.files import read_bytes

if TYPE_CHECKING:
    from tfgen_generators.root_module.hand_written import HandWritten
    from tfgen_generators.settings.model import Settings

_CALL = re.compile(rb'module["\s]')
_ENVIRONMENT = Fact(name="environment")
#: Files of values that Terraform reads by itself; these, then those of the second kind by name.
_VALUES = ("terraform.tfvars", "terraform.tfvars.json")
_AUTO = (".auto.tfvars", ".auto.tfvars.json")


def read_root(root: Path, settings: Settings) -> HandWritten:
    """The hand-written calls of the root module that start builds."""
    from tfgen_generators.root_module.hand_written import HandWritten, read_hand_written

    files = hand_written_files(root, settings.terraform_dir)
    if not any(_CALL.search(data) for data in files.values()):
        return HandWritten()
    return read_hand_written(
        files, settings.packer_script.variable, environment_input(settings), files_of_values(root, settings)
    )


def hand_written_files(root: Path, folder: str) -> dict[str, bytes]:
    """Path -> bytes of a module's files but for generated ones; what cannot be read is left to Terraform."""
    return _read(root, folder, lambda name: is_terraform(name) and not is_generated(name))


def files_of_values(root: Path, settings: Settings) -> dict[str, bytes]:
    """The files of values that Terraform reads by itself, in its order."""
    found = _read(root, settings.terraform_dir, lambda name: name in _VALUES or name.endswith(_AUTO))
    return dict(sorted(found.items(), key=lambda item: not item[0].rpartition("/")[2].startswith(_VALUES[0])))


def environment_input(settings: Settings) -> str:
    """The input of the module that carries the variables of the build, "" where none does."""
    return next((name for name, item in mapped_inputs(settings).items() if item == _ENVIRONMENT), "")


def _read(root: Path, folder: str, wanted: Callable[[str], bool]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    try:
        names = sorted(file.name for file in (root / folder).iterdir())
    except OSError:
        return found
    for name in names:
        if wanted(name):
            try:
                found[os.path.normpath(f"{folder}/{name}")] = read_bytes(root / folder / name)
            except OSError:
                continue
    return found
