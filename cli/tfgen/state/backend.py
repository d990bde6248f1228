"""The backend block of the root module: which one there is, and another one in its place.

A file that a person wrote is changed in exactly the bytes of the block, by one atomic rename, after a copy of it has
been kept in `.tfgen/backup/`.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from tfgen.state.backup import new_backup
from tfgen.workspace import Workspace
from tfgen_generators.errors import RefusedError, TfgenError
from tfgen_generators.hcl.terraform_files import read_by
from tfgen_generators.root_module.backend import CLOUD, Found, S3Backend, find_backends, with_backend
from tfgen_generators.trees.files import read_bytes

FILE_NAME = "backend.tf"


def find_backend(workspace: Workspace, wanted: S3Backend, product: str = "terraform") -> Found | None:
    """The one backend that may be replaced by `wanted`, or that names its place already; None when there is none.

    Raises RefusedError for any other backend, for several, and for a file that cannot be read.
    """
    found = find_backends(_files(workspace, product))
    if len(found) > 1:
        places = ", ".join(item.place for item in found)
        raise RefusedError(f"more than one backend ({places})", fix="keep only one")
    if found and wanted.is_at(found[0]):
        return found[0]
    if found:
        _require_local(found[0], product)
    _require_no_link(workspace, _place(workspace, found[0] if found else None))
    return found[0] if found else None


def _place(workspace: Workspace, found: Found | None) -> str:
    """The path of the file that the backend is written to."""
    return found.path if found else f"{workspace.settings.terraform_dir}/{FILE_NAME}"


def _require_no_link(workspace: Workspace, shown: str) -> None:
    """Raises RefusedError where the file is a link: what it leads to may be another root module's, or anything."""
    if (workspace.root / shown).is_symlink():
        raise RefusedError(
            "is a symlink, so the backend would be written to its target", where=shown, fix="replace it by a file"
        )


def local_path(found: Found | None) -> str:
    """Where a local backend keeps its state, relative to the root module."""
    path = found.attributes.get("path") if found and found.kind == "local" else None
    return path if isinstance(path, str) else "terraform.tfstate"


def _require_local(found: Found, product: str) -> None:
    named = "a cloud block" if found.kind == CLOUD else f"the backend {found.kind!r}"
    if found.kind == "s3":
        named = "an S3 backend of another bucket, key or region"
    if found.kind != "local":
        raise RefusedError(
            f"{named} is in use",
            where=found.place,
            fix=f"tfgen moves only local state; move this one by hand ({product} init -migrate-state), "
            "or use its bucket, key and region",
        )
    if not found.editable:
        raise RefusedError("the backend is in a JSON file", where=found.place, fix=f"move it to {FILE_NAME}")
    if set(found.attributes) - {"path"} or None in found.attributes.values():
        raise RefusedError(
            "the local backend has more than a plain path", where=found.place, fix='keep only path = "..."'
        )


def _files(workspace: Workspace, product: str) -> dict[str, bytes]:
    """The root module's files that `product` reads, as a message names them."""
    folder = workspace.terraform_dir
    shown = workspace.settings.terraform_dir
    try:
        names = sorted(file.name for file in folder.iterdir() if file.is_file())
        return {f"{shown}/{name}": read_bytes(folder / name) for name in read_by(product, names)}
    except FileNotFoundError:
        raise TfgenError("folder not found", where=shown, fix="set terraform_dir in tfgen.toml") from None
    except OSError as error:
        where = Path(os.fsdecode(error.filename)).name if isinstance(error.filename, str | bytes) else shown
        raise TfgenError(f"cannot be read: {error.strerror}", where=f"{shown}/{where}") from None


@dataclass(frozen=True, kw_only=True)
class Written:
    """A backend that was written; `before` is None where there was no such file."""

    file: Path
    before: bytes | None
    shown: str
    backup: Path | None

    def undo(self) -> None:
        """Puts back what was there."""
        if self.before is None:
            self.file.unlink(missing_ok=True)
        else:
            replace_file(self.file, self.before, self.shown)


def write_backend(workspace: Workspace, found: Found | None, backend: S3Backend) -> Written:
    """Writes `backend` in the place of `found`, else at the end of backend.tf. Raises TfgenError; then nothing is."""
    shown = _place(workspace, found)
    _require_no_link(workspace, shown)
    file = workspace.root / shown
    try:
        before = read_bytes(file) if file.exists() else None
    except OSError as error:
        raise TfgenError(f"cannot be read: {error.strerror}", where=shown) from None
    if found is not None and find_backends({shown: before or b""}) != (found,):
        raise TfgenError("was changed in the meantime", where=shown, fix="run this again")
    backup = None
    if before is not None:
        backup = keep(workspace, file.name, before)
    replace_file(file, with_backend(before or b"", found, backend), shown)
    return Written(file=file, before=before, shown=shown, backup=backup)


def keep(workspace: Workspace, name: str, data: bytes) -> Path:
    """A copy of `data` in `.tfgen/backup/`, for its owner alone; never over another one."""
    file, descriptor = new_backup(workspace, name)
    _fill(file, descriptor, data)
    return file


def _fill(file: Path, descriptor: int, data: bytes) -> None:
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(data)
            opened.flush()
            os.fsync(opened.fileno())
    except OSError as error:
        with contextlib.suppress(OSError):
            file.unlink()
        raise TfgenError(f"cannot be written: {error.strerror}", where=str(file), fix="free some space") from None


def replace_file(file: Path, data: bytes, shown: str) -> None:
    """Writes `data` beside `file` and renames it; a link and the file's mode are kept. Raises TfgenError."""
    target = Path(os.path.realpath(file))
    beside = target.with_name(f".tfgen-new-{target.name}")
    try:
        mode = target.stat().st_mode & 0o777 if target.exists() else None
        with beside.open("wb") as opened:
            opened.write(data)
            opened.flush()
            os.fsync(opened.fileno())
        if mode is not None:
            beside.chmod(mode)
        beside.replace(target)
    except OSError as error:
        raise TfgenError(f"cannot be written: {error.strerror}", where=shown) from None
    finally:
        with contextlib.suppress(OSError):
            beside.unlink()
