"""What the sources of use hand on: a use of an AMI, or of what stands for one (a launch template, a parameter)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, Protocol, TypeVar

import msgspec

from tfgen.aws.images.model import AMI_ID

_T = TypeVar("_T")
_R = TypeVar("_R")

#: Keys under which services name an AMI, in lower case.
_IMAGE_KEYS = frozenset({"imageid", "imageidoverride", "parentimage", "image", "releaseversion"})
_BY_PARAMETER = re.compile(r"(?:resolve:)?ssm:([^\s{}]+)")


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """A resource that uses an AMI: what it is, and its id."""

    region: str
    ami: str
    kind: str
    id: str


class TemplateUse(msgspec.Struct, frozen=True, kw_only=True):
    """A resource that uses a version of a launch template; `template` is an id or a name."""

    kind: str
    id: str
    template: str
    version: str = "$Default"


class ParameterUse(msgspec.Struct, frozen=True, kw_only=True):
    """A resource that names an SSM parameter: NAME, NAME:VERSION, NAME:LABEL, or an ARN of one."""

    kind: str
    id: str
    parameter: str


class TemplateVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a launch template and what it says for an AMI."""

    id: str
    name: str
    version: str
    image: str
    is_default: bool


class Stay(msgspec.Struct, frozen=True, kw_only=True):
    """An AMI was the value of an SSM parameter until then; None: it is now."""

    region: str
    ami: str
    parameter: str
    until: datetime | None = None


class ParameterVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version of an SSM parameter."""

    name: str
    version: int
    value: str
    labels: tuple[str, ...] = ()
    is_current: bool = False


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A source that could not be asked: all AMIs of the region stay."""

    region: str
    source: str
    error: str


Found = Use | TemplateUse | ParameterUse | TemplateVersion | ParameterVersion | Stay


class Asker(Protocol):
    """One region of an account, and a way to ask many things of it at once."""

    @property
    def region(self) -> str: ...

    @property
    def previous(self) -> int:
        """How many former versions of a parameter are a use."""
        ...

    def call(self, service: str, operation: str, **arguments: object) -> dict[str, Any]: ...

    def pages(self, service: str, operation: str, key: str, **arguments: object) -> Iterator[dict[str, Any]]: ...

    def each(self, function: Callable[[_T], _R], items: Iterable[_T]) -> Iterator[_R]:
        """`function` of each item, several at once, in their order."""
        ...


Source = Callable[[Asker], Iterable[Found]]


def ami_ids(text: str) -> list[str]:
    """The AMI ids that stand in a text, each once."""
    return list(dict.fromkeys(AMI_ID.findall(text))) if "ami-" in text else []


def named(region: str, kind: str, id_: str, value: object) -> Iterator[Found]:
    """What a field says that takes an AMI's id, or `resolve:ssm:PARAMETER` in its place."""
    if not isinstance(value, str):
        return
    if match := _BY_PARAMETER.fullmatch(value.strip()):
        yield ParameterUse(kind=kind, id=id_, parameter=match[1])
    for ami in ami_ids(value):
        yield Use(region=region, ami=ami, kind=kind, id=id_)


def walked(region: str, kind: str, id_: str, document: object) -> Iterator[Found]:
    """Every AMI and every launch template that an answer of AWS names under the usual keys, however deep."""
    if isinstance(document, list | tuple):
        for item in document:
            yield from walked(region, kind, id_, item)
    elif isinstance(document, dict):
        keys = {str(key).lower(): value for key, value in document.items()}
        template = keys.get("launchtemplateid") or keys.get("launchtemplatename")
        if isinstance(template, str):
            yield TemplateUse(kind=kind, id=id_, template=template, version=str(keys.get("version") or "$Default"))
        for key, value in keys.items():
            if key in _IMAGE_KEYS:
                yield from named(region, kind, id_, value)
            if isinstance(value, dict | list | tuple):
                yield from walked(region, kind, id_, value)
