"""Terraform's version: asked for once per binary, and new enough."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from tfgen.terraform.argv import flag, terraform_argv
from tfgen.terraform.binary import Binary
from tfgen_generators.errors import TerraformError

#: `plan -json` with all that the table needs, and `check` blocks; OpenTofu began here.
MINIMUM = (1, 6)

_TIMEOUT = 60.0


def require_supported(binary: Binary, cache: Path | None = None) -> str:
    """The version of `binary`. Raises TerraformError when it is older than MINIMUM."""
    version = _cached(binary, cache) if cache else read_version(binary)
    if _numbers(version) < MINIMUM:
        raise TerraformError(
            f"{binary.product} {version} ({binary.shown}) is too old",
            fix=f"tfgen needs {'.'.join(map(str, MINIMUM))} or newer; install one, or name one with --terraform PATH",
        )
    return version


def read_version(binary: Binary) -> str:
    """Asks the binary itself (0.05 to 0.2 s). Raises TerraformError when it does not answer like Terraform."""
    argv = terraform_argv(binary, "version", json=flag())
    try:
        # CHECKPOINT_DISABLE: or it would ask the network for news.
        done = subprocess.run(
            argv,
            capture_output=True,
            timeout=_TIMEOUT,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "CHECKPOINT_DISABLE": "1"},
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TerraformError(f"{binary.shown} cannot be run: {error}", fix="name one with --terraform PATH") from None
    try:
        return str(json.loads(done.stdout)["terraform_version"])
    except (ValueError, KeyError, TypeError):
        return _plain_version(binary, done)


def _plain_version(binary: Binary, done: subprocess.CompletedProcess[bytes]) -> str:
    """`Terraform v0.12.31`: before 0.13 there was no `version -json`."""
    words = done.stdout.decode("utf-8", "replace").split()
    if len(words) > 1 and words[0] in ("Terraform", "OpenTofu") and words[1].startswith("v"):
        return words[1][1:]
    raise TerraformError(f"{binary.shown} does not answer like Terraform", fix="name one with --terraform PATH")


def _cached(binary: Binary, cache: Path) -> str:
    file = cache / "terraform-version.json"
    try:
        stat = binary.file.stat()
        key = [str(binary.file), stat.st_size, stat.st_mtime_ns, stat.st_ino]
    except OSError:
        return read_version(binary)
    try:
        kept = json.loads(file.read_bytes())
        if kept["key"] == key:
            return str(kept["version"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    version = read_version(binary)
    try:
        temporary = file.with_suffix(f".{os.getpid()}")
        temporary.write_text(json.dumps({"key": key, "version": version}))
        temporary.replace(file)
    except OSError:
        pass  # a cache that cannot be kept costs time, no more
    return version


def _numbers(version: str) -> tuple[int, ...]:
    parts = version.split("-", maxsplit=1)[0].split(".")[:2]
    return tuple(int(part) for part in parts if part.isdigit())
