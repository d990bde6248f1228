"""The module's interface, remembered by the bytes of its files: so that a second run imports no HCL reader.

One small file, safe to delete, written atomically, never trusted but for exactly the same bytes and readers.
"""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

import msgspec

from tfgen_generators.module import interface as module_interface
from tfgen_generators.module.interface import ModuleFiles, ModuleInterface, module_files, parse_module
from tfgen_generators.settings.model import Settings
from tfgen_generators.trees.stamps import read_kept, replace_file


class _Stored(msgspec.Struct, kw_only=True, frozen=True):
    key: str
    #: The inode of the file itself: one that came with a pull request is not believed.
    inode: int = 0
    interface: ModuleInterface


def remembered_module(root: Path, settings: Settings, file: Path | None) -> ModuleInterface | None:
    """The interface of the module that the pipelines call, None when it is not local. Raises SettingsError."""
    files = module_files(root, settings)
    if files is None or file is None:
        return parse_module(files) if files else None
    key = _key(files)
    kept = read_kept(file)
    with contextlib.suppress(msgspec.DecodeError, ValueError, RecursionError):
        stored = msgspec.msgpack.decode(kept.data, type=_Stored)
        if (stored.key, stored.inode) == (key, kept.inode):
            return stored.interface
    interface = parse_module(files)
    if file.parent.is_dir():  # else it waits for the next run
        replace_file(file, lambda inode: msgspec.msgpack.encode(_Stored(key=key, inode=inode, interface=interface)))
    return interface


def _key(files: ModuleFiles) -> str:
    status = Path(module_interface.__file__).stat()
    digest = hashlib.sha256(f"{status.st_size} {status.st_mtime_ns} {files.complete} {files.folder}".encode())
    for path, data in files.files.items():
        digest.update(f"\n{len(data)} {path}\n".encode("utf-8", "surrogateescape"))
        digest.update(data)
    return digest.hexdigest()
