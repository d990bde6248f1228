"""`terraform state push`: gives a state that could not be saved to the backend."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tfgen.console import note
from tfgen.state.encrypted import decrypted, is_encrypted
from tfgen.state.errored import keep, read_errored, unsaved_state
from tfgen.terraform.argv import terraform_argv
from tfgen.terraform.binary import Binary
from tfgen.terraform.interruption import stopping_text
from tfgen.terraform.processes.process import run
from tfgen.terraform.secrets.redaction import Redaction
from tfgen.workspace import Workspace
from tfgen_generators.errors import InterruptedRunError, TerraformError


def push_errored(workspace: Workspace, binary: Binary, file: Path | None, env: Mapping[str, str]) -> Path:
    """Pushes the state in `file` (None: the one that was left), and gives the file that it came from.

    Terraform refuses a state of another lineage, or an older one. Raises TfgenError; nothing has changed then.
    `errored.tfstate` is removed once its state is where it belongs; a copy stays in `.tfgen/backup/`.
    """
    state, source = read_errored(workspace, file)
    if is_encrypted(state):
        state = decrypted(workspace, binary, env, state, os.path.relpath(source))
    with tempfile.NamedTemporaryFile(prefix="tfgen-", suffix=".tfstate") as copy:
        copy.write(state)
        copy.flush()
        _push(workspace, binary, copy.name, env)
    left = unsaved_state(workspace)
    if left is not None:
        keep(workspace)
        left.unlink(missing_ok=True)
    return source


def _push(workspace: Workspace, binary: Binary, name: str, env: Mapping[str, str]) -> None:
    said = bytearray()
    argv = [*terraform_argv(binary, "state"), "push", name]
    finished = run(
        argv,
        cwd=workspace.terraform_dir,
        env={**env, "TF_IN_AUTOMATION": "1"},
        on_line=said.extend,
        on_stop=lambda killed: note(stopping_text(binary.product, killed=killed)),
    )
    if finished.interrupted:
        raise InterruptedRunError("state push was interrupted", fix="run this again")
    if finished.code:
        said_all = f"{said.decode('utf-8', 'replace')}{finished.stderr}".strip()
        note(Redaction(workspace.terraform_dir, env).text(said_all))
        folder = os.path.relpath(workspace.terraform_dir)
        raise TerraformError(f"{binary.product} state push failed (exit code {finished.code})", where=folder)
