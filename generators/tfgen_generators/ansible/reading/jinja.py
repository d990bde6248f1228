"""Jinja's own lexer and parser. Nothing is rendered, so that filters and tests need not exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import msgspec
from jinja2 import Environment, TemplateSyntaxError, nodes

_LARGEST = 64 * 1024
#: So much of a text is read for one call or statement.
_LONGEST = 4000
#: So many statements may have no end; then no more are read.
_MOST_INCOMPLETE = 20
#: Longer texts are not kept with their syntax trees.
_LONGEST_KEPT = 2000
_ENVIRONMENT = Environment(autoescape=True, trim_blocks=True, extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"])
_NAMING = re.compile(r"\{%[-+]?\s*(extends|from|import|include)\b")
_AFTER_NAME = ("as", "ignore", "import", "with", "without")


class Statement(msgspec.Struct, frozen=True):
    """A statement that names other templates by the expression `source`. `keyword_line` is where a parser sees it."""

    keyword: str
    source: str
    line: int
    keyword_line: int
    ignore_missing: bool


def parse_template(text: str) -> nodes.Template | None:
    """The syntax tree; None when Jinja cannot parse the text, or it is larger than 64 kB."""
    if len(text) > _LARGEST:
        return None
    return _kept(text) if len(text) <= _LONGEST_KEPT else _parse(text)


def _parse(text: str) -> nodes.Template | None:
    try:
        return _ENVIRONMENT.parse(text)
    except (TemplateSyntaxError, RecursionError, ValueError):  # ValueError: a number of 5,000 digits
        return None


_kept = lru_cache(maxsize=1024)(_parse)


def parse_expression(source: str) -> nodes.Expr | None:
    """The syntax tree of what may stand between `{{` and `}}`; None when it is no expression."""
    tree = parse_template("{{ " + source + " }}")
    if tree is None or len(tree.body) != 1 or not isinstance(tree.body[0], nodes.Output):
        return None
    found = tree.body[0].nodes
    return found[0] if len(found) == 1 and not isinstance(found[0], nodes.TemplateData) else None


def has_choice(tree: nodes.Expr) -> bool:
    """Whether only a run knows which text of an expression is taken: what `if` and `else` name is taken to be there."""
    try:
        return any(map(_is_choice, tree.find_all(nodes.Expr)))
    except RecursionError:
        return True


def _is_choice(node: nodes.Expr) -> bool:
    if isinstance(node, nodes.Getitem):
        return isinstance(node.node, nodes.Dict)
    return isinstance(node, nodes.And | nodes.Or) or (isinstance(node, nodes.Filter) and node.name.endswith("ternary"))


def split_template(text: str) -> list[tuple[str, str]] | None:
    """The parts of a template, each a kind (`text`, `expression` or `statement`) and its source without delimiters.

    Statements need not be complete. None when Jinja cannot read the text, or it is larger than 64 kB.
    """
    found: list[tuple[str, str]] = []
    inner: list[str] | None = None
    try:
        for _, token, value in _ENVIRONMENT.lexer.tokeniter(text, None) if len(text) <= _LARGEST else ():
            if token in ("variable_begin", "block_begin"):
                inner = []
            elif inner is None:
                found.append(("text", value if token == "data" else ""))
            elif token in ("variable_end", "block_end"):
                found.append(("expression" if token == "variable_end" else "statement", "".join(inner)))
                inner = None
            else:
                inner.append(value)
    except TemplateSyntaxError:
        return None
    return found if found and inner is None else None


def naming_statements(text: str) -> Iterator[Statement]:
    """What may be statements that name other templates, in order; some may be comments."""
    incomplete = lines = counted = 0
    for match in _NAMING.finditer(text):
        lines += text.count("\n", counted, match.start())
        counted = match.start()
        tokens = list(_tokens(text[match.start() : match.start() + _LONGEST], "block_end"))
        if not tokens or tokens.pop()[0] != "block_end":
            incomplete += 1
            if incomplete > _MOST_INCOMPLETE:
                return
            continue
        names = [number for number, (token, _) in enumerate(tokens) if token == "name"]
        end = next((number for number in names[1:] if tokens[number][1] in _AFTER_NAME), len(tokens))
        yield Statement(
            keyword=match[1],
            source="".join(value for _, value in tokens[names[0] + 1 : end]).strip(),
            line=lines + 1,
            keyword_line=lines + text.count("\n", match.start(), match.start(1)) + 1,
            ignore_missing=end < len(tokens) and tokens[end][1] == "ignore",
        )


def call_source(text: str, start: int) -> str:
    """The call that starts at an offset, up to its closing bracket; "" when there is none."""
    depth = 0
    found: list[str] = []
    for token, value in _tokens("{{" + text[start : start + _LONGEST], "variable_end"):
        found.append(value)
        if token == "operator":
            depth += (value in "([{") - (value in ")]}")
            if depth == 0:
                return "".join(found)
    return ""


def _tokens(text: str, end: str) -> Iterator[tuple[str, str]]:
    """Jinja's tokens, with white space, of an expression or a statement with which a text starts, up to its end."""
    try:
        for _, token, value in _ENVIRONMENT.lexer.tokeniter(text, None):
            if token not in ("variable_begin", "block_begin"):
                yield token, value
            if token == end:
                return
    except TemplateSyntaxError:
        return
