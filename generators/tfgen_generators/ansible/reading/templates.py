"""What a Jinja template names: other templates, and files by lookups."""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import nodes

from tfgen_generators.ansible.reading.evaluation import NAMING, TOO_MUCH, Evaluator
from tfgen_generators.ansible.reading.jinja import Statement, naming_statements, parse_template
from tfgen_generators.ansible.reading.lookups import label_of, references_in_lookups, references_in_paths
from tfgen_generators.ansible.reading.model import Reference
from tfgen_generators.ansible.reading.possible_texts import term_texts
from tfgen_generators.ansible.reading.values import Values

_KEYWORDS = {
    nodes.Extends: "extends",
    nodes.FromImport: "from",
    nodes.Import: "import",
    nodes.Include: "include",
}


def references_in_template(text: str) -> Iterator[Reference]:
    """References of a Jinja template: other templates, and what lookups read."""
    yield from _named_templates(text)
    yield from references_in_lookups(text, 1, {}, "", lazy=False)
    if "role_path" in text or "playbook_dir" in text:
        for number, line in enumerate(text.splitlines(), 1):
            if "{{" in line and ("role_path" in line or "playbook_dir" in line):
                yield from references_in_paths(line, number, {}, lazy=False)


def _named_templates(text: str) -> Iterator[Reference]:
    statements = list(naming_statements(text))
    for statement, names in _evaluated(text, statements) if statements else ():
        if any(names):
            yield Reference(
                kind="first" if len(names) > 1 and statement.source.startswith("[") else "search",
                names=tuple(filter(None, names)),
                label=label_of(f"{statement.keyword}: {statement.source}"),
                line=statement.line,
                subdir="templates",
                load="template",
                optional=statement.ignore_missing or not statement.source.startswith(("'", '"')),
            )


def _evaluated(text: str, statements: list[Statement]) -> Iterator[tuple[Statement, Values]]:
    """The statements, each with what it names by the variables that the template sets; no comments."""
    named = _named(text)
    for statement in statements:
        if named is None:
            yield statement, term_texts(statement.source)
        elif names := named.get((statement.keyword_line, statement.keyword)):
            yield statement, names.pop(0)


def _named(text: str) -> dict[tuple[int, str], list[Values]] | None:
    """What the statements of a template name, by line and keyword; None when Jinja cannot parse it."""
    tree = parse_template(text)
    evaluator = Evaluator({})
    found: dict[tuple[int, str], list[Values]] = {}
    try:
        evaluator.output(tree.body if tree else [])
        for node in tree.find_all(NAMING) if tree else ():
            found.setdefault((node.lineno, _KEYWORDS[type(node)]), []).append(evaluator.named[id(node)])
    except TOO_MUCH:
        return None
    return found if tree else None
