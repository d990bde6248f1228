"""Whether a repository can have the AWS provider that module `codepipeline` needs; else `codepipeline_v1` is for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from tfgen.init.mirrors import Version, mirrored, version_of

AWS = "hashicorp/aws"
#: The oldest that makes V2 pipelines with triggers: module codepipeline, versions.tf.
MODERN: Version = (5, 70)
_CLAUSE = re.compile(r"(~>|>=|<=|!=|=|<|>)?\s*v?(\d+(?:\.\d+)*)\S*")


def why_older(constraints: Iterable[str], locked: str, env: Mapping[str, str]) -> str:
    """What keeps the AWS provider below `MODERN`, "" where nothing does. `locked` is the lock file's version, or ""."""
    if locked and not _is_modern(version_of(_digits(locked))):
        return f".terraform.lock.hcl has AWS provider {locked}"
    for constraint in constraints:
        if not all(_allows(*clause) for clause in _clauses(constraint)):
            return f"required_providers asks for AWS provider {constraint}"
    if (there := mirrored(env, AWS)) and not _is_modern(there[-1]):
        return f"the mirror of providers has AWS provider {'.'.join(map(str, there[-1]))}"
    return ""


def _digits(text: str) -> str:
    found = re.match(r"\d+(?:\.\d+)*", text)
    return found[0] if found else "0"


def _is_modern(version: Version) -> bool:
    return version >= MODERN


def _clauses(constraint: str) -> Iterator[tuple[str, Version]]:
    for clause in constraint.split(","):
        if found := _CLAUSE.fullmatch(clause.strip()):
            yield found[1] or "=", version_of(found[2])


def _allows(operator: str, version: Version) -> bool:
    """Whether one clause lets a version of `MODERN` or newer pass."""
    if operator in (">=", ">", "!="):
        return True
    if operator == "<":
        return version > MODERN
    if operator == "~>":  # all parts but the last stay
        fixed = version[:-1]
        return fixed >= MODERN[: len(fixed)]
    return _is_modern(version)
