"""State files: what of them is compared before and after a move, and the local ones of a root module."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tfgen.terraform.init import data_dir, workspace_name
from tfgen_generators.errors import RefusedError, TfgenError
from tfgen_generators.trees.files import MOST_COPIED, read_bytes


class _Instance(msgspec.Struct):
    index_key: int | str | None = None
    deposed: str = ""
    attributes: object = None


class _Resource(msgspec.Struct):
    mode: str
    type: str
    name: str
    module: str = ""
    instances: list[_Instance] = msgspec.field(default_factory=list)


class _Output(msgspec.Struct):
    value: object = None


class _Document(msgspec.Struct):
    """Terraform's state, version 4; OpenTofu's encrypted one shows neither resources nor outputs."""

    lineage: str
    serial: int
    resources: list[_Resource] = msgspec.field(default_factory=list)
    outputs: dict[str, _Output] = msgspec.field(default_factory=dict)
    encrypted_data: str = ""


@dataclass(frozen=True, kw_only=True)
class State:
    """What tells one state from another. `content` is a digest of all that it knows; `is_empty`: that is nothing.

    Of an encrypted one neither is known, nor how many resources it has: each encryption of it looks different.
    """

    lineage: str
    serial: int
    resources: int
    content: str
    is_empty: bool
    is_encrypted: bool = False

    def continues(self, other: State) -> bool:
        """Whether this is `other`, or what became of it.

        Terraform gives a state that it moves into an empty place a new lineage, so the content counts as well.
        Two of one lineage and serial that differ have parted.
        """
        return self.content == other.content or (self.lineage == other.lineage and self.serial > other.serial)


def parse_state(data: bytes | None, where: str) -> State | None:
    """The state in `data`; None when there is none, as in the empty file that a move leaves. Raises RefusedError."""
    if not data or not data.strip():
        return None
    try:
        document = msgspec.json.decode(data, type=_Document)
    except (msgspec.DecodeError, RecursionError) as error:
        raise RefusedError(
            f"is not a Terraform state: {error}", where=where, fix="move it away, or restore it"
        ) from None
    known = (document.resources, document.outputs, document.encrypted_data)
    return State(
        lineage=document.lineage,
        serial=document.serial,
        resources=sum(len(resource.instances) for resource in document.resources if resource.mode == "managed"),
        content=hashlib.sha256(msgspec.json.encode(known, order="sorted")).hexdigest(),
        is_empty=not any(known),
        is_encrypted=bool(document.encrypted_data),
    )


def read_local(folder: Path, path: str, shown: str) -> bytes | None:
    """The bytes of a local state; None when there is no such file. Raises TfgenError."""
    try:
        return read_bytes(folder / path, MOST_COPIED)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise TfgenError(f"cannot be read: {error.strerror}", where=f"{shown}/{path}") from None


class _Backend(msgspec.Struct):
    type: str = ""
    config: dict[str, object] | None = None


class _Initialised(msgspec.Struct):
    backend: _Backend | None = None


@dataclass(frozen=True, kw_only=True)
class Initialised:
    """The backend that the last init recorded: "" when none was."""

    kind: str
    config: Mapping[str, object]


def initialised(folder: Path, env: Mapping[str, str]) -> Initialised:
    """What init has recorded of the backend; unreadable counts as nothing: init then says so."""
    try:
        recorded = msgspec.json.decode((data_dir(folder, env) / "terraform.tfstate").read_bytes(), type=_Initialised)
    except (OSError, msgspec.DecodeError, RecursionError):
        return Initialised(kind="", config={})
    backend = recorded.backend or _Backend()
    return Initialised(kind=backend.type, config=backend.config or {})


def require_default_workspace(folder: Path, env: Mapping[str, str], shown: str, product: str = "terraform") -> None:
    """Raises RefusedError when another workspace is selected, or has local state: tfgen moves the default one alone."""
    named = workspace_name(folder, env)
    if named != "default":
        raise RefusedError(
            f"the Terraform workspace {named!r} is selected", fix=f"run: {product} workspace select default"
        )
    others = sorted(_with_state(folder / "terraform.tfstate.d"))
    if others:
        raise RefusedError(
            f"other Terraform workspaces have local state: {', '.join(others)}",
            where=f"{shown}/terraform.tfstate.d",
            fix=f"tfgen moves only the default workspace; to move all by hand, run: {product} init -migrate-state",
        )


def _with_state(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.is_dir()]
    except OSError:
        return []
    return [name for name in names if _size(folder / name / "terraform.tfstate")]


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
