"""A state that OpenTofu has encrypted: OpenTofu alone reads it, with the key of its configuration."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from tfgen.console import note
from tfgen.terraform import init
from tfgen.terraform.argv import terraform_argv
from tfgen.terraform.binary import Binary
from tfgen.terraform.encryption import key_advice, read_payload
from tfgen.terraform.interruption import stopping_text
from tfgen.terraform.processes.process import ending, run
from tfgen.terraform.secrets.redaction import Redaction
from tfgen.workspace import Workspace, private_folder
from tfgen_generators.errors import InterruptedRunError, RefusedError, TerraformError, TfgenError
from tfgen_generators.hcl.terraform_files import is_terraform
from tfgen_generators.root_module.backend import find_backends
from tfgen_generators.trees.files import read_bytes

#: What init and earlier runs have made.
_LEFT_OUT = re.compile(r"\.terraform|\.git|\.tfgen|.*\.tfstate(?:\..*)?")


class _Modules(msgspec.Struct):
    modules: list[dict[str, str]] = msgspec.field(name="Modules", default_factory=list)


def is_encrypted(data: bytes | None) -> bool:
    """Whether `data` is an encrypted state."""
    return data is not None and read_payload(data) is not None


def require_opentofu(binary: Binary, where: str) -> None:
    """Raises RefusedError where `binary` is Terraform, which cannot read the encrypted state at `where`."""
    if binary.product != "tofu":
        raise RefusedError(
            "the state is encrypted by OpenTofu, which Terraform cannot read",
            where=where,
            fix="use --terraform tofu, with the key that it was encrypted with",
        )


def pulled(binary: Binary, folder: Path, env: Mapping[str, str], where: str) -> bytes:
    """The state of the root module in `folder`, decrypted. Raises TfgenError, which names `where` it lies."""
    require_opentofu(binary, where)
    said = bytearray()
    finished = run(
        [*terraform_argv(binary, "state"), "pull", "-no-color"],
        cwd=folder,
        env={**env, "TF_IN_AUTOMATION": "1"},
        on_line=said.extend,
        on_stop=lambda killed: note(stopping_text(binary.product, killed=killed)),
    )
    if finished.interrupted:
        raise InterruptedRunError("state pull was interrupted", fix="run this again")
    if finished.code == 0:
        return bytes(said)[max(said.find(b"\n{") + 1, 0) :]  # warnings may come first
    note(Redaction(folder, env).text(finished.stderr.strip()))
    raise TerraformError(
        f"the state is encrypted, and {binary.product} state pull {ending(finished.code)}",
        where=where,
        fix=key_advice(finished.stderr) or f"see above; if the folder is not initialised, run: {binary.product} init",
    )


def decrypted(workspace: Workspace, binary: Binary, env: Mapping[str, str], state: bytes, where: str) -> bytes:
    """`state`, which is in no backend, as OpenTofu reads it with the root module's key. Raises TfgenError.

    `tofu state push` takes no encrypted state (1.12). So OpenTofu is shown the root module without its backend, as
    links in a folder of its own, in which `state` is the local one.
    """
    require_opentofu(binary, where)
    try:
        with private_folder(workspace.make_state_dir(), "state-") as folder:
            _link_root(workspace, folder, init.data_dir(workspace.terraform_dir, env))
            (folder / "terraform.tfstate").write_bytes(state)
            own = {name: value for name, value in env.items() if name not in ("TF_DATA_DIR", "TF_WORKSPACE")}
            return pulled(binary, folder, own, where)
    except OSError as error:
        raise TfgenError(f"cannot be decrypted: {error.strerror}", where=where, fix="free some space") from None


def _link_root(workspace: Workspace, folder: Path, data_dir: Path) -> None:
    real = workspace.terraform_dir.absolute()
    files = {file.name: read_bytes(file) for file in sorted(real.iterdir()) if is_terraform(file.name)}
    backends = {found.path: found for found in find_backends(files)}
    for entry in real.iterdir():
        found = backends.get(entry.name)
        if found is not None and not found.editable:
            raise RefusedError("the backend is in a JSON file", where=str(entry), fix="move it to backend.tf")
        if found is not None:
            data = files[entry.name]
            (folder / entry.name).write_bytes(data[: found.start] + data[found.end :])
        elif not _LEFT_OUT.fullmatch(entry.name):
            (folder / entry.name).symlink_to(entry)
    modules = data_dir / "modules" / "modules.json"
    if modules.is_file():
        made = folder / ".terraform" / "modules"
        made.mkdir(parents=True)
        (made / "modules.json").write_bytes(_absolute(modules.read_bytes(), real))


def _absolute(modules: bytes, folder: Path) -> bytes:
    """What init has recorded of modules, each with the place that it has seen from `folder`."""
    listed = msgspec.json.decode(modules, type=_Modules)
    for module in listed.modules:
        module["Dir"] = os.path.normpath(folder / module.get("Dir", ""))
    return msgspec.json.encode(listed)
