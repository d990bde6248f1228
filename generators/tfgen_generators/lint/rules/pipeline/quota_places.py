"""Where the pipelines are made: account and region of a provider, as far as the root module says it in plain text."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from tfgen_generators.generated.ownership import is_generated
from tfgen_generators.lint.scope import Scope
from tfgen_generators.lint.templates.native_nodes import read_native_nodes
from tfgen_generators.lint.templates.nodes import File, Node
from tfgen_generators.packer.model import BrokenTemplateError

_PROVIDER = "aws"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """`account` tells one account from another, `region` one region; `shown` is what a message calls it."""

    account: str = ""
    region: str = ""

    @property
    def shown(self) -> str:
        """The region behind "in", "" where nobody knows it."""
        return f" in {self.region}" if self.region and not self.region.startswith("?") else ""


def place_of(scope: Scope, providers: Mapping[str, str]) -> Place:
    """The place of a module call with these `providers`."""
    name = providers.get(_PROVIDER, _PROVIDER)
    known = scope.once("places of providers", lambda: _places(scope))
    return known.get(name, Place() if name == _PROVIDER else Place(region=f"?{name}"))


def _places(scope: Scope) -> Mapping[str, Place]:
    """By the name with its alias. A region that is an expression is one of its own, and so is an account."""
    folder = scope.settings.terraform_dir
    found: dict[str, Place] = {}
    for name in scope.tree.names(folder):
        path = name if folder == "." else f"{folder}/{name}"
        data = scope.read(path) if name.endswith(".tf") and not is_generated(name) else b""
        if b"provider" not in data:
            continue
        try:
            root = read_native_nodes(File(path, data))
        except (BrokenTemplateError, ValueError, IndexError, RecursionError):
            continue
        for block in root.tables("provider"):
            if block.labels == (_PROVIDER,):
                alias = block.get("alias")
                called = f"{_PROVIDER}.{alias}" if isinstance(alias, str) else _PROVIDER
                found[called] = Place(account=_account(block), region=_region(block, called))
    return found


def _region(block: Node, called: str) -> str:
    value = block.get("region")
    return value if isinstance(value, str) else ("" if called == _PROVIDER else f"?{called}")


def _account(block: Node) -> str:
    """What decides whose account it is, as it is written."""
    roles = [str(role.get("role_arn")) for role in block.tables("assume_role")]
    given = [str(block.get(key)) for key in ("profile", "allowed_account_ids") if block.find(key) is not None]
    return " ".join([*given, *roles])
