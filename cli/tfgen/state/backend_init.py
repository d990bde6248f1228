"""`terraform init` with another backend: what `tfgen state init` runs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from tfgen.console import note
from tfgen.terraform import init
from tfgen.terraform.argv import flag, terraform_argv
from tfgen.terraform.binary import Binary
from tfgen.terraform.failures import Failure, explain
from tfgen.terraform.interruption import stopping_text
from tfgen.terraform.plugin_cache import plugin_cache
from tfgen.terraform.processes.log import RunLog, open_log
from tfgen.terraform.processes.process import Finished, run
from tfgen.terraform.reports.images import root_modules
from tfgen.terraform.reports.record import Record
from tfgen.terraform.secrets.redaction import Redaction
from tfgen.workspace import Workspace, locked
from tfgen_generators.errors import InterruptedRunError

#: How long another init in this repository is waited for, in seconds.
_TIMEOUT = 600.0
#: The flags of an init that copies the state, and of one that takes the new backend as it is.
MIGRATE = {"migrate_state": flag(), "force_copy": flag()}
RECONFIGURE = {"reconfigure": flag()}


@dataclass(frozen=True, kw_only=True)
class Terraform:
    """What runs, and in which environment."""

    binary: Binary
    version: str
    env: Mapping[str, str]


def run_init(workspace: Workspace, terraform: Terraform, flags: Mapping[str, object]) -> None:
    """One init. Raises InterruptedRunError, or what Terraform's words mean; they are shown before."""
    argv = terraform_argv(terraform.binary, "init", input=False, no_color=flag(), **flags)
    record = Record(root_modules(workspace.terraform_dir))
    mark = workspace.make_state_dir("cache") / "init"
    product = terraform.binary.product
    note(f"running {product} init")
    with (
        locked(workspace, "init", timeout=_TIMEOUT),
        plugin_cache(terraform.env, lambda: note(f"waiting for another {product} init")) as env,
        open_log(workspace.make_state_dir("log"), "init") as log,
    ):
        mark.unlink(missing_ok=True)
        finished = _run(workspace, argv, env, record, log, product)
        if finished.interrupted:
            raise InterruptedRunError("init was interrupted", fix="run this again")
        if finished.code == 0:
            init.keep_done(workspace.terraform_dir, mark, f"{product} {terraform.version}", terraform.env)
            return
        redaction = Redaction(workspace.terraform_dir, terraform.env)
        note(redaction.plain(f"{record.other()}\n{finished.stderr}".strip(), os.path.relpath(log.path)))
        raise explain(
            Failure(
                product=product,
                command="init",
                finished=finished,
                record=record,
                env=terraform.env,
                log=os.path.relpath(log.path),
                folder=os.path.relpath(workspace.terraform_dir),
            )
        )


def _run(
    workspace: Workspace, argv: list[str], env: Mapping[str, str], record: Record, log: RunLog, product: str
) -> Finished:
    def line(data: bytes) -> None:
        log.write(data)
        record.line(data)

    def stopping(killed: bool) -> None:
        note(stopping_text(product, killed=killed))

    return run(argv, cwd=workspace.terraform_dir, env=env, on_line=line, on_stderr=log.write, on_stop=stopping)
