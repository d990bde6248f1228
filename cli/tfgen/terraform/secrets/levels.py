"""Where a sensitive value can be: what is declared so, and all that is made of it, through locals, modules, outputs.

It looks at names, not at values, and takes more for sensitive than is: a block is as sensitive as the most sensitive
that it names.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from enum import IntEnum
from pathlib import Path

from tfgen.terraform.secrets.configuration import Module, Statement, names_in, read_configuration

_Names = dict[tuple[str, str], "Level"]
_KINDS = {"variable": "var", "local": "local", "output": "output", "module": "module"}
_RESOURCES = frozenset({"resource", "data", "ephemeral"})
#: Types of resources of which every value that counts is a secret, by the words in their names.
_SECRET_TYPE = re.compile(
    r"password|passphrase|secret|private_?key|ssm_parameter|token|credential|access_key|key_pair|certificate"
    r"|^(?:random|tls|vault|sops|external)_|^terraform_remote_state$"
)
_BUILT_IN = "terraform_data"
#: How many names one value may go through, from the last line to the first; with more, nothing is known.
_MOST_ROUNDS = 200


class Level(IntEnum):
    """How sensitive: `PROVIDERS` is what a resource has, of which only its provider's schema could tell."""

    NONE = 0
    PROVIDERS = 1
    DECLARED = 2


class Levels:
    """How sensitive each statement of a configuration is."""

    def __init__(self, modules: Mapping[str, Module]) -> None:
        self._modules = modules
        self._known: dict[str, _Names] = {folder: {} for folder in modules}
        self.is_known = not any(module.unreadable for module in modules.values())
        rounds = 0
        while self._spread():
            rounds += 1
            if rounds > _MOST_ROUNDS:
                self.is_known = False
                break
        found = (self._of(module, statement) for module in modules.values() for statement in module.statements())
        self.highest = max(found, default=Level.NONE) if self.is_known else Level.DECLARED

    def at(self, file: str, line: int) -> Level:
        """Of the statement at `line` of `file`, seen from the root module's folder; the highest where none is known."""
        place, name = os.path.split(os.path.normpath(file))
        module = self._modules.get(place or ".")
        if module is None or name not in module.files or not self.is_known:
            return self.highest
        before = [statement for statement in module.files[name] if statement.line <= line]
        if name.endswith(".json"):
            return max((self._of(module, statement) for statement in module.files[name]), default=Level.NONE)
        return self._of(module, before[-1]) if before else Level.NONE

    def of_address(self, address: str) -> Level:
        """Of the resource at `address`, or of all configurations of a provider."""
        wanted = re.sub(r"\[[^]]*\]", "", address).split(".")[-2:]
        is_provider = address.startswith("provider")
        found = [
            self._of(module, statement)
            for module in self._modules.values()
            for statement in module.statements()
            if (statement.kind == "provider" if is_provider else list(statement.labels) == wanted)
        ]
        if not self.is_known:
            return self.highest
        return max(found, default=Level.NONE if is_provider else self.highest)

    def sensitive_variables(self, folder: str = ".") -> frozenset[str]:
        """The names of a module's variables that are declared so."""
        module = self._modules.get(folder)
        statements = module.statements() if module else ()
        return frozenset(s.labels[0] for s in statements if s.kind == "variable" and _is_declared(s))

    def passed_on(self) -> Iterator[str]:
        """The expressions that modules get for variables that they declare sensitive."""
        for module in self._modules.values():
            for statement in module.statements():
                if statement.kind == "module" and (there := module.calls.get(statement.labels[0])):
                    for name in self.sensitive_variables(there) & {*statement.arguments}:
                        yield statement.arguments[name].text

    def defaults(self) -> Iterator[str]:
        """What sensitive variables are when nobody sets them."""
        for module in self._modules.values():
            for s in module.statements():
                if s.kind == "variable" and _is_declared(s) and "default" in s.arguments:
                    yield s.arguments["default"].text

    def _spread(self) -> bool:
        """Whether something is known to be more sensitive than before."""
        changed = False
        for folder, module in self._modules.items():
            for statement in module.statements():
                if key := _key(statement):
                    changed |= self._raise(folder, key, max(self._of(module, statement), _own(statement)))
                if statement.kind == "module":
                    changed |= self._call(module, statement)
        return changed

    def _call(self, module: Module, statement: Statement) -> bool:
        """A module's variables are as sensitive as what it gets; the call is as its outputs."""
        there = module.calls.get(statement.labels[0])
        if there not in self._known:  # it is not there to be read
            return self._raise(module.folder, ("module", statement.labels[0]), Level.PROVIDERS)
        changed = False
        for name, argument in statement.arguments.items():
            text = argument.text
            if "each" in text or "count" in text:
                text += " ".join(
                    statement.arguments[key].text for key in ("for_each", "count") if key in statement.arguments
                )
            level = max(self._named(module, names_in(text)), Level.DECLARED if "sensitive (" in text else Level.NONE)
            changed |= self._raise(there, ("var", name), level)
        outputs = [level for (kind, _), level in self._known[there].items() if kind == "output"]
        return changed | self._raise(module.folder, ("module", statement.labels[0]), max(outputs, default=Level.NONE))

    def _raise(self, folder: str, key: tuple[str, str], level: Level) -> bool:
        if level <= self._known[folder].get(key, Level.NONE):
            return False
        self._known[folder][key] = level
        return True

    def _of(self, module: Module, statement: Statement) -> Level:
        if statement.marked or statement.kind == "ephemeral" or _is_declared(statement):
            return Level.DECLARED
        level = self._named(module, statement.names)
        if any(of == "self" for of, _ in statement.names):
            level = max(level, _own(statement))
        there = module.calls.get(statement.labels[0], "") if statement.kind == "module" else ""
        if self.sensitive_variables(there) & {*statement.arguments}:
            return Level.DECLARED
        if statement.kind == "variable":
            level = max(level, self._known[module.folder].get(("var", statement.labels[0]), Level.NONE))
        return level

    def _named(self, module: Module, names: frozenset[tuple[str, str]]) -> Level:
        known = self._known[module.folder]
        return max((known.get(name, Level.NONE) for name in names), default=Level.NONE)


def read_levels(folder: Path, data_dir: Path) -> Levels:
    """Of the root module in `folder`, whose modules init has put into `data_dir`."""
    return Levels(read_configuration(folder, data_dir))


def _is_declared(statement: Statement) -> bool:
    return statement.kind in ("variable", "output") and any(
        name in statement.arguments and statement.arguments[name].text != "false" for name in ("sensitive", "ephemeral")
    )


def _own(statement: Statement) -> Level:
    """Of what a resource has of its own: its provider has made it."""
    if statement.kind not in ("resource", "data") or statement.labels[0] == _BUILT_IN:
        return Level.NONE
    return Level.DECLARED if _SECRET_TYPE.search(statement.labels[0]) else Level.PROVIDERS


def _key(statement: Statement) -> tuple[str, str] | None:
    """How others name it."""
    if statement.kind in _RESOURCES and len(statement.labels) == 2:
        return statement.labels[0], statement.labels[1]
    kind = _KINDS.get(statement.kind)
    return (kind, statement.labels[0]) if kind and kind != "module" and statement.labels else None
