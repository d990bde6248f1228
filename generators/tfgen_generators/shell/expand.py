"""Words of a shell text with their variables filled in, as far as they are known without running anything."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from tfgen_generators.shell.commands import command_words
from tfgen_generators.shell.folders import anchored, joined
from tfgen_generators.shell.marks import ANCHOR, UNKNOWN
from tfgen_generators.shell.printed import found_by
from tfgen_generators.shell.tree import Tree

if TYPE_CHECKING:
    from tree_sitter import Node

#: Variables that hold the folder of the repository's root in a build, or on a CI host.
ROOTS = frozenset(
    {
        "BITBUCKET_CLONE_DIR",
        "BUILD_SOURCESDIRECTORY",
        "CI_PROJECT_DIR",
        "CIRCLE_WORKING_DIRECTORY",
        "CODEBUILD_SRC_DIR",
        "GITHUB_WORKSPACE",
        "TRAVIS_BUILD_DIR",
        "WORKSPACE",
    }
)
#: The grammar reads `${0%/*}` so: the variable, the operator, a pattern.
_DEFAULTS = (":-", "-", ":=", "=")
#: Between the words of `$@`.
ALL_WORDS = "\2"
_DIRECTORY = frozenset({"/*"})
_BASE_NAME = frozenset({"*/"})
_TOP_LEVEL = ("rev-parse", "--show-toplevel")
_SAME = frozenset({"realpath", "readlink", "echo"})
#: Programs that print the files that they are given, changed or not.
_SHOWING = frozenset({"awk", "cat", "envsubst", "grep", "head", "sed", "tac", "tail"})
#: Longer values are not followed.
LONGEST = 4096
_DEEPEST = 20
_COUNTED = re.compile(r"([A-Za-z_]\w*)\s*(?:[-+]?=|\+\+|--)")
#: An entry of an array with its key: `[a]=b`.
_KEYED = re.compile(r"\[[^]]*\]=")
_TRAILING = re.compile(r"\n+\Z")


class Expansion:
    """Fills in the words of one text. `variables` may be changed by the caller as the text assigns them."""

    def __init__(self, tree: Tree, variables: Mapping[str, str], folder: Callable[[], str]) -> None:
        self._tree, self._variables, self._folder = tree, variables, folder
        #: The files whose texts stand in the words that were filled in: `$(cat FILE)`.
        self.shown: dict[str, None] = {}
        self._shown_by: dict[str, dict[str, None]] = {}

    def text(self, node: Node, depth: int = 0) -> str:
        """The word at a node; what is not known in it is `UNKNOWN`."""
        kind = node.type
        if kind == "process_substitution" and depth <= _DEEPEST:
            self._show(node, depth)
        if depth > _DEEPEST or kind in ("process_substitution", "arithmetic_expansion"):
            return UNKNOWN
        if kind in ("string", "concatenation", "command_name", "translated_string"):
            found = "".join(self.text(part, depth + 1) for part in node.children if part.type != '"')
            return found if len(found) <= LONGEST else UNKNOWN
        if kind == "simple_expansion":
            return self._value(self._tree.written(node)[1:])
        if kind in ("expansion", "command_substitution"):
            return self._expanded(node, depth) if kind == "expansion" else self._substituted(node, depth)
        if kind == "string_content":
            return re.sub(r'\\([$`"\\])', r"\1", self._tree.written(node))
        return self._tree.word(node)

    def here(self) -> str:
        """The current folder, as `PWD` among the variables says where the text began."""
        folder = self._folder()
        return UNKNOWN if UNKNOWN in folder else joined(self._variables.get("PWD", "."), folder)

    def _value(self, name: str) -> str:
        if name == "PWD":
            return self.here()
        self.shown |= self._shown_by.get(name, {})
        if name in self._variables:
            return self._variables[name]
        if name in ROOTS:
            return ANCHOR
        return "~" if name == "HOME" else UNKNOWN

    def _expanded(self, node: Node, depth: int) -> str:
        parts = node.children[1:-1]
        if len(parts) == 2 and parts[0].type == "!":
            return self._value(self._value(self._tree.written(parts[1])))
        if not parts or parts[0].type not in ("variable_name", "special_variable_name", "subscript"):
            return UNKNOWN
        name = self._tree.written(parts[0])
        value = self._value("0") if name in ("BASH_SOURCE", "BASH_SOURCE[0]") else self._entry(parts[0], depth)
        if len(parts) == 1:
            return value
        operator, rest = self._tree.written(parts[1]), "".join(map(self._tree.written, parts[2:]))
        if operator in _DEFAULTS and value == UNKNOWN:
            return self.text(parts[2], depth + 1) if len(parts) == 3 else ""
        return value if operator in _DEFAULTS or value == UNKNOWN else _cut(value, operator, rest)

    def _entry(self, node: Node, depth: int) -> str:
        """The value of a variable, or of one entry of an array: of which one is not known, that is `UNKNOWN`."""
        if node.type != "subscript" or len(node.named_children) != 2:
            return self._value(self._tree.written(node).partition("[")[0])
        name, index = self._tree.word(node.named_children[0]), self.text(node.named_children[1], depth + 1)
        if f"{name}[{index}]" in self._variables:
            return self._variables[f"{name}[{index}]"]
        words = [word for word in self._value(name).split(ALL_WORDS) if word]
        if index in ("@", "*"):
            more = (text for key, text in self._variables.items() if key.startswith(f"{name}["))
            return ALL_WORDS.join([*(_KEYED.sub("", word) for word in words), *more])
        keyed = [word for word in words if word.startswith(f"[{index}]=")]
        if keyed or any(map(_KEYED.match, words)):
            return _KEYED.sub("", keyed[0]) if keyed else UNKNOWN
        return words[int(index)] if index.isdecimal() and int(index) < len(words) else UNKNOWN

    def _substituted(self, node: Node, depth: int) -> str:
        """What a command prints that is known to do nothing but to work with paths."""
        self._show(node, depth)
        inner = [part for part in node.named_children if part.type != "comment"]
        if (len(inner) == 1 and inner[0].type == "list") or len(inner) == 2:  # `cd X && pwd`, `cd X; pwd`
            first, *_, last = inner[0].children if len(inner) == 1 else inner
            folder = self._changed_to(first, depth)
            return folder if folder is not None and command_words(self._tree, last)[:1] == ("pwd",) else UNKNOWN
        if len(inner) != 1 or inner[0].type not in ("command", "redirected_statement"):
            return UNKNOWN
        words = self.words(inner[0], depth + 1)
        arguments = [word for word in words[1:] if not word.startswith("-")]
        if words[:1] == ["pwd"]:
            return self.here()
        if words[:1] == ["git"] and tuple(words[-2:]) == _TOP_LEVEL:
            return ANCHOR
        if words[:1] == ["find"]:
            return ALL_WORDS.join(found_by(words))
        return _printed(words[0], arguments) if words and len(arguments) == 1 else UNKNOWN

    def _show(self, node: Node, depth: int) -> None:
        """Remembers the files that a substitution prints."""
        for part in node.named_children:
            if part.type == "file_redirect":
                self.shown |= {
                    self.text(inner, depth + 1): None for inner in part.children_by_field_name("destination")
                }
            elif part.type == "redirected_statement":
                self._show(part, depth + 1)
            elif part.type == "command" and self._tree.word(part.children[0]) in _SHOWING:
                self.shown |= {word: None for word in self.words(part, depth + 1)[1:] if not word.startswith("-")}

    def _changed_to(self, node: Node, depth: int) -> str | None:
        words = self.words(node, depth + 1)
        return joined(self.here(), words[-1]) if words[:1] == ["cd"] and len(words) > 1 else None

    def assigned(self, node: Node) -> tuple[str, str]:
        """The variable that an assignment sets, and its value."""
        outer, self.shown = self.shown, {}
        name, *_, value = node.children
        key = self._tree.word(name)
        before = self._variables.get(key, "") if node.children[1].type == "+=" else ""
        if value.type == "array":
            words = [word for part in value.children if part.is_named for word in self.split(part)]
            text = ALL_WORDS.join([*before.split(ALL_WORDS), *words] if before else words)
        else:
            text = before + self.text(value) if value.type not in ("=", "+=") else before
        if self.shown:
            self._shown_by[key] = self.shown
        self.shown = outer
        return key, text if len(text) <= LONGEST else UNKNOWN

    def counted(self, node: Node) -> list[str]:
        """The variables that `for (( ))` sets."""
        return _COUNTED.findall(self._tree.written(node).partition("))")[0])

    def words(self, node: Node, depth: int = 0) -> list[str]:
        """The words of a simple command, filled in."""
        if node.type == "redirected_statement":
            return self.words(node.children[0], depth)
        if node.type == "test_command":
            return ["[", *(word for part in node.children for word in self._leaves(part))]
        parts: Sequence[Node] = [
            part
            for part in node.children
            if part.is_named and not part.type.endswith(("_redirect", "comment")) and part.type != "variable_assignment"
        ]
        return [word for part in parts for word in self.split(part, depth)]

    def _leaves(self, node: Node) -> Iterator[str]:
        """The words of a test, without its operators."""
        if node.type.endswith("_expression"):
            for part in node.children:
                yield from self._leaves(part)
        elif node.is_named and node.type != "test_operator":
            yield self.text(node)

    def split(self, node: Node, depth: int = 0) -> list[str]:
        """The words that one is: more where it has braces, or is an unquoted variable with blanks in it."""
        if node.type == "command_name" and node.child_count == 1:
            node = node.children[0]
        text = self.text(node, depth)
        if ALL_WORDS in text:
            return text.split(ALL_WORDS)
        if node.type in ("simple_expansion", "expansion", "command_substitution") and " " in text:
            return text.split()
        return _braces(text, node)


def _cut(value: str, operator: str, pattern: str) -> str:
    """What `${X%PATTERN}` and its like leave of a value."""
    if operator in ("%", "%%") and pattern in _DIRECTORY:
        return value.rpartition("/")[0] or "."
    if operator in ("#", "##") and pattern in _BASE_NAME:
        return value.rpartition("/")[2]
    if operator in ("%", "%%") and pattern == ".*":
        return (value.rpartition(".") if operator == "%" else value.partition("."))[0]
    if operator in ("/", "//") and "/" in pattern and not re.search(r"[*?\[$#%]", pattern):
        old, _, new = pattern.partition("/")
        return value.replace(old, new, 1 if operator == "/" else -1) if old else UNKNOWN
    if operator in ("%", "%%", "#", "##") and not re.search(r"[*?\[$]", pattern):
        return value.removesuffix(pattern) if operator[0] == "%" else value.removeprefix(pattern)
    return value if operator in (":?", "?") else UNKNOWN


def _braces(text: str, node: Node) -> list[str]:
    """`{a,b}.txt` as two words, where braces are no text."""
    if counted := re.fullmatch(r"([^{}]*)\{(\d{1,3})\.\.(\d{1,3})\}([^{}]*)", text):
        first, last = int(counted[2]), int(counted[3])
        return [f"{counted[1]}{one}{counted[4]}" for one in range(first, last + 1)][:64] or [text]
    match = re.fullmatch(r"([^{}]*)\{([^{}]*,[^{}]*)\}([^{}]*)", text)
    if match is None or node.type in ("string", "raw_string"):
        return [text]
    return [f"{match[1]}{one}{match[3]}" for one in match[2].split(",")]


def _printed(program: str, arguments: Sequence[str]) -> str:
    text = _TRAILING.sub("", arguments[0])
    if program in ("which", "command"):  # what has a folder it prints as it is
        return text if "/" in text else UNKNOWN
    if program == "dirname":
        rest = text.removeprefix(ANCHOR)
        if UNKNOWN in rest.rpartition("/")[2]:  # it may have folders
            return UNKNOWN
        folder = posixpath.dirname(rest) or "."
        return anchored(folder) if rest != text else folder
    if program == "basename":
        return posixpath.basename(text)
    return text if program in _SAME else UNKNOWN
