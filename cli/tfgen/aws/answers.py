"""botocore's reading of answers with less work: what a shape says is looked up once, and of an answer what is there.

Only the protocols of the services that are asked thousands of times (JSON, and EC2's XML). What is not plain here is
read by botocore's own parser: an answer that is no success, a shape with streams, unions or blobs, a body that is none.
The answers are equal (tests/unit/test_answers.py), but for a null in a list of structures, left out, and a body
with status 200 that AWS does not send, as a proxy's page: an error, where botocore may see an empty answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

_Reader = Callable[[Any], Any]
#: What an odd body may raise here; botocore then says what is wrong with it.
_ODD = (msgspec.MsgspecError, SyntaxError, AttributeError, LookupError, TypeError, ValueError)
_NUMBERS: Mapping[str, _Reader] = {"integer": int, "long": int, "float": float, "double": float}


class _NotPlainError(Exception):
    """A shape that is left to botocore."""


class _NoAnswerError(Exception):
    """A body that is no answer of AWS."""


class Answers:
    """botocore's factory of parsers: `usual` is its own, and `time` reads a time."""

    def __init__(self, usual: Any, time: _Reader) -> None:
        usual.set_parser_defaults(timestamp_parser=time)
        self._usual, self._time = usual, time
        self._kept: dict[str, Any] = {}

    def create_parser(self, protocol_name: str) -> Any:
        """The parser of a protocol; it keeps nothing of an answer, so that one is enough."""
        if protocol_name not in self._kept:
            usual, ours = self._usual.create_parser(protocol_name), _PARSERS.get(protocol_name)
            self._kept[protocol_name] = ours(usual, self._time) if ours else usual
        return self._kept[protocol_name]


class _Parser:
    def __init__(self, usual: Any, time: _Reader) -> None:
        self._usual, self._time = usual, time
        self._readers: dict[Any, _Reader | None] = {}

    def parse(self, response: dict[str, Any], shape: Any) -> Any:
        """As botocore's ResponseParser."""
        read = self._reader(shape) if response["status_code"] == 200 and shape is not None else None
        if read is None:
            return self._usual.parse(response, shape)
        headers = response["headers"]
        try:
            parsed, identity = self._parsed(read, response["body"], headers)
        except _NoAnswerError as error:
            from botocore.parsers import ResponseParserError

            raise ResponseParserError(str(error)) from None
        except _ODD:
            return self._usual.parse(response, shape)
        metadata: dict[str, Any] = {} if identity is None else {"RequestId": identity}
        metadata |= {"HTTPStatusCode": 200, "HTTPHeaders": {name.lower(): value for name, value in headers.items()}}
        parsed["ResponseMetadata"] = metadata
        return parsed

    def _reader(self, shape: Any) -> _Reader | None:
        if shape not in self._readers:
            try:
                self._readers[shape] = self._made(shape, ())
            except _NotPlainError:
                self._readers[shape] = None
        return self._readers[shape]

    def _parsed(self, read: _Reader, body: bytes, headers: Mapping[str, str]) -> tuple[dict[str, Any], str | None]:
        """The answer, and the id of the request."""
        raise NotImplementedError

    def _made(self, shape: Any, above: tuple[str, ...]) -> _Reader | None:
        """What reads `shape`; None: a value as it is."""
        raise NotImplementedError


class _Json(_Parser):
    def _parsed(self, read: _Reader, body: bytes, headers: Mapping[str, str]) -> tuple[dict[str, Any], str | None]:
        if body.strip()[:1] not in (b"{", b""):
            raise _NoAnswerError("the answer is no object of JSON")
        return read(msgspec.json.decode(body)), headers.get("x-amzn-requestid")

    def _made(self, shape: Any, above: tuple[str, ...]) -> _Reader | None:
        kind = shape.type_name
        if kind == "structure":
            members = _members(shape, above)
            inside = (*above, shape.name)
            return _structure(
                {one.serialization.get("name", name): (name, self._made(one, inside)) for name, one in members}
            )
        if kind in ("list", "map"):
            read = self._made(shape.member if kind == "list" else shape.value, above)
            if kind == "list" and shape.member.type_name == "structure":
                return _structures(read)
            return read and (_list if kind == "list" else _map)(read)
        if kind == "blob":
            raise _NotPlainError
        return self._time if kind == "timestamp" else None


class _Ec2(_Parser):
    def _parsed(self, read: _Reader, body: bytes, headers: Mapping[str, str]) -> tuple[dict[str, Any], str | None]:
        from botocore.compat import ETree

        parser = ETree.XMLParser(target=ETree.TreeBuilder(), encoding="utf-8")
        parser.feed(body)
        root = parser.close()
        if not root.tag.endswith("Response"):
            raise _NoAnswerError("the answer is another document than EC2's")
        identity = next((node.text for node in root if node.tag.rpartition("}")[2] == "requestId"), None)
        return read(root), identity

    def _made(self, shape: Any, above: tuple[str, ...]) -> _Reader:
        kind = shape.type_name
        if kind == "structure":
            members = _members(shape, above)
            inside = (*above, shape.name)
            return _node(
                {one.serialization.get("name", name): (name, self._made(one, inside)) for name, one in members}
            )
        if kind == "list":
            return _nodes(self._made(shape.member, above))
        if kind in ("map", "blob"):
            raise _NotPlainError
        if kind == "boolean":
            return lambda node: node.text == "true"
        if kind in ("timestamp", *_NUMBERS):
            read = self._time if kind == "timestamp" else _NUMBERS[kind]
            return lambda node: read(node.text or "")
        return lambda node: node.text or ""


_PARSERS: Mapping[str, type[_Parser]] = {"json": _Json, "ec2": _Ec2}


def _members(shape: Any, above: tuple[str, ...]) -> Iterable[tuple[str, Any]]:
    """The members of a structure that has nothing but plain ones."""
    members: Iterable[tuple[str, Any]] = shape.members.items()
    if shape.name in above or shape.is_document_type or shape.is_tagged_union or shape.event_stream_name:
        raise _NotPlainError
    if any(_NOT_PLAIN & one.serialization.keys() for _, one in members):
        raise _NotPlainError
    return members


_NOT_PLAIN = frozenset({"location", "flattened", "xmlAttribute", "eventheader", "jsonvalue"})


def _structure(members: Mapping[str, tuple[str, _Reader | None]]) -> _Reader:
    def read(value: dict[str, Any]) -> dict[str, Any]:
        found = {}
        for key, one in value.items():
            if one is not None and key in members:
                name, inner = members[key]
                found[name] = one if inner is None else inner(one)
        return found

    return read


def _structures(read: _Reader | None) -> _Reader:
    return lambda value: [read(one) if read else one for one in value if one is not None]


def _list(read: _Reader) -> _Reader:
    return lambda value: [None if one is None else read(one) for one in value]


def _map(read: _Reader) -> _Reader:
    return lambda value: {key: None if one is None else read(one) for key, one in value.items()}


def _node(members: Mapping[str, tuple[str, _Reader]]) -> _Reader:
    known: dict[str, tuple[str, _Reader] | None] = {}  # by the tag with its namespace

    def read(node: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for child in node:
            tag = child.tag
            if tag not in known:
                known[tag] = members.get(tag.rpartition("}")[2])
            if (member := known[tag]) is not None:
                if member[0] in found:
                    raise ValueError(tag)
                found[member[0]] = member[1](child)
        return found

    return read


def _nodes(read: _Reader) -> _Reader:
    return lambda node: [read(child) for child in node]
