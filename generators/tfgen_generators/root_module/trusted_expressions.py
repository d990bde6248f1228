"""The expressions of tfgen.toml, and whether a branch that nobody has read may write them: all else in it is text."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from tfgen_generators.root_module.trust import Finding
from tfgen_generators.settings.inputs import Expression, Input
from tfgen_generators.settings.model import FILE_NAME, Settings

#: Terraform's functions that only compute: nothing is read, nothing sensitive uncovered.
_WORDS = """
abs alltrue anytrue base64decode base64encode base64gzip base64sha256 base64sha512 can ceil chomp chunklist
cidrhost cidrnetmask cidrsubnet cidrsubnets coalesce coalescelist compact concat contains csvdecode distinct
element endswith flatten floor format formatdate formatlist indent index issensitive join jsondecode
jsonencode keys length log lookup lower map matchkeys max md5 merge min one parseint plantimestamp pow range
regex regexall replace reverse sensitive setintersection setproduct setsubtract setunion sha1 sha256 sha512
signum slice sort split startswith strcontains strrev substr sum textdecodebase64 textencodebase64 timeadd
timecmp timestamp title tobool tolist tomap tonumber toset tostring transpose trim trimprefix trimspace
trimsuffix try upper urlencode uuidv5 values yamldecode yamlencode zipmap
"""
_PURE = frozenset(_WORDS.split())
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*+("?)')
#: Words are taken whole: an expression that began again within each would try all of them again.
_CALL = re.compile(r"([\w-]++(?:\s*+::\s*+[\w-]++)*+)\s*+(\()?")
_NO_NAME = re.compile(r"^[\d\s:-]+")


def expressions(settings: Settings) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every expression in tfgen.toml, with the path of its key."""
    yield settings.names.account_id, ("names", "account_id")
    yield from _in_inputs(settings.inputs, ("inputs",))
    yield from _in_inputs(settings.module.inputs or {}, ("module", "inputs"))
    yield from _in_inputs(settings.dispatcher.inputs, ("dispatcher", "inputs"))
    for name, own in settings.templates.items():
        yield from _in_inputs(own.inputs, ("templates", name, "inputs"))
        if own.names.account_id is not None:
            yield own.names.account_id, ("templates", name, "names", "account_id")


def _in_inputs(inputs: Mapping[str, Input], path: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, value in inputs.items():
        if isinstance(value, Expression):
            yield value.text, (*path, name)


def judge_expressions(settings: Settings, known: Collection[str]) -> Iterator[Finding]:
    """The expressions that are not `known` and may do more than compute."""
    for text, path in expressions(settings):
        if text in known:
            continue
        for name in sorted(called_functions(text) - _PURE):
            message = f"an expression calls {name}(), which may read files or reveal secrets"
            yield Finding(path=FILE_NAME, line=settings.line(*path), message=message)


def called_functions(text: str) -> frozenset[str]:
    """The functions that an expression may call; too many rather than too few where it holds templates."""
    plain = text if "${" in text or "%{" in text else _TEXT.sub(lambda text: '""' if text[1] else text[0], text)
    names = {_NO_NAME.sub("", name) for name, called in _CALL.findall(plain) if called}
    words = names - {"", "for", "if", "in"}
    return frozenset(re.sub(r"\s", "", name).removeprefix("core::") for name in words)
