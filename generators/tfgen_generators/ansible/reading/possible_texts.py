"""What texts with Jinja may become. Jinja is only imported for a text that needs it.

A result holds texts with marks: DYNAMIC for what only a run knows, ROLE_PATH and PLAYBOOK_DIR for these two folders.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from tfgen_generators.ansible.reading.model import DYNAMIC, FOLDERS
from tfgen_generators.ansible.reading.nodes import Bindings
from tfgen_generators.ansible.reading.values import UNKNOWN, Values, without_marks

if TYPE_CHECKING:
    from jinja2.nodes import Expr

_VARIABLE = re.compile(r"\{\{ *([A-Za-z_]\w*)((?:\.[A-Za-z_]\w*)*) *\}\}")
#: Longer texts are not kept with their results.
_LONGEST_KEPT = 2000


class LookupCall(msgspec.Struct, frozen=True):
    """A call of a lookup: all that its terms, and its keyword arguments, may be.

    `has_choice`: only a run knows which of them is taken.
    """

    plugin: str
    terms: Values
    keywords: dict[str, Values]
    has_choice: bool


def has_jinja(text: str) -> bool:
    """Whether Jinja decides what the text becomes."""
    return "{{" in text or "{%" in text


def possible_texts(text: str, bindings: Bindings) -> Values:
    """All that a text may become; () when a lookup in it gives the file."""
    if not has_jinja(text) and "{#" not in text:
        return (without_marks(text),)
    plain = _with_variables(without_marks(text), bindings)
    if not has_jinja(plain) and "{#" not in plain:
        return (re.sub("\0+", "\0", plain).strip(),)
    return _evaluate(text, bindings) if bindings or len(text) > _LONGEST_KEPT else _kept(text)


def _with_variables(text: str, bindings: Bindings) -> str:
    """A text with marks for variables that stand alone: most texts have nothing else, and need no parser."""

    def mark(match: re.Match[str]) -> str:
        name, attributes = match.groups()
        if name in bindings:
            return match[0]
        return DYNAMIC if attributes else FOLDERS.get(name, DYNAMIC)

    return _VARIABLE.sub(mark, text)


def _evaluate(text: str, bindings: Bindings) -> Values:
    from tfgen_generators.ansible.reading.evaluation import TOO_MUCH, Evaluator

    try:
        return Evaluator(bindings).text(text)
    except TOO_MUCH:
        return UNKNOWN


def possible_words(text: str, bindings: Bindings) -> Values:
    """Texts with all the words that a text may have: also in loops and branches that only a run knows."""
    found = possible_texts(text, bindings)
    if "{%" not in text or not any(DYNAMIC in one for one in found):
        return found
    from tfgen_generators.ansible.reading.evaluation import TOO_MUCH, Evaluator

    try:
        return (*found, *Evaluator(bindings).parts(without_marks(text), (f"{DYNAMIC} ",)))
    except TOO_MUCH:
        return found


@lru_cache(maxsize=10_000)
def _kept(text: str) -> Values:
    return _evaluate(text, {})


def list_items(source: str) -> Values | None:
    """The items of an expression that is a literal list; None when it is none, or only a run knows them."""
    from tfgen_generators.ansible.reading.evaluation import TOO_MUCH, Evaluator
    from tfgen_generators.ansible.reading.jinja import parse_expression

    tree = parse_expression(source)
    try:
        items = Evaluator({}).items(tree) if tree else None
    except TOO_MUCH:
        return None
    found = tuple(text for values in items for text in values) if items is not None else UNKNOWN
    return None if any(DYNAMIC in text for text in found) else found


def term_texts(source: str) -> Values:
    """All that an expression may become; of a list, its items."""
    from tfgen_generators.ansible.reading.jinja import parse_expression

    tree = parse_expression(source)
    return _term(tree, {}) if tree else UNKNOWN


def _term(tree: Expr, bindings: Bindings) -> Values:
    from tfgen_generators.ansible.reading.evaluation import TOO_MUCH, Evaluator

    try:
        return Evaluator(bindings).term(tree)
    except TOO_MUCH:
        return UNKNOWN


def read_lookup(source: str, bindings: Bindings) -> LookupCall | None:
    """A call of a lookup; None when it is none, or only a run knows of which."""
    from jinja2 import nodes

    from tfgen_generators.ansible.reading.jinja import has_choice, parse_expression

    tree = parse_expression(source)
    plugin = _term(tree.args[0], {}) if isinstance(tree, nodes.Call) and tree.args else ()
    if not isinstance(tree, nodes.Call) or not plugin or DYNAMIC in plugin[0]:
        return None
    return LookupCall(
        plugin=plugin[0],
        terms=tuple(text for node in tree.args[1:] for text in _term(node, bindings)),
        keywords={keyword.key: _term(keyword.value, bindings) for keyword in tree.kwargs},
        has_choice=has_choice(tree),
    )
