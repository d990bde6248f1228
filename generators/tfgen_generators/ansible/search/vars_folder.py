"""The files that `include_vars` loads from a folder."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tfgen_generators.ansible.reading.model import Reference

_ENDINGS = ("yaml", "yml", "json")

#: Of expressions: longer than people write here.
_LONGEST = 200
_CLASS = re.compile(r"\\.|\[\^?\]?[^\]]*\]", re.DOTALL)
_REPEATING, _OPTIONAL, _REPEATED_GROUP = re.compile(r"[*+{]"), re.compile(r"[?|]"), re.compile(r"\)[*+{]")


def select_vars_files(files: Iterable[str], folder: str, ref: Reference, role: str) -> tuple[str, ...]:
    """The files of `files` that the task's options select. `folder` is "" when it is not known."""
    options = dict(ref.options)
    endings = tuple(options["extensions"].split("\n")) if options.get("extensions") else _ENDINGS
    depth = int(options["depth"]) if re.fullmatch(r"\d{1,8}", options.get("depth", "")) else 0
    found = []
    for path in files:
        last = path.rpartition("/")[2]
        if last.rpartition(".")[2] not in endings or ("." not in last):
            continue
        if role and path == f"{role}/vars/main.yml":
            continue
        if depth and folder and path[len(folder) + 1 :].count("/") >= depth:
            continue
        if any(
            _matches(f"{pattern}$", last, False) for pattern in options.get("ignore_files", "").split("\n") if pattern
        ):
            continue
        if options.get("files_matching") and not _matches(options["files_matching"], last, True):
            continue
        found.append(path)
    return tuple(found)


def _matches(pattern: str, name: str, default: bool) -> bool:
    """Whether a regular expression matches; `default` when it is none."""
    import warnings

    try:
        with warnings.catch_warnings(action="ignore"):  # of what later versions of Python may read otherwise
            return re.search(pattern, name) is not None if _is_quick(pattern) else default
    except (re.error, OverflowError):
        return default


def _is_quick(pattern: str) -> bool:
    """Whether an expression cannot take long: Python's tries every way in which its parts may share a name."""
    if len(pattern) > _LONGEST:
        return False
    plain = _CLASS.sub("x", pattern)
    repeated, optional = len(_REPEATING.findall(plain)), len(_OPTIONAL.findall(plain))
    return repeated <= 2 and optional <= 8 and not _REPEATED_GROUP.search(plain)
