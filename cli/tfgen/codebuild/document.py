"""A YAML document with the line of everything in it: what is asked of it either is there or names its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

from tfgen.console import one_line, printable
from tfgen_generators.errors import TfgenError

if TYPE_CHECKING:
    import yaml

_NULL = "tag:yaml.org,2002:null"


class Reader:
    """Reads nodes of the document at `path`; `notes` are warnings, in the order in which they were found."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.notes: list[str] = []

    def compose(self, text: str) -> yaml.Node | None:
        """The root node, None of an empty document. Raises TfgenError."""
        import yaml

        try:
            return yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark else 1
            self._fail(f"is not valid YAML: {error.problem or error.context or error}", line)
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            self._fail(f"is not valid YAML: {str(error).splitlines()[0]}", 1)

    def mapping(self, node: yaml.Node, what: str) -> dict[str, tuple[int, yaml.Node]]:
        """Key -> the key's line and the value; null has none. Of a key that comes twice the last one counts."""
        import yaml

        if isinstance(node, yaml.ScalarNode) and node.tag == _NULL:
            return {}
        if not isinstance(node, yaml.MappingNode):
            self.fail(f"{what} is not a mapping (key: value)", node)
        found: dict[str, tuple[int, yaml.Node]] = {}
        for key, value in _merged(node):
            name = self.text(key, f"a key of {what}")
            if name in found:
                self.note(f"{what}: {name} is defined twice; the last one counts", key)
            found[name] = (line(key), value)
        return found

    def known(self, node: yaml.Node, what: str, names: frozenset[str]) -> dict[str, tuple[int, yaml.Node]]:
        """A mapping of which only `names` are known: others are warned of, and left out."""
        found = self.mapping(node, what)
        for name, (where, _) in found.items():
            if name not in names:
                self.notes.append(f"{self.path}:{where}: {self._shown(name)} is not a key of {what}; it is ignored")
        return {name: item for name, item in found.items() if name in names}

    def texts(self, node: yaml.Node, what: str) -> list[tuple[str, int]]:
        """A list of texts, each with its line."""
        return [(self.text(item, f"{what}[{at}]"), line(item)) for at, item in enumerate(self._items(node, what))]

    def text(self, node: yaml.Node, what: str) -> str:
        """A scalar as it is written; null is ""."""
        import yaml

        if not isinstance(node, yaml.ScalarNode):
            self.fail(f"{what} is not a string", node, "put it in quotes or after |: in YAML, `: ` starts a mapping")
        if re.search("[\0\ud800-\udfff]", node.value):
            self.fail(f"{what} contains a character that cannot be passed to a program", node)
        return "" if node.tag == _NULL else str(node.value)

    def flag(self, node: yaml.Node, what: str) -> bool:
        """yes or no."""
        said = self.text(node, what).lower()
        if said not in ("yes", "no", "true", "false"):
            self.fail(f"{what} is not yes or no", node)
        return said in ("yes", "true")

    def note(self, message: str, node: yaml.Node) -> None:
        """Keeps a warning."""
        self.notes.append(f"{self.path}:{line(node)}: {message}")

    def fail(self, message: str, node: yaml.Node, fix: str | None = None) -> NoReturn:
        """Raises TfgenError at the line of `node`."""
        self._fail(message, line(node), fix)

    def _fail(self, message: str, where: int, fix: str | None = None) -> NoReturn:
        raise TfgenError(self._shown(message), where=f"{self.path}:{where}", fix=fix) from None

    def _items(self, node: yaml.Node, what: str) -> Iterator[yaml.Node]:
        import yaml

        if not isinstance(node, yaml.SequenceNode):
            self.fail(f"{what} is not a list (- item)", node)
        return iter(node.value)

    @staticmethod
    def _shown(text: str) -> str:
        return one_line(printable(text))


def _merged(node: yaml.MappingNode) -> list[tuple[yaml.Node, yaml.Node]]:
    """The pairs of `node`, after those of the mapping that `<<` names."""
    import yaml

    merged: list[tuple[yaml.Node, yaml.Node]] = []
    own = []
    for key, value in node.value:
        if key.tag == "tag:yaml.org,2002:merge" and isinstance(value, yaml.MappingNode):
            merged += value.value
        else:
            own.append((key, value))
    named = {str(key.value) for key, _ in own}
    return [pair for pair in merged if str(pair[0].value) not in named] + own


def line(node: yaml.Node) -> int:
    """The line on which `node` starts, from 1."""
    return int(node.start_mark.line) + 1
