"""What is known of a text in a template without running Packer, as patterns: one for each text that it can be.

Variables have the values that a pipeline's build gives them: `PKR_VAR_x` of its environment, else a file of values,
else their default. Times, other unknown pieces and what needs AWS are wild.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from tfgen_generators.ancestry.alternatives import ANY, Patterns, alternatives, chained, formatted
from tfgen_generators.ancestry.patterns import Wild
from tfgen_generators.ancestry.times import CLEAN, STAMPS, UUID, characters_of_layout
from tfgen_generators.packer.details import Details, Part
from tfgen_generators.packer.evaluation.evaluate import evaluate
from tfgen_generators.packer.syntax.actions import actions
from tfgen_generators.packer.syntax.values import Expression, Value, as_text, expressions, is_known

_DEEPEST = 30
#: How many pieces are looked at for one template, one in the other: names that name others twice make 2^30.
_MOST_PIECES = 20_000
_CALL = re.compile(r"(\w+)(?:\s+(?:`([^`]*)`|\"([^\"]*)\"))?")


class Texts:
    """The texts of one template."""

    def __init__(self, details: Sequence[Details], values: Mapping[str, Value], environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._locals = {name: value for one in details for name, value in one.locals.items()}
        self._variables: dict[str, Value] = {}
        for one in details:
            for name, default in one.variables.items():
                self._variables[name] = default[0] if default else Expression(f"var.{name}")
        self._variables.update(values)
        self._left = _MOST_PIECES
        self._known: dict[str, Value] = {}
        self._found: dict[tuple[tuple[str, ...], int], Patterns] = {}

    def of(self, value: Value, part: Part | None = None, depth: int = 0) -> Patterns:
        """What `value` can be as a text; `part` is the source that it stands in."""
        if self._is_too_much(depth):
            return ANY
        if isinstance(value, str):
            return self._filled(value, part, depth)
        if value is None:
            return ()
        if not isinstance(value, Expression):
            return ((as_text(value),),)
        return self._HANDLERS.get(value.op, Texts._evaluated)(self, value, part, depth + 1)

    def _is_too_much(self, depth: int) -> bool:
        self._left -= depth > 0
        return depth > _DEEPEST or self._left < 0

    def opened(self, value: Value) -> Value:
        """What a reference stands for, although something in that may not be known."""
        for _ in range(_DEEPEST):
            if not isinstance(value, Expression) or value.op != "ref":
                break
            meant = self._meaning(tuple(str(name) for name in value.args))
            if meant is None:
                break
            value = meant
        return value

    def pairs(self, value: Value, part: Part | None = None, depth: int = 0) -> dict[str, Patterns]:
        """A map of texts, also one that is merged; what is not known of it stands under the key ""."""
        found = self.opened(value[0] if isinstance(value, list) and value else value)
        if isinstance(found, dict):
            return {key: self.of(item, part) for key, item in found.items()}
        if not isinstance(found, Expression):
            return {}
        inner = [item for item in found.args if isinstance(item, dict | Expression)]
        if self._is_too_much(depth) or found.op not in ("call", "if", "object", "") or not inner:
            return {"": ANY}
        merged: dict[str, Patterns] = {}
        for item in inner:
            for key, texts in self.pairs(item, part, depth + 1).items():
                overriding = found.op == "call" and found.args[0] == "merge" and key
                merged[key] = texts if overriding else alternatives([*merged.get(key, ()), *texts])
        if found.op == "call" and found.args[0] != "merge":
            merged[""] = ANY
        return merged

    def items(self, value: Value, depth: int = 0) -> list[Value]:
        """The elements of a list, or of one text with commas; an element that is a list counts as its own."""
        found = self.opened(value)
        if self._is_too_much(depth):
            return [] if found is None else [found]
        if isinstance(found, str):
            return [name.strip() for name in found.split(",") if name.strip()]
        if isinstance(found, list):
            return [
                inner for item in found for inner in (self.items(item, depth + 1) if isinstance(item, list) else [item])
            ]
        if isinstance(found, Expression) and found.op in ("call", "if"):
            return [inner for item in found.args[1:] for inner in self.items(item, depth + 1)]
        return [] if found is None else [found]

    def data(self, value: Value) -> list[tuple[str, str]]:
        """Type and name of every data source that `value` leads to."""
        found: dict[tuple[str, str], None] = {}
        pending, seen = [value], set[str]()
        while pending:
            for inner in expressions(pending.pop()):
                if inner.op != "ref" or len(inner.args) < 2:
                    continue
                names = tuple(str(name) for name in inner.args)
                if names[0] == "data" and len(names) > 2:
                    found[names[1], names[2]] = None
                elif names[0] == "local" and names[1] not in seen:
                    seen.add(names[1])
                    pending.append(self._locals.get(names[1]))
        return list(found)

    def _meaning(self, names: tuple[str, ...]) -> Value | None:
        """What a variable or a local stands for; None when that is not known."""
        known = {"var": self._variables, "local": self._locals}.get(names[0])
        if known is None or len(names) < 2 or names[1] not in known:
            return None
        value: Value = known[names[1]]
        for name in names[2:]:
            value = self.opened(value)
            if not isinstance(value, dict) or name not in value:
                return None
            value = value[name]
        return value

    def _lookup(self, names: tuple[str, ...]) -> Value:
        """The same for `evaluate`: only what is known altogether."""
        key = ".".join(names)
        if key not in self._known:
            self._known[key] = Expression(key)  # where it names itself
            meant = self._meaning(names)
            found = self._known[key] if meant is None else evaluate(meant, self._lookup)
            self._known[key] = found if is_known(found) else Expression(key)
        return self._known[key]

    def _filled(self, text: str, part: Part | None, depth: int) -> Patterns:
        """A text with Packer's `{{ }}` filled in."""
        if "{{" not in text:
            return ((text,),) if text else ((),)
        pieces: list[Patterns] = []
        end = 0
        for action in actions(text):
            pieces += [((text[end : action.start],),), self._action(action.words, part, depth)]
            end = action.end
        return chained([*pieces, ((text[end:],),)])

    def _action(self, action: str, part: Part | None, depth: int) -> Patterns:
        first, *piped = [word.strip() for word in action.split("|")]
        match = _CALL.fullmatch(first)
        if match is None or depth > _DEEPEST:
            return ANY
        name, argument = match.group(1), match.group(2) or match.group(3)
        found = self._function(name, argument, part, depth + 1)
        for pipe in piped:
            found = _cleaned(found) if pipe in ("clean_resource_name", "clean_ami_name", "clean_image_name") else ANY
        return found

    def _function(self, name: str, argument: str | None, part: Part | None, depth: int) -> Patterns:
        if name == "user":
            known = argument in self._variables
            return self.of(self._variables[str(argument)], part, depth) if known else ANY
        if name == "env":
            return self._env(argument)
        if name in ("build_name", "build_type") and part is not None:
            return (((part.name or part.kind) if name == "build_name" else part.kind,),)
        if name == "isotime":
            return ((Wild(chars=characters_of_layout(argument)),),)
        wild = {"timestamp": "0123456789", "uuid": UUID}.get(name)
        return ((Wild(chars=wild),),) if wild else ANY

    def _env(self, name: object) -> Patterns:
        value = self._environment.get(name) if isinstance(name, str) else None
        return ANY if value is None else ((value,),)

    def _template(self, value: Expression, part: Part | None, depth: int) -> Patterns:
        return chained([self.of(item, part, depth) for item in value.args])

    def _ref(self, value: Expression, part: Part | None, depth: int) -> Patterns:
        names = tuple(str(name) for name in value.args)
        if names[0] == "source" and len(names) == 2 and part is not None and names[1] in ("name", "type"):
            return ((part.name if names[1] == "name" else part.kind,),)
        key = (names, id(part))
        if key not in self._found:
            self._found[key] = ANY  # where it names itself
            meant = self._meaning(names)
            self._found[key] = ANY if meant is None else self.of(meant, part, depth)
        return self._found[key]

    def _if(self, value: Expression, part: Part | None, depth: int) -> Patterns:
        condition, then, otherwise = value.args
        decided = evaluate(condition, self._lookup)
        chosen = [then] if decided is True else [otherwise] if decided is False else [then, otherwise]
        return alternatives(text for item in chosen for text in self.of(item, part, depth))

    def _evaluated(self, value: Expression, part: Part | None, depth: int) -> Patterns:
        found = evaluate(value, self._lookup)
        return self.of(found, part, depth) if is_known(found) and not isinstance(found, list | dict) else ANY

    def _index(self, value: Expression, part: Part | None, depth: int) -> Patterns:
        found = evaluate(value, self._lookup)
        if is_known(found):
            return self.of(found, part, depth)
        base = self.opened(value.args[0])
        inner = list(base.values()) if isinstance(base, dict) else base if isinstance(base, list) else None
        if inner is None:
            return ANY
        return alternatives(text for item in inner for text in self.of(item, part, depth))

    def _call(self, value: Expression, part: Part | None, depth: int) -> Patterns:
        found = evaluate(value, self._lookup)
        if is_known(found) and not isinstance(found, list | dict):
            return self.of(found, part, depth)
        name, *arguments = value.args
        first = arguments[0] if arguments else None
        if name == "env":
            return self._env(first)
        if name == "join" and len(arguments) == 2 and isinstance(first, str):
            return self._joined(first, self.opened(arguments[1]), part, depth)
        texts = [self.of(item, part, depth) for item in arguments]
        if name == "format" and isinstance(first, str):
            return formatted(first, texts[1:])
        if name in STAMPS:
            form = evaluate(first, self._lookup)
            return ((Wild(chars=STAMPS[str(name)](form if isinstance(form, str) else None)),),)
        change = CLEAN.get(str(name))
        return alternatives(change(text, texts[1:]) for text in texts[0]) if change and texts else ANY

    def _joined(self, separator: str, items: Value, part: Part | None, depth: int) -> Patterns:
        if not isinstance(items, list):
            return ANY
        pieces: list[Patterns] = []
        for number, item in enumerate(items):
            pieces += [((separator,),)] * bool(number) + [self.of(item, part, depth)]
        return chained(pieces)

    _HANDLERS: Mapping[str, Callable[[Texts, Expression, Part | None, int], Patterns]] = {
        "template": _template,
        "ref": _ref,
        "if": _if,
        "index": _index,
        "call": _call,
    }


def _cleaned(texts: Patterns) -> Patterns:
    return alternatives(CLEAN["clean_resource_name"](text, []) for text in texts)
