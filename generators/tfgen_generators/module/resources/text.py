"""A module's files as blocks whose expressions the evaluation of HCL2 computes."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from tfgen_generators.packer.model import BrokenTemplateError
from tfgen_generators.packer.syntax.hcl_reader import read_native
from tfgen_generators.packer.syntax.syntax import Block, Body
from tfgen_generators.packer.syntax.values import Expression, Value

#: Functions that give their argument, as far as values go.
_SAME = frozenset({"nonsensitive", "sensitive", "tolist", "tomap"})
_CONVERSIONS = {"tostring": "string", "tonumber": "number", "tobool": "bool"}
#: What `split(":", ARN)` of the caller's ARN is read as.
ARN_PARTS = "arn_parts"
_DEEPEST = 60


class ModuleText(msgspec.Struct, frozen=True, kw_only=True):
    """What a folder declares. `is_whole` is false where a file could not be read, or overrides others."""

    variables: Mapping[str, Body]
    locals: Mapping[str, Value]
    resources: tuple[Block, ...]
    calls: frozenset[str] = frozenset()
    is_whole: bool = True


def read_text(files: Mapping[str, bytes]) -> ModuleText:
    """The files of one folder, by their paths."""
    variables: dict[str, Body] = {}
    named: dict[str, Value] = {}
    resources: list[Block] = []
    calls: set[str] = set()
    is_whole = True
    for path, data in files.items():
        if path.endswith(".json") or path.endswith("override.tf"):
            is_whole = False
            continue
        for block in _blocks(data) or ():
            if block.kind == "variable" and block.labels:
                variables[block.labels[0]] = block.body
            elif block.kind == "locals":
                named |= {name: rewritten(value) for name, value in block.body.attributes.items()}
            elif block.kind == "resource" and len(block.labels) == 2:
                _rewrite(block.body)
                resources.append(block)
            elif block.kind == "module":
                calls.update(block.labels)
        is_whole = is_whole and _blocks(data) is not None
    return ModuleText(
        variables=variables, locals=named, resources=tuple(resources), calls=frozenset(calls), is_whole=is_whole
    )


def _blocks(data: bytes) -> list[Block] | None:
    try:
        return read_native(data).blocks
    except (BrokenTemplateError, RecursionError):
        return None


def _rewrite(body: Body) -> None:
    for name, value in body.attributes.items():
        body.attributes[name] = rewritten(value)
    for block in body.blocks:
        _rewrite(block.body)


def rewritten(value: Value, depth: int = 0) -> Value:
    """`value` in the functions that Packer has too: they are the same but for these."""
    if depth > _DEEPEST:
        return value
    if isinstance(value, list):
        return [rewritten(one, depth + 1) for one in value]
    if isinstance(value, dict):
        return {key: rewritten(one, depth + 1) for key, one in value.items()}
    if not isinstance(value, Expression):
        return value
    arguments = tuple(rewritten(one, depth + 1) for one in value.args)
    if value.op == "" and len(arguments) == 1 and value.text[:1] == "(" and _inside(value.text) == _text(arguments[0]):
        return arguments[0]
    made = Expression(value.text, value.op, arguments, value.line)
    return _called(made) if value.op == "call" else made


def _called(value: Expression) -> Value:
    name, *arguments = value.args
    if name in _SAME and len(arguments) == 1:
        return arguments[0]
    if name == "toset" and len(arguments) == 1:
        return Expression(value.text, "call", ("setunion", arguments[0]), value.line)
    if name in _CONVERSIONS and len(arguments) == 1:
        return Expression(value.text, "call", ("convert", arguments[0], Expression(_CONVERSIONS[str(name)])))
    if name == "split" and len(arguments) == 2 and _is_caller(arguments[1]):
        return Expression(value.text, "ref", (*_args(arguments[1])[:-1], ARN_PARTS), value.line)
    if name == "ceil" and len(arguments) == 1:
        return _rounded_up(value, arguments[0])
    if name == "setsubtract" and len(arguments) == 2:
        one = Expression("one", "ref", ("one",))
        absent = Expression("", "!", (Expression("", "call", ("contains", arguments[1], one)),))
        return Expression(value.text, "for", ("", "one", arguments[0], absent, False, None, one), value.line)
    return value


def _rounded_up(value: Expression, quotient: Value) -> Value:
    """`ceil(length(x) / 12)` without the fraction, whose decimals have no end."""
    length, most = quotient.args if isinstance(quotient, Expression) and quotient.op == "/" else (None, None)
    is_counted = isinstance(length, Expression) and length.args[:1] == ("length",)
    if not is_counted or not isinstance(most, int) or most < 1:
        return value
    more = Expression("", "+", (length, most - 1))
    return Expression(value.text, "/", (Expression("", "-", (more, Expression("", "%", (more, most)))), most), value.line)


def _is_caller(value: Value) -> bool:
    """Whether it is the caller's ARN, of which the partition and the account are certain, and no more."""
    names = _args(value)
    return names[:2] == ("data", "aws_caller_identity") and names[-1] == "arn"


def _args(value: Value) -> tuple[str, ...]:
    return tuple(map(str, value.args)) if isinstance(value, Expression) and value.op == "ref" else ()


def _inside(text: str) -> str:
    return text[1:-1].strip()


def _text(value: Value) -> str:
    return value.text if isinstance(value, Expression) else ""
