"""What a setting of a template comes to in its pipeline, as far as known, and whether it differs between builds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from tfgen_generators.packer.evaluation.evaluate import evaluate
from tfgen_generators.packer.evaluation.functions import IMPURE
from tfgen_generators.packer.syntax.actions import actions
from tfgen_generators.packer.syntax.values import Expression, Value, expressions, is_known

_QUOTED = r"(?:`([^`]*)`|\"([^\"]*)\")"
_CALL = re.compile(rf"\b(user|env)\s+{_QUOTED}|{_QUOTED}\s*\|\s*(user|env)\b")
_UNIQUE = re.compile(r"\b(timestamp|isotime|uuid|strftime|build|consul_key|vault|aws_secretsmanager)\b|\.CreateTime")
#: What is the same in every build of one template: its own names, and what makes texts of texts.
_SAME = re.compile(
    r"\b(clean_resource_name|clean_ami_name|build_name|build_type|template_dir|pwd|packer_version|lower|upper|split|replace"
    r"|replace_all)\b|\.(SourceAMI\w*|BuildRegion)"
)
#: Variables that somebody sets for each build, whatever their default is.
_PER_BUILD = re.compile(
    r"build_?(id|num|number|no|date|time)|commit|\bsha|_sha\b|git|revision|\brev|stamp|date|time|uuid|serial|suffix|run_?id"
    r"|unique|random",
    re.IGNORECASE,
)
#: Not those that give the same for the same machine and template.
_DIFFERENT_CALLS = IMPURE - {"base64gzip", "fileexists", "fileset", "rsadecrypt"}
_DEEPEST = 30
#: (A tuple: `int | float` would be made anew for each value.)
_NUMBERS = (bool, int, float)


@lru_cache(maxsize=2000)
def with_actions(text: str) -> Value:
    """A text with Packer's `{{ }}` as a value: `{{user `x`}}` is a reference to the variable x, others are calls."""
    if "{{" not in text:
        return text
    parts: list[Value] = []
    last = 0
    for action in actions(text):
        parts += [text[last : action.start], _action(text[action.start : action.end], action.words)]
        last = action.end
    kept = tuple(part for part in (*parts, text[last:]) if part != "")
    if len(kept) == 1:
        return kept[0] if isinstance(kept[0], Expression) else text
    return Expression(text, "template", kept)


def _action(text: str, inside: str) -> Expression:
    calls = [_called(match) for match in _CALL.finditer(inside)]
    if len(calls) == 1 and _CALL.fullmatch(inside):
        return Expression(text, calls[0].op, calls[0].args)
    if _UNIQUE.search(inside):
        return Expression(text, "call", ("timestamp",))
    if calls:
        return Expression(text, "", tuple(calls))
    return Expression(text, "", ("",) if _SAME.search(inside) else ())


def _called(match: re.Match[str]) -> Expression:
    name = match[2] or match[3] or match[4] or match[5] or ""
    if (match[1] or match[6]) == "user":
        return Expression(match[0], "ref", ("var", name))
    return Expression(match[0], "call", ("env", name))


