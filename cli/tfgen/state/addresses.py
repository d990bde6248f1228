"""Which resources the state has, wherever it lies: `terraform state pull`, which only reads."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tfgen.terraform.argv import init_argv, terraform_argv
from tfgen.terraform.binary import find_terraform
from tfgen.terraform.environment import run_environment
from tfgen.terraform.processes.process import run
from tfgen_generators.errors import InterruptedRunError, TfgenError

if TYPE_CHECKING:
    from tfgen.workspace import Workspace


class _Instance(msgspec.Struct):
    index_key: int | str | None = None


class _Resource(msgspec.Struct):
    mode: str
    type: str
    name: str
    module: str = ""
    instances: list[_Instance] = msgspec.field(default_factory=list)


class _State(msgspec.Struct):
    resources: list[_Resource] = msgspec.field(default_factory=list)


def addresses_in_state(workspace: Workspace, terraform: str | None = None) -> frozenset[str]:
    """The addresses of all that Terraform manages here. Raises TfgenError where the state cannot be read."""
    env = {**run_environment(os.environ), "TF_IN_AUTOMATION": "1"}
    binary = find_terraform(terraform, env)
    folder, pull = workspace.terraform_dir, [*terraform_argv(binary, "state"), "pull", "-no-color"]
    said = _said(pull, folder, env)
    if said is None and _said(init_argv(binary), folder, env) is not None:  # a new call has not been installed
        said = _said(pull, folder, env)
    if said is None:
        where, fix = workspace.settings.terraform_dir, f"run: {binary.product} init, or tfgen plan"
        raise TfgenError(f"{binary.product} state pull failed: the state cannot be read", where=where, fix=fix)
    return frozenset(_addresses(said))


def _said(argv: Sequence[str], folder: Path, env: Mapping[str, str]) -> bytes | None:
    """What it wrote, None where it failed. Raises InterruptedRunError."""
    said = bytearray()
    finished = run(argv, cwd=folder, env=env, on_line=said.extend, on_stop=lambda _killed: None)
    if finished.interrupted:
        raise InterruptedRunError("the state was not read", fix="run this again")
    return None if finished.code else bytes(said)


def _addresses(said: bytes) -> list[str]:
    text = said[max(said.find(b"{"), 0) :]  # warnings may come first
    try:
        state = msgspec.json.decode(text, type=_State) if text.strip() else _State()
    except msgspec.DecodeError as error:
        raise TfgenError(f"the state cannot be understood: {error}") from None
    found: list[str] = []
    for one in state.resources:
        for instance in one.instances if one.mode == "managed" else ():
            key = "" if instance.index_key is None else f"[{json.dumps(instance.index_key, ensure_ascii=False)}]"
            found.append(f"{one.module + '.' * bool(one.module)}{one.type}.{one.name}{key}")
    return found
