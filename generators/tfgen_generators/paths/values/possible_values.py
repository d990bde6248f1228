"""What a value in a template may come to in a pipeline: texts, with a mark where a piece cannot be known.

Variables have their defaults unless something in the repository sets them; then every value that it may have counts.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

from tfgen_generators.packer.details import Details
from tfgen_generators.packer.evaluation.bound import Limited
from tfgen_generators.packer.evaluation.evaluate import evaluate
from tfgen_generators.packer.evaluation.scope import Scope
from tfgen_generators.packer.model import Template
from tfgen_generators.packer.syntax.actions import actions
from tfgen_generators.packer.syntax.values import Expression, Value, as_text, is_known
from tfgen_generators.paths.values.combinations import MOST as _MOST
from tfgen_generators.paths.values.combinations import (
    NOTHING,
    combinations,
    inside,
    is_nothing,
    leaves,
    product,
    without_globs,
)
from tfgen_generators.paths.values.sources import ANY_UNSET, ANY_VARIABLE, ValueSources
from tfgen_generators.shell.marks import ANCHOR, UNKNOWN, WORKING

_DEEPEST = 20
#: What may have elements. (A tuple: `list | Expression` would be made anew for each value.)
_DEEP = (list, Expression)
#: How many pieces are looked at for one template, one behind the other: names that name others twice make 2^20.
_MOST_PIECES = 20_000
#: How much is computed for one template.
_MOST_ROUNDS = 20_000
#: A file that a plugin makes: it is of no repository.
_MADE = "/made"
_CALL = re.compile(r"(user|env)\s+[`\"]([^`\"]*)[`\"]")
_PIPES = {"lower": str.lower, "upper": str.upper}
_SAME = frozenset({"abspath", "chomp", "coalesce", "pathexpand", "trimspace", "try"})
_JOINING = frozenset({"coalescelist", "compact", "concat", "distinct", "flatten", "reverse", "setunion", "sort"})
#: What CodeBuild or AWS sets in a build; nobody writes it down.
_SET_BY_AWS = ("AWS_", "CODEBUILD_")
_SET_BY_ALL = frozenset({"HOME", "PATH", "PWD", "USER", "HOSTNAME", "TMPDIR", "SHELL", "LANG"})


class PossibleValues:
    """The names of one template."""

    def __init__(self, template: Template, details: Sequence[Details], around: ValueSources) -> None:
        self.scope = Scope(template, details)
        #: Environment variables that made a difference so far, there or not.
        self.read: dict[str, None] = {}
        self._around = around
        self._left = _MOST_PIECES
        # For each use a `Limited` of its own: one that is kept here would hold this object, which then is garbage.
        self._rounds = [_MOST_ROUNDS]
        self._meanings: dict[tuple[str, ...], Value] = {}
        self._chosen_meanings: dict[tuple[str, ...], Value] = {}
        self._known_leaves: dict[int, tuple[Value, dict[tuple[str, ...], list[Value]]]] = {}
        path = PurePosixPath(template.path)
        self._folder = ANCHOR + str(path if template.kind == "directory" else path.parent)
        self._locals = {name: value for one in details for name, value in one.locals.items()}
        self._defaults = {name: default for one in details for name, default in one.variables.items()}
        sources = [
            name.partition(".")[::2] for build in self.scope.builds for name in build.sources if isinstance(name, str)
        ]
        parts = [(part.kind, part.name) for one in details for part in one.parts]
        self._sources = [(kind, name) for kind, name in ([*parts] or [*sources])]

    def texts(self, value: Value, *, marked: bool = False) -> list[str]:
        """Every text that `value` may be. `marked`: `path.cwd` in it is `WORKING`, else `.`."""
        texts = dict.fromkeys(self._texts(value, 0))
        found = [text.replace(NOTHING, UNKNOWN) for text in texts if not is_nothing(text)][:_MOST]
        return found if marked else [text.replace(WORKING, ".") for text in found]

    def items(self, value: Value, depth: int = 0) -> list[Value]:
        """The elements of a list, also of one behind a name; a value that is no list is one."""
        too_much = isinstance(value, _DEEP) and self._is_too_much(depth)
        if isinstance(value, list) and not too_much:
            return [
                inner
                for item in value
                for inner in (self.items(item, depth + 1) if isinstance(item, _DEEP) else [item])
            ]
        if not isinstance(value, Expression) or too_much:
            return [value]
        if value.op == "ref":
            meanings = [[one] if one is value else self.items(one, depth + 1) for one in self._named(value)]
            return [item for items in meanings for item in items]
        return self._computed_items(value, depth)

    def _computed_items(self, value: Expression, depth: int) -> list[Value]:
        if (known := self._known(value)) is not None:
            return [item for found in known for item in (found if isinstance(found, list) else [found])]
        found = evaluate(value, Limited(self._lookup, self._rounds))
        if isinstance(found, list):
            return self.items(found, depth + 1)
        if value.op == "if" or (value.op == "call" and value.args[0] in _JOINING):
            return [item for argument in value.args[1:] for item in self.items(argument, depth + 1)]
        return [value]

    def _is_too_much(self, depth: int) -> bool:
        self._left -= depth > 0
        return depth > _DEEPEST or self._left < 0

    def _named(self, reference: Expression) -> list[Value]:
        """What a reference may mean; itself where nothing is known."""
        names = [name for name in reference.args if isinstance(name, str)]
        if names[:1] == ["var"] and len(names) > 1:
            return [inside(value, names[2:], reference) for value in self._variable(names[1])] or [reference]
        if names[:1] == ["local"] and len(names) > 1 and names[1] in self._locals:
            return [inside(self._locals[names[1]], names[2:], reference)]
        if names[:1] == ["env"] and len(names) == 2:
            return self._environment(names[1], unset=[""])
        if names[:1] == ["fileset"] and len(names) == 3:
            return [[without_globs(names[2])]]
        if names[:1] == ["source"] and names[1:] in (["name"], ["type"]):
            return self._of_sources(kinds=names[1] == "type") or [reference]
        if names[:2] == ["data", "sshkey"]:
            names = ["sshkey", names[-1]]
        known = {"path.root": self._folder, "path.cwd": WORKING, "sshkey.private_key_path": _MADE}
        return [known.get(".".join(names), reference)]

    def _of_sources(self, *, kinds: bool) -> list[Value]:
        """The names (or the types) of all sources."""
        return list(dict.fromkeys(source[0 if kinds else 1] for source in self._sources))

    def _variable(self, name: str) -> list[Value]:
        default = self._defaults.get(name)
        values: list[Value] = list(default) if default else []
        for key in (name, ANY_VARIABLE):
            values += self._around.set_values.get(key, ())
        return [*values, *self._environment(f"PKR_VAR_{name}", unset=[])]

    def _environment(self, name: str, unset: list[Value]) -> list[Value]:
        self.read[name] = None
        found: list[Value] = list(self._around.environment.get(name, ()))
        by_aws = name.startswith(_SET_BY_AWS) or name in _SET_BY_ALL
        if by_aws or (self._around.unsure is not None and name in self._around.unsure):
            return [*found, UNKNOWN]
        if not found and self._around.unsure is None and not name.startswith("PKR_VAR_"):
            return [UNKNOWN]
        return found or unset

    def _lookup(self, names: tuple[str, ...]) -> Value:
        """For `evaluate`: what a name means where it can mean one thing only."""
        return self._found(names, {})

    def _found(self, names: tuple[str, ...], chosen: Mapping[tuple[str, ...], Value]) -> Value:
        """The same, where some names have been given one of their meanings."""
        unknown = Expression(".".join(names), "ref", names)
        if names[:2] in chosen:
            value = chosen[names[:2]]
            return value if value == UNKNOWN else inside(value, names[2:], unknown)
        meanings = self._meanings if not chosen else self._chosen_meanings
        if names not in meanings:
            meanings[names] = unknown  # where it names itself
            found = self._named(unknown)
            if len(found) == 1 and found[0] != unknown:
                meanings[names] = evaluate(found[0], Limited(lambda inner: self._found(inner, chosen), self._rounds))
        return meanings[names]

    def _known(self, value: Expression) -> list[Value] | None:
        """Every value that an expression may have, with marks for what cannot be known; None where it may be any."""
        found = evaluate(value, Limited(self._lookup, self._rounds))
        if is_known(found):
            return [found]
        several = self._leaves(value)
        if not several or math.prod(map(len, several.values())) > _MOST:
            return None
        values: list[Value] = []
        for one in itertools.product(*several.values()):
            chosen = dict(zip(several, one, strict=True))
            self._chosen_meanings = {}
            self._left -= 1
            found = evaluate(value, Limited(lambda inner, chosen=chosen: self._found(inner, chosen), self._rounds))  # type: ignore[misc]
            if not is_known(found) or self._left < 0:
                return None
            values.append(found)
        return values

    def _leaves(self, value: Expression) -> dict[tuple[str, ...], list[Value]]:
        """What `leaves` says, for each object once."""
        if id(value) not in self._known_leaves:
            self._known_leaves[id(value)] = value, leaves(value, self._named)
        return self._known_leaves[id(value)][1]

    def _texts(self, value: Value, depth: int) -> Iterable[str]:
        if self._is_too_much(depth):
            return [UNKNOWN]
        if isinstance(value, str):
            return self._filled(value, depth)
        if value is None and depth == 0:
            return []  # as if it were not set
        if not isinstance(value, Expression):
            return [UNKNOWN if isinstance(value, list | dict) else as_text(value)]
        return self._expressed(value, depth)

    def _expressed(self, value: Expression, depth: int) -> Iterable[str]:
        if value.op == "template":
            return product([self._texts(part, depth + 1) for part in value.args])
        if value.op == "ref":
            return self._referred(value, depth)
        if (known := self._known(value)) is not None:
            return [text for found in known for text in self._texts(found, depth + 1)]
        found = evaluate(value, Limited(self._lookup, self._rounds))
        return self._computed(value, depth) if found == value else self._texts(found, depth + 1)

    def _referred(self, value: Expression, depth: int) -> Iterable[str]:
        found: list[str] = []
        for meant in self._named(value):
            found += [UNKNOWN] if meant == value else self._texts(meant, depth + 1)
        return found

    def _computed(self, value: Expression, depth: int) -> Iterable[str]:
        """Where the whole is not known: what it chooses from, or is made of."""
        name, *arguments = value.args or ("",)
        chosen: Sequence[Value] | None = None
        if not value.op and any(isinstance(part, str) for part in value.args[:1] + value.args[-1:]):
            before, after = (part if isinstance(part, str) else "" for part in (value.args[0], value.args[-1]))
            return [f"{before}{UNKNOWN}{after if len(value.args) > 1 else ''}"]  # around `%{if}`
        if value.op == "if":
            chosen = value.args[1:]
        elif value.op == "call" and name in _SAME:
            chosen = arguments
        elif value.op == "call" and name == "fileset" and len(arguments) == 2:
            return [without_globs(text) for text in self._texts(arguments[1], depth + 1)]
        elif value.op == "call" and name == "lookup" and arguments:
            chosen = [*self._values_of(arguments[0]), *arguments[2:]]
        elif value.op == "index":
            chosen = self._values_of(value.args[0])
        elif value.op == "call" and name == "join" and len(arguments) == 2 and isinstance(arguments[1], list):
            pieces = [self._texts(item, depth + 1) for item in arguments[1]]
            separator = as_text(arguments[0]) if isinstance(arguments[0], str) else UNKNOWN
            return [separator.join(one) for one in combinations(pieces)]
        if not chosen:
            return [UNKNOWN]
        return [text for one in chosen for text in self._texts(one, depth + 1)]

    def _values_of(self, value: Value) -> list[Value]:
        found: list[Value] = []
        for meant in self._named(value) if isinstance(value, Expression) and value.op == "ref" else [value]:
            if isinstance(meant, dict):
                found += meant.values()
            elif isinstance(meant, list):
                found += meant
            else:
                return [Expression("?")]
        return found

    def _filled(self, text: str, depth: int) -> Iterable[str]:
        """`text` with Packer's own `{{ }}` filled in."""
        if "{{" not in text:
            return [text]
        pieces: list[Iterable[str]] = []
        start = 0
        for action in actions(text):
            pieces += [[text[start : action.start]], self._action(action.words, depth)]
            start = action.end
        filled = product([*pieces, [text[start:]]])
        return [one.replace(f"{self._folder}//", f"{self._folder}/") for one in filled]

    def _action(self, words: str, depth: int) -> Iterable[str]:
        words, *pipes = [part.strip() for part in words.split("|")]
        changes = [_PIPES.get(pipe) for pipe in pipes]
        found = self._called(words, depth) if None not in changes else [UNKNOWN]
        for change in filter(None, changes):
            found = [change(text) for text in found]
        return found

    def _called(self, words: str, depth: int) -> Iterable[str]:
        if words == "template_dir":
            return [self._folder + "/"]
        if words == "pwd":
            return [WORKING + "/"]
        if words in ("build_name", "build_type") and self._sources:
            return [str(name) for name in self._of_sources(kinds=words == "build_type")]
        match = _CALL.fullmatch(words)
        if not match:
            return [UNKNOWN]
        kind, name = match.groups()
        values = self._variable(name) if kind == "user" else self._environment(name, unset=[""])
        if not values and not self._around.set_values.get(ANY_UNSET):
            return [NOTHING]
        return [text for value in values for text in self._texts(value, depth + 1)] or [UNKNOWN]
