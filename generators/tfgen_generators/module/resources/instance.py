"""One call of a module: its resources for the inputs that it is given."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from tfgen_generators.module.resources.conversion import converted
from tfgen_generators.module.resources.model import Nested, Place, Resource, Resources, is_decided
from tfgen_generators.module.resources.text import ARN_PARTS, ModuleText, rewritten
from tfgen_generators.packer.evaluation.bound import Bound, Lookup, attribute
from tfgen_generators.packer.evaluation.convert import RefusedError, UndecidedError, whole
from tfgen_generators.packer.evaluation.evaluate import evaluate
from tfgen_generators.packer.syntax.syntax import Block, Body
from tfgen_generators.packer.syntax.values import Expression, Value
from tfgen_generators.shell.marks import UNKNOWN

_META = frozenset({"count", "depends_on", "for_each", "lifecycle", "provider"})
#: Type -> the attribute that AWS knows it by, and how its ARN is made of that; only of these an ARN is known.
_ARNS = {
    "aws_codebuild_project": ("name", "arn:{partition}:codebuild:{region}:{account}:project/{name}"),
    "aws_codepipeline": ("name", "arn:{partition}:codepipeline:{region}:{account}:{name}"),
    "aws_cloudwatch_event_rule": ("name", "arn:{partition}:events:{region}:{account}:rule/{name}"),
    "aws_cloudwatch_log_group": ("name", "arn:{partition}:logs:{region}:{account}:log-group:{name}"),
    "aws_iam_instance_profile": ("name", "arn:{partition}:iam::{account}:instance-profile/{name}"),
    "aws_iam_policy": ("name", "arn:{partition}:iam::{account}:policy/{name}"),
    "aws_iam_role": ("name", "arn:{partition}:iam::{account}:role/{name}"),
    "aws_s3_bucket": ("bucket", "arn:{partition}:s3:::{name}"),
}
#: Types whose `id` is that attribute as well.
_IDS = frozenset(
    {
        *("aws_cloudwatch_event_rule", "aws_cloudwatch_log_group", "aws_codepipeline"),
        *("aws_iam_instance_profile", "aws_iam_role", "aws_s3_bucket"),
    }
)
_UNKNOWN = Expression("unknown")


class Instance:
    """A module's text with inputs; a root module has none (None): what its variables are, only its run knows.

    `modules` are the outputs of the modules that it calls, as far as they are known.
    """

    def __init__(
        self,
        text: ModuleText,
        inputs: Mapping[str, Value] | None,
        place: Place,
        modules: Mapping[str, Value] | None = None,
    ) -> None:
        self._text, self._inputs, self._place, self._modules = text, inputs, place, {} if modules is None else modules
        self._known: dict[tuple[str, str], Value] = {}

    def value(self, value: Value) -> Value:
        """An expression as it is worth here."""
        return evaluate(rewritten(value), self)

    def __call__(self, names: tuple[str, ...]) -> Value:
        """A lookup of the evaluation. Raises RefusedError for an attribute that is not there."""
        kind, *rest = names
        if (kind in ("var", "local") or kind.startswith("aws_")) and rest:
            if (kind, rest[0]) not in self._known:
                self._known[kind, rest[0]] = _UNKNOWN  # one that is made of itself
                self._known[kind, rest[0]] = self._worth(kind, rest[0])
            return attribute(self._known[kind, rest[0]], rest[1:])
        if kind == "module" and len(rest) > 1 and rest[0] in self._modules:
            return attribute(self._modules[rest[0]], rest[1:])
        if kind == "data" and len(rest) > 1:
            return attribute(self._data(rest[0]), rest[2:])
        return Expression(".".join(names), "ref", names)

    def _worth(self, kind: str, name: str) -> Value:
        if kind == "local":
            return evaluate(self._text.locals.get(name, _UNKNOWN), self)
        if kind != "var":
            return self._resource(kind, name)
        declared = self._text.variables.get(name)
        if declared is None or self._inputs is None:
            return _UNKNOWN
        default = declared.attributes.get("default", _UNKNOWN)
        value = self._inputs.get(name, default)
        if value is None and declared.attributes.get("nullable") is False:
            value = default
        return converted(value, declared.attributes.get("type"))

    def outputs(self) -> dict[str, Value]:
        """All outputs of the module."""
        return {name: evaluate(value, self) for name, value in self._text.outputs.items()}

    def _data(self, kind: str) -> Value:
        place = self._place
        found: dict[str, Value] = {
            "aws_caller_identity": {
                "account_id": place.account,
                "id": place.account,
                "arn": UNKNOWN,
                ARN_PARTS: ["arn", place.partition, UNKNOWN, "", place.account, UNKNOWN],
            },
            "aws_region": {"id": place.region, "name": place.region, "region": place.region},
            "aws_partition": {"id": place.partition, "partition": place.partition},
        }
        return found.get(kind, _UNKNOWN)

    def _resource(self, kind: str, name: str) -> Value:
        """What other expressions read of a resource: its arguments, its ARN and id; a list or map of several."""
        block = next((one for one in self._text.resources if one.labels == (kind, name)), None)
        if block is None:
            return _UNKNOWN
        rounds = self._rounds(block)
        if rounds is None:
            return _UNKNOWN
        made = [(key, self._readable(block, kind, scope)) for key, scope in rounds]
        if "for_each" in block.body.attributes:
            return dict(made)
        return [value for _, value in made] if "count" in block.body.attributes else made[0][1]

    def _readable(self, block: Block, kind: str, scope: Lookup) -> Value:
        by, arn = _ARNS.get(kind, ("name", ""))
        identity = evaluate(block.body.attributes.get(by, _UNKNOWN), scope)
        found: dict[str, Value] = {"id": Expression(f"{kind}.id"), "arn": Expression(f"{kind}.arn"), by: identity}
        if isinstance(identity, str):
            if arn and (kind not in ("aws_iam_role", "aws_iam_policy") or "path" not in block.body.attributes):
                found["arn"] = arn.format(
                    partition=self._place.partition,
                    region=self._place.region,
                    account=self._place.account,
                    name=identity,
                )
            if kind in _IDS:
                found["id"] = identity
            if kind == "aws_iam_policy":
                found["id"] = found["arn"]
        return found

    def _rounds(self, block: Block) -> list[tuple[str, Lookup]] | None:
        """Key and meaning of names for each instance of a resource; None where it is not known how many there are."""
        attributes = block.body.attributes
        if "count" in attributes:
            count = evaluate(attributes["count"], self)
            if not is_decided(count):
                return None
            return [(str(at), self._bound({"count": {"index": at}})) for at in range(_whole(count))]
        if "for_each" in attributes:
            pairs = _pairs(evaluate(attributes["for_each"], self))
            if pairs is None:
                return None
            return [(key, self._bound({"each": {"key": key, "value": value}})) for key, value in pairs]
        return [("", self)]

    def _bound(self, names: Mapping[str, Value]) -> Lookup:
        scope = Bound(self)
        scope.names.update(names)
        return scope

    def resources(self, kinds: Collection[str] = ()) -> Resources:
        """The module's own resources, not those of modules that it calls; of these types alone, where any are given."""
        made: list[Resource] = []
        left: set[str] = set()
        for block in self._text.resources:
            if kinds and block.labels[0] not in kinds:
                continue
            rounds = self._rounds(block)
            if rounds is None:
                left.add(block.labels[0])
            made += [_made(block, key, scope) for key, scope in rounds or ()]
        if not self._text.is_whole or self._text.calls:
            left |= {"*"}
        return Resources(made=tuple(made), open_kinds=frozenset(left))


