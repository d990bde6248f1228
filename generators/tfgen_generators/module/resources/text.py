"""A module's files as blocks whose expressions the evaluation of HCL2 computes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from tfgen_generators.packer.model import BrokenTemplateError
from tfgen_generators.packer.syntax.hcl_reader import read_native
from tfgen_generators.packer.syntax.syntax import Block, Body
from tfgen_generators.packer.syntax.values import Expression, Value

#: What `split(":", ARN)` of the caller's ARN is read as.
ARN_PARTS = "arn_parts"
_DEEPEST = 60


class ModuleText(msgspec.Struct, frozen=True, kw_only=True):
    """What a folder declares. `is_whole` is false where a file could not be read, or overrides others."""

    variables: Mapping[str, Body]
    locals: Mapping[str, Value]
    resources: tuple[Block, ...]
    outputs: Mapping[str, Value]
    calls: Mapping[str, Body]
    is_whole: bool = True


def read_text(files: Mapping[str, bytes]) -> ModuleText:
    """The files of one folder, by their paths."""
    variables: dict[str, Body] = {}
    named: dict[str, Value] = {}
    resources: list[Block] = []
    calls: dict[str, Body] = {}
    outputs: dict[str, Value] = {}
    is_whole = True
    for path, data in files.items():
        if path.endswith((".json", "override.tf")):
            is_whole = False
            continue
        blocks = _blocks(data)
        is_whole = is_whole and blocks is not None
        for block in blocks or ():
            if block.kind == "locals":
                named |= {name: rewritten(value) for name, value in block.body.attributes.items()}
            elif block.kind == "resource" and len(block.labels) == 2:
                _rewrite(block.body)
                resources.append(block)
            elif block.kind == "variable" and block.labels:
                variables[block.labels[0]] = block.body
            elif block.kind == "output" and block.labels:
                outputs[block.labels[0]] = rewritten(block.body.attributes.get("value"))
            elif block.kind == "module" and block.labels:
                calls[block.labels[0]] = block.body
    return ModuleText(
        variables=variables,
        locals=named,
        resources=tuple(resources),
        outputs=outputs,
        calls=calls,
        is_whole=is_whole,
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
    function = _REPLACED.get(str(name))
    return value if function is None else function(value, *arguments)


def _same(value: Expression, *arguments: Value) -> Value:
    return arguments[0] if len(arguments) == 1 else value


def _as_set(value: Expression, *arguments: Value) -> Value:
    return Expression(value.text, "call", ("setunion", *arguments), value.line)


def _converted(value: Expression, *arguments: Value) -> Value:
    kind = str(value.args[0]).removeprefix("to")
    return Expression(value.text, "call", ("convert", *arguments, Expression(kind)), value.line)


def _split(value: Expression, *arguments: Value) -> Value:
    """Of the caller's ARN the partition and the account are certain, and no more."""
    names = _names(arguments[-1]) if arguments else ()
    if names[:2] != ("data", "aws_caller_identity") or names[-1] != "arn":
        return value
    return Expression(value.text, "ref", (*names[:-1], ARN_PARTS), value.line)


def _without(value: Expression, *arguments: Value) -> Value:
    """`setsubtract(a, b)`."""
    if len(arguments) != 2:
        return value
    one = Expression("one", "ref", ("one",))
    absent = Expression("", "!", (Expression("", "call", ("contains", arguments[1], one)),))
    return Expression(value.text, "for", ("", "one", arguments[0], absent, False, None, one), value.line)


def _rounded_up(value: Expression, *arguments: Value) -> Value:
    """`ceil(length(x) / 12)` without the fraction, whose decimals have no end."""
    quotient = arguments[0] if len(arguments) == 1 else None
    length, most = quotient.args if isinstance(quotient, Expression) and quotient.op == "/" else (None, None)
    is_counted = isinstance(length, Expression) and length.args[:1] == ("length",)
    if not is_counted or not isinstance(most, int) or most < 1:
        return value
    more = Expression("", "+", (length, most - 1))
    whole = Expression("", "-", (more, Expression("", "%", (more, most))))
    return Expression(value.text, "/", (whole, most), value.line)


def _names(value: Value) -> tuple[str, ...]:
    return tuple(map(str, value.args)) if isinstance(value, Expression) and value.op == "ref" else ()


def _inside(text: str) -> str:
    return text[1:-1].strip()


def _text(value: Value) -> str:
    return value.text if isinstance(value, Expression) else ""


_REPLACED: Mapping[str, Callable[..., Value]] = {
    **dict.fromkeys(("nonsensitive", "sensitive", "tolist", "tomap"), _same),
    **dict.fromkeys(("tobool", "tonumber", "tostring"), _converted),
    "ceil": _rounded_up,
    "setsubtract": _without,
    "split": _split,
    "toset": _as_set,
}
