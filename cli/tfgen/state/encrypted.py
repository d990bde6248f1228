"""A state that OpenTofu has encrypted: OpenTofu alone reads it, with the key of its configuration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tfgen.console import note
from tfgen.terraform.argv import terraform_argv
from tfgen.terraform.binary import Binary
from tfgen.terraform.encryption import CONFIGURED, NO_KEY, OTHER_KEY, read_payload
from tfgen.terraform.interruption import stopping_text
from tfgen.terraform.processes.process import ending, run
from tfgen.terraform.secrets.redaction import Redaction
from tfgen_generators.errors import InterruptedRunError, RefusedError, TerraformError


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
    if NO_KEY.search(finished.stderr) or OTHER_KEY.search(finished.stderr):
        raise TerraformError(
            "the state is encrypted, and its key is not the configured one",
            where=where,
            fix=f"configure the key that it was encrypted with: {CONFIGURED}",
        )
    raise TerraformError(
        f"the state is encrypted, and {binary.product} state pull {ending(finished.code)}",
        where=where,
        fix=f"see above; if the folder is not initialised, run: {binary.product} init",
    )
