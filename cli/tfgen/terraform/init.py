"""`terraform init`, only when its inputs differ from those of the last good one.

What init reads: Terraform's version, the versions, backend, provider and module blocks of the root module, the
modules that it calls, the lock file, the CLI configuration. Of a generated file only its label, source and
version count, so a new environment variable needs no init and a new image does.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from tfgen_generators.ownership import PREFIX, SUFFIX

#: Summaries of Terraform's errors whose cure is init.
NEEDS_INIT = re.compile(
    r"Module not installed|Module source has changed|Module version requirements have changed|Required plugins are not"
    r" installed|Inconsistent dependency lock file|Backend initialization required|Missing required provider"
    r"|Missing backend configuration|Unsupported provider|Could not load plugin"
)
_CALL = re.compile(r'^(?:module "[^"]*" \{|  (?:source|version) *= .*)$', re.MULTILINE)
_LOCAL_SOURCE = re.compile(r'^\s*source\s*=\s*"(\.{1,2}/[^"$]*)"', re.MULTILINE)


def fingerprint(folder: Path, version: str, env: Mapping[str, str]) -> str:
    """A digest of all that init would read in `folder`."""
    digest = hashlib.sha256()
    for piece in _pieces(folder, version, env):
        digest.update(f"{len(piece)}:".encode() + piece)
    return digest.hexdigest()


def is_done(folder: Path, kept: Path, wanted: str, env: Mapping[str, str]) -> bool:
    """Whether the last good init had the same inputs, and what it made is still there."""
    data = _data_dir(folder, env)
    try:
        return kept.read_text() == wanted and (data / "modules" / "modules.json").exists()
    except OSError:
        return False


def _data_dir(folder: Path, env: Mapping[str, str]) -> Path:
    return folder / (env.get("TF_DATA_DIR") or ".terraform")


def _pieces(folder: Path, version: str, env: Mapping[str, str]) -> Iterator[bytes]:
    yield version.encode()
    yield str(folder).encode()
    for name in ("TF_CLI_CONFIG_FILE", "TF_DATA_DIR", "TF_WORKSPACE", "TF_CLI_ARGS", "TF_CLI_ARGS_init"):
        yield env.get(name, "").encode()
    yield _read(folder / ".terraform.lock.hcl")
    sources: set[str] = set()
    for file in sorted([*folder.glob("*.tf"), *folder.glob("*.tf.json"), *folder.glob("*.tofu")]):
        data = _read(file)
        if file.name.startswith(PREFIX) and file.name.endswith(SUFFIX):
            calls = "\n".join(_CALL.findall(data.decode("utf-8", "replace")))
            data = calls.encode()
        sources |= set(_LOCAL_SOURCE.findall(data.decode("utf-8", "replace")))
        yield file.name.encode()
        yield data
    for source in sorted(sources):
        for file in sorted((folder / source).glob("*.tf")):
            yield _read(file)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""
