"""Terraform's version: asked for once per binary, and new enough."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tfgen.terraform.argv import flag, terraform_argv
from tfgen.terraform.binary import Binary
from tfgen.terraform.process import run
from tfgen_generators.errors import TerraformError
from tfgen_generators.ownership import PREFIX, SUFFIX

#: `plan -json` with all that the table needs, and `check` blocks; OpenTofu began here.
MINIMUM = (1, 6)
#: `removed` blocks with `lifecycle` began here (OpenTofu: https://github.com/opentofu/opentofu/pull/2628).
REMOVED_BLOCKS = {"terraform": (1, 7), "tofu": (1, 10)}

#: How a program begins that is itself, not a script that looks for one (asdf, tfenv): ELF, Mach-O.
_PROGRAM = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")


def require_supported(binary: Binary, cache: Path | None = None) -> str:
    """The version of `binary`. Raises TerraformError when it is older than MINIMUM."""
    version = _cached(binary, cache) if cache else read_version(binary)
    if _numbers(version) < MINIMUM:
        raise TerraformError(
            f"{binary.product} {version} ({binary.shown}) is too old",
            fix=f"tfgen needs {'.'.join(map(str, MINIMUM))} or newer; install one, or name one with --terraform PATH",
        )
    return version


def require_removed_blocks(binary: Binary, version: str, folder: Path, shown: str) -> None:
    """Raises TerraformError when a generated file in `folder` holds a `removed` block that `binary` cannot read."""
    needed = REMOVED_BLOCKS[binary.product]
    if _numbers(version) >= needed:
        return
    for file in sorted(folder.glob(f"{PREFIX}*{SUFFIX}")):
        if "\nremoved {" in file.read_text(encoding="utf-8", errors="replace"):
            raise TerraformError(
                f"holds a removed block, and {binary.product} {version} does not know those",
                where=f"{shown}/{file.name}",
                fix=f"use {'.'.join(map(str, needed))} or newer (--terraform PATH)",
            )


def read_version(binary: Binary) -> str:
    """Asks the binary itself (0.05 to 0.2 s). Raises TerraformError when it does not answer like Terraform."""
    lines: list[bytes] = []
    finished = run(
        terraform_argv(binary, "version", json=flag()),
        cwd=Path.cwd(),
        # CHECKPOINT_DISABLE: or it would ask the network for news.
        env={**os.environ, "CHECKPOINT_DISABLE": "1"},
        on_line=lines.append,
        on_stop=lambda _: None,
    )
    if finished.interrupted:
        raise KeyboardInterrupt
    answer = b"".join(lines)
    try:
        return str(json.loads(answer)["terraform_version"])
    except (ValueError, KeyError, TypeError):
        return _plain_version(binary, answer)


def _plain_version(binary: Binary, answer: bytes) -> str:
    """`Terraform v0.12.31`: before 0.13 there was no `version -json`."""
    words = answer.decode("utf-8", "replace").split()
    if len(words) > 1 and words[0] in ("Terraform", "OpenTofu") and words[1].startswith("v"):
        return words[1][1:]
    raise TerraformError(f"{binary.shown} does not answer like Terraform", fix="name one with --terraform PATH")


def _cached(binary: Binary, cache: Path) -> str:
    file = cache / "terraform-version.json"
    key = _identity(binary)
    if key is None:
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


def _identity(binary: Binary) -> list[str | int] | None:
    """What changes when the program does; None for a script, whose answer may change without it."""
    try:
        stat = binary.file.stat()
        with binary.file.open("rb") as program:
            if program.read(4) not in _PROGRAM:
                return None
    except OSError:
        return None
    return [str(binary.file), stat.st_size, stat.st_mtime_ns, stat.st_ino]


def _numbers(version: str) -> tuple[int, ...]:
    parts = version.split("-", maxsplit=1)[0].split(".")[:2]
    return tuple(int(part) for part in parts if part.isdigit())
