"""The file of a saved plan: where one may be written, and what looks like one."""

from __future__ import annotations

import os
from pathlib import Path

from tfgen_generators.errors import RefusedError, TerraformError, TfgenError, UsageError


def check_plan_target(out: Path) -> None:
    """Raises TfgenError when a plan cannot, or should not, be written to `out`: before minutes are spent on it."""
    folder = out.absolute().parent
    if not folder.is_dir():
        raise UsageError(f"--out {out}: there is no folder {folder}", fix="make it, or name another file")
    if not os.access(folder, os.W_OK):
        raise TfgenError("a plan cannot be written there", where=str(folder), fix="make the folder writable")
    if out.is_dir() or not out.name:
        raise UsageError(f"--out {out or '.'} is a folder", fix="name a file")
    if os.path.lexists(out) and not is_plan(out):
        raise RefusedError(f"--out {out} is there and is no plan", fix="name another file, or delete that one")


def is_plan(file: Path) -> bool:
    """Whether `file` begins like a saved plan of Terraform's, which is a zip archive."""
    if not file.is_file():
        return False
    with file.open("rb") as opened:
        return opened.read(2) == b"PK"


def put_plan(beside: Path, out: Path) -> None:
    """Gives the finished plan `beside` its name. Raises TfgenError, TerraformError when it is not whole."""
    try:
        beside.chmod(0o600)  # a plan holds every value, the secret ones too
        _require_whole(beside, out)
        beside.replace(out)
    except FileNotFoundError:
        raise TerraformError("Terraform ended well, but has written no plan", where=str(out)) from None
    except OSError as error:
        raise TfgenError(f"cannot be written: {error.strerror}", where=str(out)) from None


def _require_whole(plan: Path, out: Path) -> None:
    """On a full disk Terraform 1.11 leaves an empty plan, says nothing of it, and ends well."""
    from zipfile import BadZipFile, ZipFile

    try:
        with ZipFile(plan) as archive:
            broken = archive.testzip()
    except BadZipFile:
        broken = plan.name
    if broken is not None:
        raise TerraformError(
            "Terraform ended well, but the plan that it wrote is cut short: the disk may be full",
            where=str(out),
            fix="free some space there, and run it again",
        )
