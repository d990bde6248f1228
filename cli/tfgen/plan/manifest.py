"""The manifest of a saved plan: what it was made from, by whom, and what it would do.

It stands beside the plan (`images.tfplan.json`) and holds no value of any resource. Its own digest finds an accident
or a careless edit; it is no signature: who may replace both files may replace what is applied (docs/pull-requests.md).
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Literal

import msgspec

from tfgen.terraform.inputs import LOCK_FILE
from tfgen.terraform.reports.plan import PlanSummary
from tfgen_generators.errors import RefusedError, TfgenError, UsageError
from tfgen_generators.trees.files import MOST_COPIED, read_bytes

_AGAIN = "run: tfgen plan --out FILE, and review it again"


class Terraform(msgspec.Struct, frozen=True, kw_only=True):
    """What made the plan; another product or version is not to apply it."""

    product: str
    version: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of a saved plan. `plan` is its SHA-256, "" where there was nothing to plan.

    `inputs` maps paths, seen from the repository's root, to SHA-256; `arguments` are the names of the flags that
    went to Terraform (their values may be secrets); `when` is UTC, ISO 8601.
    """

    kind: Literal["tfgen plan manifest"] = "tfgen plan manifest"
    format: Literal[1] = 1
    tfgen: str
    plan: str
    when: str
    who: str
    commit: str = ""
    dirty: bool = False
    terraform_dir: str
    workspace: str = "default"
    terraform: Terraform
    providers: dict[str, str] = {}
    arguments: tuple[str, ...] = ()
    inputs: dict[str, str]
    summary: PlanSummary


class _Sealed(Manifest, frozen=True, kw_only=True):
    sha256: str


class _Format(msgspec.Struct, frozen=True, kw_only=True):
    kind: Literal["tfgen plan manifest"]
    format: int
    tfgen: str


def manifest_path(plan: Path) -> Path:
    """Where the manifest of `plan` stands."""
    return plan.with_name(f"{plan.name}.json")


def write_manifest(plan: Path, manifest: Manifest) -> Path:
    """Writes the manifest of `plan` beside it, whole or not at all. Raises TfgenError."""
    path = manifest_path(plan)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        try:
            beside.write_bytes(_sealed(manifest))
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise TfgenError(f"cannot be written: {error.strerror}", where=str(path)) from None
    return path


def read_manifest(plan: Path) -> Manifest:
    """The manifest of `plan`. Raises UsageError when neither is there, RefusedError when it is not to be trusted."""
    path = manifest_path(plan)
    try:
        data = read_bytes(path, MOST_COPIED)
    except (FileNotFoundError, NotADirectoryError):
        if not os.path.lexists(plan):
            raise UsageError(f"plan file {plan} not found", fix=f"run: tfgen plan --out {plan}") from None
        raise RefusedError("has no manifest, so its inputs are not known", where=str(plan), fix=_AGAIN) from None
    except OSError as error:
        raise TfgenError(f"cannot be read: {error.strerror}", where=str(path)) from None
    try:
        _require_readable(msgspec.json.decode(data, type=_Format), path)
        sealed = msgspec.json.decode(data, type=_Sealed)
    except (msgspec.DecodeError, RecursionError) as error:
        raise RefusedError(f"is not a plan manifest: {error}", where=str(path), fix=_AGAIN) from None
    manifest = Manifest(**{name: getattr(sealed, name) for name in Manifest.__struct_fields__})
    if _digest(manifest) != sealed.sha256:
        raise RefusedError("was changed after the plan was made", where=str(path), fix=_AGAIN)
    return manifest


def require_planned(plan: Path, digest: str, manifest: Manifest) -> None:
    """Raises RefusedError when what has `digest` ("": no file) is not the plan that the manifest is about."""
    if digest == manifest.plan:
        return
    if not digest:
        what = "does not exist, only its manifest does"
    elif not manifest.plan:
        what = "exists, but according to its manifest nothing was planned"
    else:
        what = "was changed after it was made (another digest)"
    raise RefusedError(what, where=str(plan), fix=_AGAIN)


def require_same_inputs(plan: Path, manifest: Manifest, inputs: dict[str, str]) -> None:
    """Raises RefusedError when what stands there now is not what the plan was made from.

    A lock file that is not there yet is Terraform's to judge: init writes it, and apply refuses other providers.
    """
    told = [
        f"{path} {_what(manifest.inputs.get(path), inputs.get(path))}"
        for path in sorted({*manifest.inputs, *inputs})
        if manifest.inputs.get(path) != inputs.get(path) and (path in inputs or Path(path).name != LOCK_FILE)
    ]
    if told:
        more = f" (and {len(told) - 1} more)" if len(told) > 1 else ""
        raise RefusedError(f"was made from other files: {told[0]}{more}", where=str(plan), fix=_AGAIN)


def require_same_terraform(plan: Path, manifest: Manifest, now: Terraform, workspace: str) -> None:
    """Raises RefusedError when another Terraform, or another workspace of its, would apply the plan."""
    then = manifest.terraform
    if then != now:
        raise RefusedError(
            f"was made by {then.product} {then.version}, but this is {now.product} {now.version}",
            where=str(plan),
            fix="use that version (--terraform PATH), or run tfgen plan again",
        )
    if manifest.workspace != workspace:
        raise RefusedError(
            f"was made in the Terraform workspace {manifest.workspace!r}, but this is {workspace!r}",
            where=str(plan),
            fix="select that workspace, or run tfgen plan again",
        )


def _require_readable(found: _Format, path: Path) -> None:
    if found.format != 1:
        raise RefusedError(
            f"was written by another version of tfgen ({found.tfgen})",
            where=str(path),
            fix=f"use that version, or {_AGAIN}",
        )


def _what(then: str | None, now: str | None) -> str:
    if then is None:
        return "was added"
    return "has changed" if now else "was deleted"


def _sealed(manifest: Manifest) -> bytes:
    fields = {name: getattr(manifest, name) for name in Manifest.__struct_fields__}
    return msgspec.json.format(msgspec.json.encode(_Sealed(**fields, sha256=_digest(manifest))), indent=2) + b"\n"


def _digest(manifest: Manifest) -> str:
    return hashlib.sha256(msgspec.json.encode(manifest, order="deterministic")).hexdigest()
