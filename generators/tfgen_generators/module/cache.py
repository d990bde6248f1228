"""The module's interface, remembered by the bytes of its files: so that a second run imports no HCL reader.

One small file, safe to delete, written atomically, never trusted but for exactly the same bytes and readers.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

import msgspec

from tfgen_generators.module import interface as module_interface
from tfgen_generators.module.interface import ModuleFiles, ModuleInterface, module_files, parse_module
from tfgen_generators.settings.model import Settings


class _Stored(msgspec.Struct, kw_only=True, frozen=True):
    key: str
    interface: ModuleInterface


def remembered_module(root: Path, settings: Settings, file: Path | None) -> ModuleInterface | None:
    """The interface of the module that the pipelines call, None when it is not local. Raises SettingsError."""
    files = module_files(root, settings)
    if files is None or file is None:
        return parse_module(files) if files else None
    key = _key(files)
    with contextlib.suppress(OSError, msgspec.DecodeError, ValueError):
        stored = msgspec.msgpack.decode(file.read_bytes(), type=_Stored)
        if stored.key == key:
            return stored.interface
    interface = parse_module(files)
    _save(file, _Stored(key=key, interface=interface))
    return interface


def _key(files: ModuleFiles) -> str:
    status = Path(module_interface.__file__).stat()
    digest = hashlib.sha256(f"{status.st_size} {status.st_mtime_ns} {files.folder}".encode())
    for path, data in files.files.items():
        digest.update(f"\n{len(data)} {path}\n".encode("utf-8", "surrogateescape"))
        digest.update(data)
    return digest.hexdigest()


def _save(file: Path, stored: _Stored) -> None:
    """A cache that cannot be written is no error; where its folder is not there yet, it waits for the next run."""
    beside = file.with_name(f"{file.name}.{os.getpid()}")
    with contextlib.suppress(OSError):
        try:
            beside.write_bytes(msgspec.msgpack.encode(stored))
            beside.replace(file)
        finally:
            beside.unlink(missing_ok=True)
