"""What a Jinja template names: other templates, and files by lookups."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tfgen_generators.ansible.reading.lookups import label_of, references_in_lookups, references_in_paths, term_values
from tfgen_generators.ansible.reading.model import Reference

_STATEMENT = re.compile(r"\s*(include|import|from|extends)\s+(.*)", re.DOTALL)
_END_OF_NAME = re.compile(r"\s(?:import|as|ignore\s+missing|with(?:out)?\s+context)\b")


def statements(text: str) -> Iterator[tuple[int, str]]:
    """The statements (between `{%` and `%}`) of a template, each with its offset."""
    at = text.find("{%")
    while at >= 0:
        end = text.find("%}", at)
        if end < 0:
            return
        yield at, text[at + 2 : end].strip("-+")
        at = text.find("{%", end)


def references_in_template(text: str) -> Iterator[Reference]:
    """References of a Jinja template: other templates, and what lookups read."""
    for start, statement in statements(text):
        match = _STATEMENT.match(statement)
        if match is None:
            continue
        ignore = bool(re.search(r"ignore\s+missing", match[2]))
        expression = _END_OF_NAME.split(match[2] + " ", maxsplit=1)[0].strip()
        names = [name for name in term_values(expression, {}) if name]
        first = len(names) > 1 and expression.startswith("[")
        if names:
            yield Reference(
                kind="first" if first else "search",
                names=tuple(names),
                label=label_of(f"{match[1]}: {expression}"),
                line=text.count("\n", 0, start) + 1,
                subdir="templates",
                load="template",
                optional=ignore or not expression.startswith(("'", '"')),
            )
    yield from references_in_lookups(text, 1, {}, "", lazy=False)
    if "role_path" in text or "playbook_dir" in text:
        for number, line in enumerate(text.splitlines(), 1):
            if "{{" in line and ("role_path" in line or "playbook_dir" in line):
                yield from references_in_paths(line, number, {}, lazy=False)
