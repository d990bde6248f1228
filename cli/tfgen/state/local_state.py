"""Where a local backend keeps the state, for a Terraform that runs in another folder than the root module's own."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from tfgen.terraform import init

#: Backends that send the folder elsewhere.
_REMOTE = frozenset({"cloud", "remote"})
_NAME = "terraform.tfstate"
_WORKSPACES = "terraform.tfstate.d"


class _Backend(msgspec.Struct):
    type: str = "local"
    config: dict[str, object] | None = None


class _DataState(msgspec.Struct):
    """`.terraform/terraform.tfstate`: the backend that init has set up."""

    backend: _Backend = msgspec.field(default_factory=_Backend)


def state_arguments(
    folder: Path, env: Mapping[str, str], state_at: Callable[[str], Path] | None = None
) -> tuple[str, ...] | None:
    """The arguments with which the state of `folder` stays where it is, and so does its lock. After init.

    None where Terraform does not run on this machine; none where the backend is elsewhere. `state_at` says where a path
    lies that is relative to a folder which is a copy of the real one. Raises OSError and msgspec.DecodeError for what
    init has written.
    """
    backend, workspace = _backend(folder, env), init.workspace_name(folder, env)
    if backend.type in _REMOTE:
        return None
    if backend.type != "local":
        return ()
    if state_at is not None:
        return (f"-state={state_at(_path(backend, workspace))}",)
    if (backend.config or {}).get("workspace_dir"):
        return None
    if workspace != "default":
        return ()
    return (f"-state={os.path.normpath(folder.absolute() / _path(backend, workspace))}",)


def _backend(folder: Path, env: Mapping[str, str]) -> _Backend:
    try:
        data = (init.data_dir(folder, env) / _NAME).read_bytes()
    except FileNotFoundError:
        return _Backend()  # without a backend block init writes none
    return msgspec.json.decode(data, type=_DataState).backend


def _path(backend: _Backend, workspace: str) -> str:
    config = backend.config or {}
    if workspace == "default":
        return str(config.get("path") or _NAME)
    return f"{config.get('workspace_dir') or _WORKSPACES}/{workspace}/{_NAME}"
