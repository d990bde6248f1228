"""Moving the state of a root module from this machine to S3: `terraform init -migrate-state`, with a copy kept.

Nothing is ever overwritten: what the bucket holds must be what is here, or what became of it. After a failure the
module is as it was, unless Terraform has moved the state already; then it stays moved, and that is said.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from tfgen.console import note
from tfgen.state.backend import Written, keep, local_path, write_backend
from tfgen.state.backend_init import MIGRATE, RECONFIGURE, Terraform, run_init
from tfgen.state.encrypted import is_encrypted, pulled, require_opentofu
from tfgen.state.state_file import Initialised, State, initialised, parse_state, read_local
from tfgen.workspace import Workspace
from tfgen_generators.errors import RefusedError, TfgenError
from tfgen_generators.root_module.backend import Found, S3Backend

#: What to do with the state that is here: with `init` it need not be copied, with `none` nothing need be run, and with
#: `leave` it is another one than that in use.
Step = Literal["migrate", "init", "none", "leave"]


@dataclass(frozen=True, kw_only=True)
class Root:
    """The root module as it is: its backend block, what init recorded, and the local state."""

    workspace: Workspace
    terraform: Terraform
    found: Found | None
    recorded: Initialised
    path: str
    data: bytes | None
    #: What OpenTofu has decrypted of `data`, where that is encrypted.
    plain: bytes | None = None

    @property
    def folder(self) -> Path:
        return self.workspace.terraform_dir

    @property
    def shown(self) -> str:
        return f"{self.workspace.settings.terraform_dir}/{self.path}"

    def state(self) -> State | None:
        """The local state; None when it knows of nothing. Raises RefusedError when the file is no state."""
        state = parse_state(self.data if self.plain is None else self.plain, self.shown)
        return None if state is None or state.is_empty else state

    def is_untouched(self) -> bool:
        """Whether the local state is still what it was."""
        return read_local(self.folder, self.path, self.workspace.settings.terraform_dir) == self.data


def look(workspace: Workspace, terraform: Terraform, found: Found | None) -> Root:
    """The root module as it is. Raises RefusedError when another backend is in use than the files say."""
    folder, product = workspace.terraform_dir, terraform.binary.product
    recorded = initialised(folder, terraform.env)
    recorded_path = str(recorded.config.get("path") or "") if recorded.kind == "local" else ""
    path = local_path(found) if found is not None and found.kind == "local" else recorded_path or local_path(None)
    if recorded.kind not in ("", "local", "s3"):
        raise RefusedError(
            f"{product} init recorded the backend {recorded.kind!r}, whose state would be lost",
            where=workspace.settings.terraform_dir,
            fix=f"run: {product} init, and check where the state is",
        )
    if recorded.kind == "local" and os.path.normpath(recorded_path or local_path(None)) != os.path.normpath(path):
        raise RefusedError(
            f"{product} init recorded local state in {recorded_path}, but the backend block has {path}",
            where=workspace.settings.terraform_dir,
            fix=f"run: {product} init, and check where the state is",
        )
    data = read_local(folder, path, workspace.settings.terraform_dir)
    root = Root(workspace=workspace, terraform=terraform, found=found, recorded=recorded, path=path, data=data)
    return replace(root, plain=_pulled(root, root.shown)) if is_encrypted(data) else root


def _pulled(root: Root, where: str) -> bytes:
    return pulled(root.terraform.binary, root.folder, root.terraform.env, where)


def is_recorded(recorded: Initialised, backend: S3Backend) -> bool:
    """Whether init has been run with `backend`."""
    config = recorded.config
    place = (config.get("bucket"), config.get("key"), config.get("region"))
    return recorded.kind == "s3" and place == (backend.bucket, backend.key, backend.region)


def decide(root: Root, backend: S3Backend, remote: State | None, *, adopt: bool) -> Step:
    """What must be done with the local state, given the one in the bucket. Raises RefusedError rather than lose one."""
    local = root.state()
    recorded = is_recorded(root.recorded, backend)
    written = root.found is not None and backend.is_at(root.found)
    product = root.terraform.binary.product
    if root.recorded.kind == "s3" and not recorded:
        raise RefusedError(
            f"{product} init recorded another S3 backend, whose state would be lost",
            where=root.workspace.settings.terraform_dir,
            fix=f"run: {product} init, and check where the state is",
        )
    if remote is not None and remote.is_encrypted:
        require_opentofu(root.terraform.binary, _place(backend))
    settled: Step = "none" if recorded and written else "init"
    if local is None:
        if remote is not None and not remote.is_empty and not written and not adopt:
            raise RefusedError(
                f"already has a state ({_of(remote)})",
                where=_place(backend),
                fix="use another --key, or --adopt to use it",
            )
        return settled
    if remote is None:
        return _first_move(root, local, recorded=recorded)
    if remote.continues(local):
        return settled
    if settled == "none":
        return "leave"
    raise _parted(root, backend, local, remote)


def _first_move(root: Root, local: State, *, recorded: bool) -> Step:
    """The bucket holds nothing yet."""
    product = root.terraform.binary.product
    if recorded:
        raise RefusedError(
            f"the local state ({_of(local)}) is not in the bucket, although {product} init recorded the bucket",
            where=root.shown,
            fix=f"check which one is correct; to use the local state, run: {_push(root, root.path)}",
        )
    return "migrate"


def _parted(root: Root, backend: S3Backend, local: State, remote: State) -> RefusedError:
    is_older = remote.lineage == local.lineage and remote.serial < local.serial
    return RefusedError(
        f"has {'an older state' if is_older else 'another state'} ({_of(remote)}) than {root.shown} ({_of(local)}), "
        "and neither must be lost",
        where=_place(backend),
        fix="use another --key, or check which one is correct and move the other one away",
    )


def move(
    root: Root, backend: S3Backend, step: Step, fetch: Callable[[], bytes | None], say: Callable[[str], None]
) -> None:
    """Does `step`: a copy of the local state, the backend block, init, and a look at what the bucket then holds.

    `fetch` gives the bucket's state, `say` is told each thing that was done. Raises TfgenError.
    """
    if step == "leave":
        note(f"warning: {root.shown} is not used and differs from the state in the bucket: check it, then delete it")
        return
    local = root.state()
    copy = keep(root.workspace, Path(root.path).name, root.data) if local and root.data else None
    if copy is not None:
        say(f"copied {root.shown} to {_relative(root.workspace, copy)}")
    if step == "migrate" and root.recorded.kind == "" and root.path != local_path(None):
        _init(root, {})  # Terraform looks for a state of its own accord in the default place alone
    written = _write(root, backend, say)
    if local is not None and step != "migrate":
        _retire(root, say)  # the bucket has it, and Terraform would ask whether to copy it
    try:
        if step != "none":
            _init(root, MIGRATE if step == "migrate" else RECONFIGURE)
        if local is not None and copy is not None:
            remote = parse_state(fetch(), _place(backend))
            if remote is not None and remote.is_encrypted:
                remote = parse_state(_pulled(root, _place(backend)), _place(backend))
            _verify(root, local, remote, _relative(root.workspace, copy))
    except BaseException:
        _settle(root, backend, written, say)
        raise
    if local is not None and step == "migrate":
        say(f"moved {_of(local)} to {_place(backend)}")
        _retire(root, say)


def _write(root: Root, backend: S3Backend, say: Callable[[str], None]) -> Written | None:
    if root.found is not None and backend.is_at(root.found):
        return None
    written = write_backend(root.workspace, root.found, backend)
    kept = f" (old file: {_relative(root.workspace, written.backup)})" if written.backup else ""
    say(f'wrote backend "s3" to {written.shown}{kept}')
    return written


def _settle(root: Root, backend: S3Backend, written: Written | None, say: Callable[[str], None]) -> None:
    """After a failed init: the old backend again, unless the state has left this machine."""
    if root.is_untouched() and not is_recorded(initialised(root.folder, root.terraform.env), backend):
        if written is not None:
            written.undo()
            say(f"restored {written.shown}; the state was not moved")
    else:
        say(f"the backend is now {_place(backend)}; the local state is in .tfgen/backup/")


def _verify(root: Root, local: State, remote: State | None, copy: str) -> None:
    """Raises TfgenError unless the bucket now holds `local`, or what became of it."""
    if remote is None or not remote.continues(local):
        raise TfgenError(
            f"the moved state is not in the bucket ({_of(local)}); its copy is {copy}",
            fix=f"compare them; to push the copy to the bucket, run: {_push(root, copy)}",
        )


def _push(root: Root, file: str) -> str:
    """The command that pushes the local state, or a copy of it; OpenTofu's own takes no encrypted one."""
    if root.plain is None:
        return f"{root.terraform.binary.product} state push {file}"
    return f"tfgen state push-errored {root.shown if file == root.path else file}"


def _retire(root: Root, say: Callable[[str], None]) -> None:
    """Removes a local state that is not used any more; Terraform sometimes leaves an empty one itself."""
    if root.is_untouched():
        (root.folder / root.path).unlink(missing_ok=True)
        say(f"deleted {root.shown}: the state is now in the bucket")


def _init(root: Root, flags: Mapping[str, object]) -> None:
    run_init(root.workspace, root.terraform, flags)


def _place(backend: S3Backend) -> str:
    return f"s3://{backend.bucket}/{backend.key}"


def _of(state: State) -> str:
    count = "encrypted" if state.is_encrypted else f"{state.resources} resource{'' if state.resources == 1 else 's'}"
    return f"{count}, serial {state.serial}, lineage {state.lineage[:8]}"


def _relative(workspace: Workspace, path: Path) -> str:
    return path.relative_to(workspace.root).as_posix()
