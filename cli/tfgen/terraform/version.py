"""Which product and version a program is: asked for once per binary, and new enough."""

from __future__ import annotations

import collections
import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from tfgen.terraform.argv import flag, terraform_argv
from tfgen.terraform.binary import PROGRAMS, Binary, Product
from tfgen.terraform.inputs import variables_in
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

_VERSION = re.compile(r"\d+\.\d+[\w.+-]{0,80}", re.ASCII)
_PLAIN = re.compile(rb"^(Terraform|OpenTofu) v(\d+\.\d+[\w.+-]{0,80})", re.MULTILINE)
_OBJECT = re.compile(rb"^[ \t]*\{", re.MULTILINE)
_decoder = json.JSONDecoder()

#: How a program begins that is itself, not a script that looks for one (asdf, tfenv): ELF, Mach-O.
_PROGRAM = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a program says that it is."""

    product: Product
    version: str


def require_supported(
    binary: Binary, cache: Path | None = None, *, folder: Path | None = None, env: Mapping[str, str] | None = None
) -> tuple[Binary, str]:
    """As `identify`. Raises TerraformError when the program is older than MINIMUM."""
    binary, version = identify(binary, cache, folder=folder, env=env)
    if _numbers(version) < MINIMUM:
        raise TerraformError(
            f"{binary.product} {version} ({binary.shown}) is too old",
            fix=f"tfgen needs {'.'.join(map(str, MINIMUM))} or newer; install it, or use --terraform PATH",
        )
    return binary, version


def identify(
    binary: Binary, cache: Path | None = None, *, folder: Path | None = None, env: Mapping[str, str] | None = None
) -> tuple[Binary, str]:
    """`binary` as what it says that it is, whatever its file is called, and its version. Raises TerraformError.

    A version manager answers for the `folder` and the environment that it is asked in.
    """
    answer = _cached(binary, cache, folder, env) if cache else ask(binary, folder=folder, env=env)
    return msgspec.structs.replace(binary, product=answer.product), answer.version


def has_feature(binary: Binary, version: str, feature: str) -> bool:
    """Whether `binary` of `version` knows `feature`, a key of FEATURES."""
    return _numbers(version) >= FEATURES[feature][binary.product]


def early_variables(binary: Binary, version: str, arguments: Sequence[str]) -> tuple[str, ...]:
    """Of a person's `arguments` those that init and show take, too: OpenTofu's values of variables.

    A key of encryption, or the source of a module, may need them (OpenTofu 1.8).
    """
    return variables_in(arguments) if binary.product == "tofu" and _numbers(version) >= (1, 8) else ()


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


def read_version(binary: Binary, *, timeout: float = TIMEOUT) -> str:
    """The version alone. Raises TerraformError."""
    return ask(binary, timeout=timeout).version


def ask(
    binary: Binary, *, timeout: float = TIMEOUT, folder: Path | None = None, env: Mapping[str, str] | None = None
) -> Answer:
    """Asks the program itself (0.05 to 0.2 s). Raises TerraformError when it does not answer like Terraform."""
    where = folder or Path.cwd()
    # CHECKPOINT_DISABLE: or it would ask the network for news.
    quiet = {**(os.environ if env is None else env), "CHECKPOINT_DISABLE": "1"}
    said, finished = _said(binary, terraform_argv(binary, "version", json=flag()), where, quiet, timeout)
    told = _document(said)
    version = told.get("terraform_version")
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        plain = _plain(said)
        if plain is None:
            raise _no_answer(binary, finished)
        return plain
    if "terraform_outdated" in told:  # Terraform always says it, OpenTofu never (internal/command/version.go of both)
        return Answer(product="terraform", version=version)
    plain = _plain(_said(binary, terraform_argv(binary, "version"), where, quiet, timeout)[0])
    if plain is None:  # it has told no more than a number: its name is all that is left
        return Answer(product=binary.product, version=version)
    if plain.version == version:
        return plain
    return Answer(product="tofu" if "provider_selections" in told else binary.product, version=version)


def _said(
    binary: Binary, argv: list[str], folder: Path, env: Mapping[str, str], timeout: float
) -> tuple[bytes, Finished]:
    lines: collections.deque[bytes] = collections.deque(maxlen=_MOST_LINES)
    finished = run(argv, cwd=folder, env=env, on_line=lines.append, on_stop=lambda _: None, timeout=timeout)
    if finished.interrupted:
        raise KeyboardInterrupt
    if finished.timed_out:
        raise TerraformError(
            f"{binary.shown} did not report its version in {timeout:.0f} s", fix="use another one with --terraform PATH"
        )
    return b"".join(lines), finished


def _document(said: bytes) -> dict[str, object]:
    """The JSON object in `said`, behind what a version manager may have said before it."""
    begins = _OBJECT.search(said)
    try:
        told, _ = _decoder.raw_decode(said[begins.start() :].decode("utf-8", "replace").lstrip()) if begins else ({}, 0)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _plain(said: bytes) -> Answer | None:
    """`OpenTofu v1.12.6`; before 0.13 Terraform, too, had no `version -json`."""
    match = _PLAIN.search(said)
    if match is None:
        return None
    return Answer(product="tofu" if match[1] == b"OpenTofu" else "terraform", version=match[2].decode())


def _no_answer(binary: Binary, finished: Finished) -> TerraformError:
    said = finished.stderr.strip().splitlines()[-1:]
    ended = f" ({binary.product} version {ending(finished.code)}{': ' + said[0][:500] if said else ''})"
    return TerraformError(
        f"{binary.shown} does not respond like {binary.title}{ended if finished.code else ''}",
        fix="use --terraform PATH",
    )


def _cached(binary: Binary, cache: Path, folder: Path | None, env: Mapping[str, str] | None) -> Answer:
    file = cache / "terraform-version.json"
    key = _identity(binary)
    if key is None:
        return ask(binary, folder=folder, env=env)
    try:
        kept = json.loads(file.read_bytes())
        if kept["key"] == key:
            return msgspec.convert(kept["answer"], Answer)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass
    answer = ask(binary, folder=folder, env=env)
    try:
        temporary = file.with_suffix(f".{os.getpid()}")
        temporary.write_text(json.dumps({"key": key, "answer": msgspec.to_builtins(answer)}))
        temporary.replace(file)
    except OSError:
        pass  # a cache that cannot be kept costs time, no more
    return answer


def _identity(binary: Binary) -> list[str | int] | None:
    """What changes when the program does; None for a version manager, whose answer may change without it."""
    try:
        if not binary.is_embedded and _is_manager(binary.file.resolve()):
            return None
        stat = binary.file.stat()
        with binary.file.open("rb") as program:
            if program.read(4) not in _PROGRAM:
                return None
    except OSError:
        return None
    return [str(binary.file), stat.st_size, stat.st_mtime_ns, stat.st_ino]


def _is_manager(file: Path) -> bool:
    """Whether the program, no script, looks for another one: mise, aqua (what a link leads to), proto, tenv."""
    named = any(name in file.name for name in PROGRAMS)
    return not named or file.parent.name == "shims" or (file.parent / "tenv").exists()


def _numbers(version: str) -> tuple[int, ...]:
    parts = version.split("-", maxsplit=1)[0].split(".")[:2]
    return tuple(int(part) for part in parts if part.isdigit())
