"""A plan as a file: what `--out` writes and `tfgen prune FILE` reads, with a digest of all that it says."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import datetime
from pathlib import Path

import msgspec

from tfgen.prune.model import Plan
from tfgen_generators.errors import RefusedError, TfgenError, UsageError
from tfgen_generators.trees.files import MOST_COPIED, read_bytes

FORMAT = 1
_KEY = "tfgen_prune"
_BEGIN = f'{{\n  "{_KEY}":'.encode()
_AGAIN = "make it again: tfgen prune --out FILE"


def is_plan(content: bytes) -> bool:
    """Whether a file's bytes begin as a plan's do: the ids in one are no use of an AMI."""
    return content.startswith(_BEGIN)


def write_plan(file: Path, plan: Plan) -> None:
    """Writes the plan, in place of what is there. Raises TfgenError."""
    document = msgspec.to_builtins(plan)
    head = {_KEY: FORMAT, "digest": _digest(document)}
    text = json.dumps({**head, "plan": document}, indent=2, ensure_ascii=False) + "\n"
    try:
        beside = file.with_name(f".{file.name}.{os.getpid()}")
        beside.write_text(text, encoding="utf-8", errors="surrogateescape")
        beside.replace(file)
    except OSError as error:
        raise TfgenError(f"cannot be written: {error.strerror}", where=str(file), fix="use another file") from None


def read_plan(file: Path) -> Plan:
    """A plan as it was written. Raises UsageError where there is none, RefusedError where it was changed."""
    try:
        document = json.loads(read_bytes(file, MOST_COPIED))
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(file), fix=_AGAIN) from None
    except (ValueError, RecursionError):
        raise UsageError("no plan of tfgen prune", where=str(file), fix=_AGAIN) from None
    if not isinstance(document, dict) or _KEY not in document:
        raise UsageError("no plan of tfgen prune", where=str(file), fix=_AGAIN)
    if document[_KEY] is True or document[_KEY] != FORMAT:
        raise RefusedError(f"a plan of another format ({document[_KEY]})", where=str(file), fix=_AGAIN)
    if document.get("digest") != _digest(document.get("plan")):
        raise RefusedError("the plan was changed after it was made", where=str(file), fix=_AGAIN)
    try:
        plan = msgspec.convert(document["plan"], Plan)
    except msgspec.ValidationError as error:
        raise RefusedError(f"a plan of another tfgen: {error}", where=str(file), fix=_AGAIN) from None
    if not _is_sound(plan):
        raise RefusedError("the plan has no time, or no account of a region", where=str(file), fix=_AGAIN)
    return plan


def _is_sound(plan: Plan) -> bool:
    """Whether it has its time, and the account of each of its regions: what a run begins with."""
    try:
        made = datetime.fromisoformat(plan.made_at)
    except ValueError:
        return False
    regions = {each.region for each in plan.amis}
    return made.tzinfo is not None and bool(plan.accounts) and all(plan.accounts) and regions <= plan.accounts.keys()


def _digest(document: object) -> str:
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