def _whole(value: Value) -> int:
    try:
        return whole(value)
    except (RefusedError, UndecidedError):
        return 0


def _pairs(value: Value) -> list[tuple[str, Value]] | None:
    if isinstance(value, dict):
        return [(key, value[key]) for key in sorted(value)] if all(map(is_decided, value)) else None
    if isinstance(value, list):
        return [(str(one), one) for one in value] if all(isinstance(one, str) for one in value) else None
    return None


def _made(block: Block, key: str, scope: Lookup) -> Resource:
    kind, name = block.labels
    return Resource(
        kind=kind,
        name=name,
        key=key,
        attributes={each: evaluate(value, scope) for each, value in _arguments(block.body)},
        blocks=tuple(_nested(block.body, scope)),
        ignored=frozenset(_ignored(block.body)),
    )


def _arguments(body: Body) -> Iterator[tuple[str, Value]]:
    return ((name, value) for name, value in body.attributes.items() if name not in _META)


def _ignored(body: Body) -> Iterator[str]:
    for block in body.of("lifecycle"):
        listed = block.body.attributes.get("ignore_changes")
        if isinstance(listed, Expression):
            yield "*"
        for one in listed if isinstance(listed, list) else ():
            base = one
            while isinstance(base, Expression) and base.op == "index":
                base = base.args[0]
            if isinstance(base, Expression) and base.args:
                yield str(base.args[0])


def _nested(body: Body, scope: Lookup) -> Iterator[Nested]:
    for block in body.blocks:
        if block.kind == "dynamic" and block.labels:
            yield from _dynamic(block, scope)
        elif block.kind != "lifecycle":
            yield _block(block.kind, block.body, scope)


def _block(kind: str, body: Body, scope: Lookup) -> Nested:
    attributes = {name: evaluate(value, scope) for name, value in body.attributes.items()}
    return Nested(kind=kind, attributes=attributes, blocks=tuple(_nested(body, scope)))


def _dynamic(block: Block, scope: Lookup) -> Iterator[Nested]:
    kind = block.labels[0]
    content = next(block.body.of("content"), None)
    found = evaluate(block.body.attributes.get("for_each"), scope)
    rounds = _items(found)
    if content is None or rounds is None:
        yield Nested(kind=kind, attributes={}, certain=False)
        return
    iterator = block.body.attributes.get("iterator")
    name = iterator.text if isinstance(iterator, Expression) else kind
    for key, value in rounds:
        inner = Bound(scope)
        inner.names[name] = {"key": key, "value": value}
        yield _block(kind, content.body, inner)


def _items(value: Value) -> Sequence[tuple[Value, Value]] | None:
    if isinstance(value, dict):
        return [(key, value[key]) for key in sorted(value)] if all(map(is_decided, value)) else None
    return list(enumerate(value)) if isinstance(value, list) else None
