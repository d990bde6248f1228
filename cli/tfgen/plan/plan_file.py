"""The file of a saved plan: where one may be written, and what looks like one."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from tfgen.plan.manifest import Manifest, manifest_path, write_manifest
from tfgen.terraform.encryption import HEAD, begins_like_a_plan, read_payload
from tfgen.terraform.inputs import file_digest, is_manifest
from tfgen.workspace import remove_unused
from tfgen_generators.errors import RefusedError, TerraformError, TfgenError, UsageError

_ARCHIVE = b"PK"
#: What stands in a private file before Terraform writes to it.
_UNWRITTEN = b"tfgen: no plan yet"
#: `.json` is added for the manifest, and no name may have more bytes.
_LONGEST_NAME = 250


def check_plan_target(out: Path) -> None:
    """Raises TfgenError when a plan cannot, or should not, be written to `out`: before minutes are spent on it."""
    folder = out.absolute().parent
    if not folder.is_dir():
        raise UsageError(f"--out {out}: folder {folder} not found", fix="create it, or use another file")
    if not os.access(folder, os.W_OK):
        raise TfgenError("folder is not writable", where=str(folder), fix="make it writable, or use another file")
    if out.is_dir() or not out.name:
        raise UsageError(f"--out {out or '.'} is a folder", fix="use a file")
    if len(os.fsencode(out.name)) > _LONGEST_NAME:
        raise UsageError(f"--out: the name has more than {_LONGEST_NAME} bytes", fix="use a shorter name")
    if os.path.lexists(out) and not is_plan(out):
        raise RefusedError(f"--out {out} exists and is not a plan", fix="use another file, or delete that one")
    manifest = manifest_path(out)
    if os.path.lexists(manifest) and not is_manifest(manifest):
        raise RefusedError(
            f"--out {out}: its manifest would be {manifest}, which exists and is not a manifest", fix="use another file"
        )


def own_plan(folder: Path) -> Path:
    """The plan in `.tfgen/`, for a command without --out; what stands there and is none is thrown away.

    Raises TfgenError.
    """
    from tfgen.own_folder.foreign import discard

    out = folder / "tfplan"
    if os.path.lexists(out) and not is_plan(out):
        discard(out, "is no plan")
    if os.path.lexists(manifest_path(out)) and not is_manifest(manifest_path(out)):
        discard(manifest_path(out), "is no plan's manifest")
    return out


@contextlib.contextmanager
def private_plan(folder: Path) -> Iterator[Path]:
    """A file in `folder` for a plan, which holds every value: its owner's alone, and gone at the end.

    It is locked as long as it is in use, so what a killed run has left is known, and deleted. Raises TfgenError.
    """
    for left in folder.glob(".tfgen-*.tfplan"):
        remove_unused(left)
    own = folder / f".tfgen-{os.getpid()}.tfplan"
    try:
        descriptor = os.open(own, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise TfgenError(f"cannot be written: {error.strerror}", where=str(own)) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with contextlib.suppress(OSError):  # a full disk: Terraform will say so
            os.write(descriptor, _UNWRITTEN)
        yield own
    finally:
        os.close(descriptor)
        own.unlink(missing_ok=True)


def copied(plan: Path, own: Path) -> str:
    """Copies `plan` into the private file `own`; its digest, "" when there is no such file. Raises TfgenError."""
    import shutil

    try:
        shutil.copyfile(plan, own)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise TfgenError(f"cannot be copied to .tfgen/: {error.strerror}", where=str(plan)) from None
    return file_digest(own)


def keep_plan(made: Path | None, out: Path, manifest: Manifest) -> None:
    """Gives the plan `made` its name, or takes an older one away, and writes the manifest. Raises TfgenError.

    A crash in between leaves a pair that does not fit, and that apply refuses.
    """
    try:
        if made is None:
            out.unlink(missing_ok=True)
        else:
            made.replace(out)
    except OSError as error:
        raise TfgenError(f"cannot be written: {error.strerror}", where=str(out)) from None
    write_manifest(out, manifest)


def is_plan(file: Path) -> bool:
    """Whether `file` begins like a saved plan: a zip archive, or what OpenTofu writes of an encrypted one."""
    try:
        if not file.is_file():
            return False
        with file.open("rb") as opened:
            head = opened.read(HEAD)
    except OSError as error:
        raise TfgenError(f"cannot be read: {error.strerror}", where=str(file)) from None
    return head.startswith(_ARCHIVE) or begins_like_a_plan(head)


def require_whole(plan: Path, title: str = "Terraform") -> None:
    """Raises TerraformError when Terraform, called `title`, ended well and has not written all of `plan`.

    On a full disk Terraform 1.11 leaves an empty one, says nothing of it, and ends well.
    """
    try:
        written = plan.read_bytes()
    except OSError as error:
        raise TfgenError(f"cannot be read: {error.strerror}", where=str(plan)) from None
    if _is_whole(written):
        return
    if written == _UNWRITTEN:
        raise TerraformError(f"{title} reported success, but wrote no plan")
    raise TerraformError(
        f"{title} reported success, but its plan file is truncated: the disk may be full",
        fix="free some space, and run this again",
    )


def _is_whole(plan: bytes) -> bool:
    from io import BytesIO
    from zipfile import BadZipFile, ZipFile

    if not plan.startswith(_ARCHIVE):
        return read_payload(plan) is not None
    try:
        with ZipFile(BytesIO(plan)) as archive:
            return archive.testzip() is None
    except BadZipFile:
        return False
