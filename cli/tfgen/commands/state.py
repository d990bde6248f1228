"""`tfgen state init`: puts Terraform's state where a team can share it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tfgen.options import TerraformOption
from tfgen_generators.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tfgen.aws.state_bucket.bucket import Found as FoundBucket
    from tfgen.aws.state_bucket.bucket import StateBucket
    from tfgen.state.move import Root
    from tfgen.workspace import Workspace
    from tfgen_generators.root_module.backend import S3Backend

#: The S3 backend's own lock; below the version that has it, a DynamoDB table holds the lock.
LOCKFILE = "use_lockfile"
DEFAULT_KEY = "ami-pipelines/terraform.tfstate"
_LONGEST_KEY = 1024
#: What Terraform takes for a KMS key: no alias. Without one it leaves encryption to the bucket.
_KMS_KEY = re.compile(
    r"(?:arn:[\w-]+:kms:[\w-]+:\d{12}:key/)?(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
)

EXAMPLES = """\b
Examples:
  tfgen state init --bucket my-company-terraform-state
  tfgen state init --bucket my-company-terraform-state --key team/images.tfstate --region eu-west-1
"""

app = typer.Typer(name="state", help="Keep Terraform's state in S3.", no_args_is_help=True, rich_markup_mode=None)


@app.command("init", epilog=EXAMPLES)
def command(
    bucket: Annotated[
        str,
        typer.Option(
            "--bucket", metavar="NAME", envvar="TFGEN_STATE_BUCKET", help="The S3 bucket; created if it does not exist."
        ),
    ],
    key: Annotated[
        str, typer.Option("--key", metavar="KEY", envvar="TFGEN_STATE_KEY", help="The state's key in the bucket.")
    ] = DEFAULT_KEY,
    region: Annotated[
        str | None,
        typer.Option(
            "--region",
            metavar="REGION",
            envvar="TFGEN_STATE_REGION",
            help="AWS region (default: AWS_REGION, or the profile's).",
        ),
    ] = None,
    lock_table: Annotated[
        str | None,
        typer.Option(
            "--lock-table",
            metavar="NAME",
            envvar="TFGEN_STATE_LOCK_TABLE",
            help="Lock with this DynamoDB table. Terraform before 1.10 needs one (default: BUCKET-lock); "
            "newer versions lock in S3.",
        ),
    ] = None,
    adopt: Annotated[
        bool,
        typer.Option("--adopt", envvar="TFGEN_ADOPT", help="Use a bucket that has other uses, or an existing state."),
    ] = False,
    terraform: TerraformOption = None,
) -> int:
    """Create the bucket, write the backend, move the state.

    A bucket that tfgen manages gets the settings that it lacks; a bucket of another account is refused (exit 3). A
    state is never overwritten: the local one is copied to .tfgen/backup/. Run again, it changes nothing.
    """
    from tfgen.aws.session import open_account
    from tfgen.aws.state_bucket.bucket import StateBucket, check_bucket_name
    from tfgen.aws.state_bucket.lock_table import check_table_name
    from tfgen.workspace import locked, open_workspace

    check_bucket_name(bucket)
    check_key(key)
    if lock_table is not None:
        check_table_name(lock_table)
    workspace = open_workspace()
    with locked(workspace, "state"):
        account = open_account(region)
        wanted = Wanted(bucket=StateBucket(account, bucket, key), lock_table=lock_table or "", adopt=adopt)
        init_state(workspace, wanted, terraform)
    return 0


PUSH_EXAMPLES = """\b
Examples:
  tfgen state push-errored                                  push the state of the last apply
  tfgen state push-errored /tmp/errored.tfstate.k2x81bqa    push the file that the error named
  tfgen state push-errored .tfgen/log/20261130-0712-apply-4242.log
"""


@app.command("push-errored", epilog=PUSH_EXAMPLES)
def push_errored_command(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", show_default=False, help="A state, or a log or text that contains one."),
    ] = None,
    terraform: TerraformOption = None,
) -> int:
    """Push a state that an apply could not save, and remove errored.tfstate.

    Without FILE: errored.tfstate, else the newest copy in .tfgen/backup/. Terraform checks lineage and serial; a newer
    state is never overwritten.
    """
    from tfgen.console import out
    from tfgen.state.push import push_errored
    from tfgen.terraform.binary import find_terraform
    from tfgen.terraform.version import identify
    from tfgen.workspace import locked, open_workspace

    workspace = open_workspace()
    with locked(workspace, "state"):
        cache = workspace.make_state_dir("cache")
        binary, _ = identify(find_terraform(terraform), cache, folder=workspace.terraform_dir)
        source = push_errored(workspace, binary, file, os.environ)
    out(f"pushed the state from {source}")
    return 0


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Where the state shall be. `lock_table` is "" when nobody named one; `adopt` allows what would be refused."""

    bucket: StateBucket
    lock_table: str
    adopt: bool

    @property
    def place(self) -> S3Backend:
        from tfgen_generators.root_module.backend import S3Backend

        return S3Backend(bucket=self.bucket.name, key=self.bucket.key, region=self.bucket.account.region)


