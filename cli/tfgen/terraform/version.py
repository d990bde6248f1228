"""Terraform's version: asked for once per binary, and new enough."""

from __future__ import annotations

import collections
import json
import os
from collections.abc import Mapping
from pathlib import Path

from tfgen.terraform.argv import flag, terraform_argv
from tfgen.terraform.binary import Binary
from tfgen.terraform.processes.process import Finished, ending, run
from tfgen_generators.errors import TerraformError
from tfgen_generators.generated.ownership import PREFIX, SUFFIX
from tfgen_generators.trees.files import read_text

#: `plan -json` with all that the table needs, and `check` blocks; OpenTofu began here.
MINIMUM = (1, 6)
#: What came later, by product. A flag or a setting that needs it asks `require_feature` where it is read.
FEATURES: dict[str, dict[str, tuple[int, int]]] = {
    # OpenTofu: https://github.com/opentofu/opentofu/pull/2628
    "removed blocks with lifecycle": {"terraform": (1, 7), "tofu": (1, 10)},
    # https://developer.hashicorp.com/terraform/language/backend/s3#state-locking
    "use_lockfile": {"terraform": (1, 10), "tofu": (1, 10)},
}
_MOST_LINES = 1000  # an answer has some ten
#: How long `version` may take, in seconds: some wrappers download a Terraform first.
TIMEOUT = 120.0

#: How a program begins that is itself, not a script that looks for one (asdf, tfenv): ELF, Mach-O.
_PROGRAM = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")


def require_supported(
    binary: Binary, cache: Path | None = None, *, folder: Path | None = None, env: Mapping[str, str] | None = None
) -> str:
    """The version of `binary`. Raises TerraformError when it is older than MINIMUM.

    A version manager answers for the `folder` and the environment that it is asked in.
    """
    version = _cached(binary, cache, folder, env) if cache else read_version(binary, folder=folder, env=env)
    if _numbers(version) < MINIMUM:
        raise TerraformError(
            f"{binary.product} {version} ({binary.shown}) is too old",
            fix=f"tfgen needs {'.'.join(map(str, MINIMUM))} or newer; install it, or use --terraform PATH",
        )
    return version


def has_feature(binary: Binary, version: str, feature: str) -> bool:
    """Whether `binary` of `version` knows `feature`, a key of FEATURES."""
    return _numbers(version) >= FEATURES[feature][binary.product]


def require_feature(binary: Binary, version: str, feature: str, *, where: str, message: str) -> None:
    """Raises TerraformError, which says `message`, when `binary` does not know `feature`."""
    if not has_feature(binary, version, feature):
        needed = ".".join(map(str, FEATURES[feature][binary.product]))
        raise TerraformError(
            f"{message}, which {binary.product} {version} does not support",
            where=where,
            fix=f"use {needed} or newer (--terraform PATH)",
        )


def require_removed_blocks(binary: Binary, version: str, folder: Path, shown: str) -> None:
    """Raises TerraformError when a generated file in `folder` holds a `removed` block that `binary` cannot read."""
    feature = "removed blocks with lifecycle"
    if has_feature(binary, version, feature):
        return
    for file in sorted(folder.glob(f"{PREFIX}*{SUFFIX}")):
        if "\nremoved {" in read_text(file):
            where = f"{shown}/{file.name}"
            require_feature(binary, version, feature, where=where, message="has a removed block")


def read_version(
    binary: Binary, *, timeout: float = TIMEOUT, folder: Path | None = None, env: Mapping[str, str] | None = None
) -> str:
    """Asks the binary itself (0.05 to 0.2 s). Raises TerraformError when it does not answer like Terraform."""
    lines: collections.deque[bytes] = collections.deque(maxlen=_MOST_LINES)
    finished = run(
        terraform_argv(binary, "version", json=flag()),
        cwd=folder or Path.cwd(),
        # CHECKPOINT_DISABLE: or it would ask the network for news.
        env={**(os.environ if env is None else env), "CHECKPOINT_DISABLE": "1"},
        on_line=lines.append,
        on_stop=lambda _: None,
        timeout=timeout,
    )
    if finished.interrupted:
        raise KeyboardInterrupt
    if finished.timed_out:
        raise TerraformError(
            f"{binary.shown} did not report its version in {timeout:.0f} s", fix="use another one with --terraform PATH"
        )
    answer = b"".join(lines)
    try:
        return str(json.loads(answer)["terraform_version"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return _plain_version(binary, answer, finished)


def _plain_version(binary: Binary, answer: bytes, finished: Finished) -> str:
    """`Terraform v0.12.31`: before 0.13 there was no `version -json`."""
    words = answer.decode("utf-8", "replace").split()
    if len(words) > 1 and words[0] in ("Terraform", "OpenTofu") and words[1].startswith("v"):
        return words[1][1:]
    said = finished.stderr.strip().splitlines()[-1:]
    ended = f" ({binary.product} version {ending(finished.code)}{': ' + said[0][:500] if said else ''})"
    raise TerraformError(
        f"{binary.shown} does not respond like Terraform{ended if finished.code else ''}",
        fix="use --terraform PATH",
    )


def _cached(binary: Binary, cache: Path, folder: Path | None, env: Mapping[str, str] | None) -> str:
    file = cache / "terraform-version.json"
    key = _identity(binary)
    if key is None:
        return read_version(binary, folder=folder, env=env)
    try:
        kept = json.loads(file.read_bytes())
        if kept["key"] == key:
            return str(kept["version"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass
    version = read_version(binary, folder=folder, env=env)
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