class Values:
    """The names of one template.

    `variables` maps a name to its default, None without one; `given` are values that the pipeline sets; `environment`
    is what it passes. A variable without a known value is not known.
    """

    def __init__(
        self,
        variables: Mapping[str, Value],
        local_values: Mapping[str, Value],
        given: Mapping[str, Value],
        environment: Mapping[str, str],
    ) -> None:
        self.variables, self.given, self.environment = variables, given, environment
        self._locals = local_values
        self._meanings: dict[tuple[bool, str, str], Value] = {}
        self._different: dict[str, bool] = {}
        self._depth = 0

    def known(self, value: Value) -> Value:
        """The value with defaults of variables; an Expression where it depends on more."""
        return value if _is_plain(value) else evaluate(_deep_actions(value), self._known_meaning)

    def fixed(self, value: Value) -> Value:
        """The value whatever any variable is set to."""
        return value if _is_plain(value) else evaluate(_deep_actions(value), self._fixed_meaning)

    def text(self, value: Value) -> str | None:
        """A known text, None for everything else."""
        found = self.known(value)
        return found if isinstance(found, str) else None

    def flag(self, value: Value) -> bool | None:
        """True or False (Packer takes both as text too), None where it is not known."""
        found = self.known(value)
        if isinstance(found, str):
            return {"true": True, "false": False, "": False, "1": True, "0": False}.get(found.lower())
        return found if isinstance(found, bool) else False if found is None else None

    def texts(self, value: Value) -> list[str] | None:
        """The texts of a list, None where something in it is not known."""
        found = self.known(value)
        if found is None or isinstance(found, str):
            return [item.strip() for item in (found or "").split(",") if item.strip()]
        if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
            return None
        return [str(item).strip() for item in found]

    def _known_meaning(self, names: tuple[str, ...]) -> Value:
        return self._meaning(names, fixed=False)

    def _fixed_meaning(self, names: tuple[str, ...]) -> Value:
        return self._meaning(names, fixed=True)

    def _meaning(self, names: tuple[str, ...], *, fixed: bool) -> Value:
        unknown = Expression(".".join(names))
        if len(names) < 2 or names[0] not in ("local", "var"):
            return unknown
        key = (fixed, names[0], names[1])
        if key not in self._meanings:
            if self._depth > _DEEPEST:
                return unknown
            self._meanings[key] = unknown  # where it names itself
            self._depth += 1
            self._meanings[key] = (self.fixed if fixed else self.known)(self.written(names[0], names[1], fixed=fixed))
            self._depth -= 1
        found = self._meanings[key]
        for name in names[2:]:
            found = found.get(name, unknown) if isinstance(found, dict) else unknown
        return unknown if found is None or not is_known(found) else found

    def written(self, root: str, name: str, *, fixed: bool = False) -> Value:
        """What a local ("local") or variable ("var") is said to be; with `fixed` whatever any variable is set to."""
        if root == "local":
            return self._locals.get(name)
        return None if fixed else self.given.get(name, self.variables.get(name))

    def differs(self, value: Value, depth: int = 0) -> bool:
        """Whether two builds of the template can have different values here; what is not known can."""
        value = _deep_actions(value)
        if isinstance(value, list | dict):
            return any(self.differs(item, depth) for item in (value.values() if isinstance(value, dict) else value))
        if not isinstance(value, Expression):
            return False
        if depth > _DEEPEST:
            return True
        if value.op == "ref":
            return self._name_differs(tuple(str(name) for name in value.args), depth)
        if value.op == "call":
            return self._call_differs(value, depth)
        return not value.args or any(self.differs(part, depth + 1) for part in value.args)

    def _name_differs(self, names: tuple[str, ...], depth: int) -> bool:
        if names[0] in ("path", "each") or names in (("build", "name"), ("build", "type"), ("packer", "version")):
            return False
        if names[0] == "source":
            return False
        if names[0] == "local" and len(names) > 1 and names[1] in self._locals:
            if names[1] not in self._different:
                self._different[names[1]] = True  # where it names itself
                self._different[names[1]] = self.differs(self._locals[names[1]], depth + 1)
            return self._different[names[1]]
        if names[0] != "var" or len(names) < 2:
            return True
        if names[1] in self.given:
            return self.differs(self.given[names[1]], depth + 1)
        default = self.variables.get(names[1])
        return default is None or default == "" or bool(_PER_BUILD.search(names[1])) or self.differs(default, depth + 1)

    def _call_differs(self, call: Expression, depth: int) -> bool:
        name, *arguments = call.args
        if name == "env" and arguments and isinstance(arguments[0], str):
            return arguments[0] not in self.environment
        if name in _DIFFERENT_CALLS:
            return True
        return any(self.differs(argument, depth + 1) for argument in arguments)


def _is_plain(value: Value) -> bool:
    """Whether a value means what it is."""
    return "{{" not in value if isinstance(value, str) else value is None or isinstance(value, _NUMBERS)


def _deep_actions(value: Value) -> Value:
    if isinstance(value, str):
        return with_actions(value)
    if isinstance(value, list):
        return [_deep_actions(item) for item in value]
    if isinstance(value, dict):
        return {key: _deep_actions(item) for key, item in value.items()}
    if (
        value is None
        or not isinstance(value, Expression)
        or not any("{{" in inner.text for inner in expressions(value))
    ):
        return value
    args = tuple(_deep_actions(item) for item in value.args) if value.op in ("template", "if", "") else value.args
    return Expression(value.text, value.op, args, value.line)
