"""`terraform init`, only when its inputs differ from those of the last good one.

What init reads: Terraform's version, the versions, backend, provider and module blocks of the root module, the
modules that it calls and those that they call, the lock file, the CLI configuration. Of a generated file only its
label, source and version count, so a new environment variable needs no init and a new image does.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from tfgen.terraform.inputs import LOCK_FILE, local_modules
from tfgen_generators.generated.ownership import is_generated
from tfgen_generators.trees.files import read_bytes

#: Summaries of Terraform's and OpenTofu's errors whose cure is init.
NEEDS_INIT = re.compile(
    r"Module not installed|Module source has changed|Module version requirements have changed|Required plugins are not"
    r" installed|Inconsistent dependency lock file|initialization required|Missing required provider"
    r"|Missing backend configuration|Unsupported provider|Could not load plugin|Provider requirements cannot be"
    r" satisfied|there is no package for|does not match any of the checksums recorded in the dependency lock file"
)
_ENDINGS = (".tf", ".tf.json", ".tofu", ".tofu.json")
_CALL = re.compile(r'^(?:module "[^"]*" \{|  (?:source|version) *= .*)$', re.MULTILINE)
_VARIABLES = (
    "TF_CLI_CONFIG_FILE", "TERRAFORM_CONFIG", "TF_DATA_DIR", "TF_WORKSPACE", "TF_CLI_ARGS", "TF_CLI_ARGS_init",
)  # fmt: skip


def fingerprint(folder: Path, version: str, env: Mapping[str, str]) -> str:
    """A digest of all that init would read in `folder`."""
    digest = hashlib.sha256()
    for piece in _pieces(folder, version, env):
        digest.update(f"{len(piece)}:".encode() + piece)
    return digest.hexdigest()


def is_done(folder: Path, kept: Path, wanted: str, env: Mapping[str, str]) -> bool:
    """Whether the last good init had the same inputs, and what it made is still there."""
    try:
        return kept.read_bytes() == wanted.encode() and (data_dir(folder, env) / "modules" / "modules.json").exists()
    except OSError:
        return False


def keep_done(folder: Path, kept: Path, version: str, env: Mapping[str, str]) -> None:
    """Remembers a good init; what cannot be kept costs the next run an init."""
    with contextlib.suppress(OSError):
        beside = kept.with_name(f"{kept.name}.{os.getpid()}")
        beside.write_text(fingerprint(folder, version, env))
        beside.replace(kept)


def data_dir(folder: Path, env: Mapping[str, str]) -> Path:
    """Where Terraform keeps what init has made."""
    return folder / (env.get("TF_DATA_DIR") or ".terraform")


def workspace_name(folder: Path, env: Mapping[str, str]) -> str:
    """Terraform's workspace: TF_WORKSPACE, else the selected one, else `default`."""
    if named := env.get("TF_WORKSPACE"):
        return named
    return _read(data_dir(folder, env) / "environment").decode("utf-8", "replace").strip() or "default"


def _pieces(folder: Path, version: str, env: Mapping[str, str]) -> Iterator[bytes]:
    yield version.encode()
    yield str(folder).encode()
    for name in _VARIABLES:
        yield env.get(name, "").encode()
    yield _read(folder / LOCK_FILE)
    for file in _files(folder):
        data = _read(file)
        if is_generated(file.name):
            data = "\n".join(_CALL.findall(data.decode("utf-8", "replace"))).encode()
        yield file.name.encode()
        yield data
    for module in local_modules(folder):
        yield str(module).encode()
        for file in _files(module):
            yield file.name.encode()
            yield _read(file)


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(file for file in folder.iterdir() if file.name.endswith(_ENDINGS))
    except OSError:
        return []


def _read(file: Path) -> bytes:
    try:
        return read_bytes(file)
    except OSError:
        return b""