def init_state(workspace: Workspace, wanted: Wanted, terraform: str | None) -> None:
    """Makes it so, and prints each thing that was done. Everything that may be refused is looked at first."""
    from tfgen.console import note, out
    from tfgen.state.move import decide, move
    from tfgen.state.state_file import parse_state

    root = _root(workspace, wanted, terraform)
    lock_table = _lock_table(root, wanted)
    there = wanted.bucket.find()
    _check_bucket(wanted, there)
    place = wanted.place
    remote = parse_state(wanted.bucket.state(), f"s3://{place.bucket}/{place.key}") if there else None
    step = decide(root, place, remote, adopt=wanted.adopt)

    done: list[str] = []

    def say(text: str) -> None:
        done.append(text)
        out(text)

    _make_bucket(wanted, there, say)
    if lock_table:
        _make_table(wanted, lock_table, say)
    move(root, _with_encryption(wanted, lock_table), step, wanted.bucket.state, say)
    if not done:
        out(f"unchanged: the state is in s3://{place.bucket}/{place.key}")
        return
    note("done; commit the backend file, then run: tfgen plan")


def _root(workspace: Workspace, wanted: Wanted, terraform: str | None) -> Root:
    """The root module as it is. Raises RefusedError when its state cannot simply be moved."""
    from tfgen.state.backend import find_backend
    from tfgen.state.backend_init import Terraform
    from tfgen.state.errored import require_none
    from tfgen.state.move import look
    from tfgen.state.state_file import require_default_workspace
    from tfgen.terraform.binary import find_terraform
    from tfgen.terraform.version import require_supported

    folder = workspace.terraform_dir if workspace.terraform_dir.is_dir() else None
    binary, version = require_supported(find_terraform(terraform), workspace.make_state_dir("cache"), folder=folder)
    env = {**os.environ, "TF_IN_AUTOMATION": "1"}
    found = find_backend(workspace, wanted.place, binary.product)
    require_none(workspace)
    require_default_workspace(workspace.terraform_dir, env, workspace.settings.terraform_dir, binary.product)
    return look(workspace, Terraform(binary=binary, version=version, env=env), found)


def _lock_table(root: Root, wanted: Wanted) -> str:
    """The DynamoDB table that holds the lock; "" when S3 does. Raises where a backend that is there says otherwise."""
    from tfgen.console import note
    from tfgen.terraform.version import has_feature, require_feature

    known = (root.terraform.binary, root.terraform.version)
    if root.found is None or not wanted.place.is_at(root.found):
        return wanted.lock_table or ("" if has_feature(*known, LOCKFILE) else f"{wanted.bucket.name}-lock")
    said = root.found.attributes.get("dynamodb_table") or ""
    if root.found.attributes.get(LOCKFILE):
        require_feature(*known, LOCKFILE, where=root.found.place, message="the backend has use_lockfile")
    elif not said:
        note(f"warning: {root.found.place}: this backend has no lock; add use_lockfile = true")
    if wanted.lock_table and said != wanted.lock_table:
        raise RefusedError(
            f"the backend does not have dynamodb_table = {wanted.lock_table!r}",
            where=root.found.place,
            fix="add it, or remove --lock-table",
        )
    return str(said)


def _check_bucket(wanted: Wanted, there: FoundBucket | None) -> None:
    """Raises RefusedError for a bucket of ours that others use, when it would have to be changed."""
    if there is None or there.is_ours or not there.lacks or wanted.adopt:
        return
    others = ", ".join(repr(key) for key in there.others[:3])
    use = f"it holds other objects ({others})" if others else f"its tag ManagedBy is {there.tags['ManagedBy']!r}"
    raise RefusedError(
        f"the bucket {wanted.bucket.name} has another use: {use}, and it lacks: {', '.join(there.lacks)}",
        fix="use another --bucket, or --adopt to add these settings to it (none is removed)",
    )


def _make_bucket(wanted: Wanted, there: FoundBucket | None, say: Callable[[str], None]) -> None:
    bucket = wanted.bucket
    if there is None:
        bucket.create()
        say(f"created bucket {bucket.name} ({bucket.account.region}, account {bucket.account.id})")
    elif not there.is_ours and not wanted.adopt:
        return
    bucket.complete(lambda name: say(f"bucket {bucket.name}: {name}"), tagged=there is None or there.is_ours)


def _make_table(wanted: Wanted, name: str, say: Callable[[str], None]) -> None:
    from tfgen.aws.state_bucket.lock_table import ensure_table

    if ensure_table(wanted.bucket.account, name):
        say(f"created DynamoDB table {name}")


def _with_encryption(wanted: Wanted, lock_table: str) -> S3Backend:
    """The backend as it is written: Terraform must not encrypt with another key than the bucket does."""
    from dataclasses import replace

    encryption = wanted.bucket.encryption()
    key = encryption.key if _KMS_KEY.fullmatch(encryption.key) else ""
    return replace(wanted.place, lock_table=lock_table, kms_key=key, encrypt=bool(key) or not encryption.is_kms)


def check_key(key: str) -> None:
    """Raises UsageError for a key that Terraform or S3 would refuse."""
    odd = not key or key.startswith(("/", "env:/")) or key.endswith("/") or "//" in key or not key.isprintable()
    if odd or len(key.encode()) > _LONGEST_KEY:
        raise UsageError(
            f"--key {key!r} is not a valid key", fix=f"use a path such as {DEFAULT_KEY}, without / at its ends"
        )
