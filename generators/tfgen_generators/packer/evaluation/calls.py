"""Calls of Packer's functions, of arguments in which pieces may not be known."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import InvalidOperation

from tfgen_generators.packer.evaluation.bound import Lookup
from tfgen_generators.packer.evaluation.convert import RefusedError, UndecidedError, text
from tfgen_generators.packer.syntax.values import LARGEST, Expression, Value, composed, is_known
from tfgen_generators.shell.marks import ANCHOR, UNKNOWN, WORKING

#: Verbs whose piece a text that is not known cannot change.
_LOOSE = re.compile(r"(?:[^%]|%[sv%])*")

_TAKES_NULL = frozenset({"coalesce", "format", "formatlist", "jsonencode", "merge", "yamlencode"})

#: Functions that give elements of their lists, whatever those are.
_GIVING = frozenset({"chunklist", "concat", "flatten", "reverse"})
#: (A tuple: `str | list` would be made anew for each value.)
_LONG = (str, list)


def call(name: str, arguments: Sequence[Value]) -> Value:
    """What one of Packer's functions gives. Raises RefusedError where it refuses, UndecidedError where nobody knows."""
    from tfgen_generators.packer.evaluation.functions import OF_PATHS, PURE, TRANSPARENT

    function = PURE.get(name)
    marked = [argument for argument in arguments if is_marked(argument)]
    if function is None or (marked and not _may_be_marked(name, arguments, TRANSPARENT, OF_PATHS)):
        raise UndecidedError
    if name not in _TAKES_NULL and any(argument is None for argument in arguments):
        raise RefusedError("an argument is null")
    within = name in _GIVING and all(isinstance(argument, list) for argument in arguments)
    if not within and not all(is_known(argument) for argument in arguments):
        raise UndecidedError
    try:
        found = function(*arguments)
    except (TypeError, ValueError, AttributeError, OverflowError, RecursionError, InvalidOperation) as error:
        raise UndecidedError from error
    except RefusedError:
        if marked:
            raise UndecidedError from None
        raise
    if isinstance(found, _LONG) and len(found) > LARGEST:
        raise UndecidedError
    return composed(found) if isinstance(found, str) else found


def _may_be_marked(
    name: str, arguments: Sequence[Value], transparent: frozenset[str], of_paths: frozenset[str]
) -> bool:
    """Whether a function gives the same, up to the pieces, whatever those pieces are that are not known."""
    if not any(is_marked(argument, UNKNOWN) for argument in arguments):
        return name in of_paths
    if name == "lookup":
        return not is_marked(arguments[1])
    loose = name not in ("format", "formatlist") or _LOOSE.fullmatch(text(arguments[0])) is not None
    return name in transparent and loose


def is_marked(value: Value, *marks: str) -> bool:
    stack: list[Value] = [value]
    while stack:
        current = stack.pop()
        if isinstance(current, str):
            if any(mark in current for mark in marks or (ANCHOR, UNKNOWN, WORKING)):
                return True
        elif isinstance(current, dict):
            stack += [*current, *current.values()]
        elif isinstance(current, list):
            stack += current
    return False


def absolute(path: str, lookup: Lookup) -> Value:
    """A relative path begins with what `path.cwd` means: only the build knows more."""
    if path.startswith(("/", ANCHOR, WORKING, UNKNOWN)):
        return call("abspath", [path])
    here = lookup(("path", "cwd"))
    if not isinstance(here, str):
        raise UndecidedError
    return path if here == "." else f"{here}/{path}"


def is_of_build_folder(argument: Value, found: Value) -> bool:
    """Whether it is an absolute path of which only the build knows the beginning."""
    is_path = isinstance(argument, Expression) and argument.op == "call" and argument.args[0] == "abspath"
    return is_path and isinstance(found, str) and not found.startswith("/")
