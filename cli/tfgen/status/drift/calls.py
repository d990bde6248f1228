"""The generated module calls on the disk, and the resources that each would make: what AWS is held against."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from tfgen_generators.errors import TfgenError
from tfgen_generators.generated.ownership import file_name, is_generated
from tfgen_generators.module.interface import module_files
from tfgen_generators.module.resources.instance import Instance
from tfgen_generators.module.resources.model import Place, Resources, is_decided
from tfgen_generators.module.resources.text import ModuleText, read_text
from tfgen_generators.packer.syntax.syntax import Body
from tfgen_generators.packer.syntax.values import Expression, Value
from tfgen_generators.pipeline import shared
from tfgen_generators.settings.model import Module, Settings
from tfgen_generators.shell.marks import UNKNOWN
from tfgen_generators.trees.files import read_bytes

if TYPE_CHECKING:
    from tfgen.workspace import Workspace

_META = frozenset({"source", "version", "providers", "depends_on", "count", "for_each"})
_ENVIRONMENT = "environment_vars"
_PROJECT, _PIPELINE = "aws_codebuild_project", "aws_codepipeline"


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One generated block: `resources` are None where the module's files are not here, or it makes them by others.

    `variables` are the build's, by the block's own input for them; of a value that only Terraform knows, None.
    """

    name: str
    resources: Resources | None
    variables: Mapping[str, str | None] = {}


class Calls(msgspec.Struct, frozen=True, kw_only=True):
    """All of them. `beside` are the types of resources that hand-written files of the root module have."""

    by_image: Mapping[str, Call]
    shared: Call | None = None
    beside: frozenset[str] = frozenset()


def read_calls(workspace: Workspace, names: list[str], place: Place, kinds: Collection[str] = ()) -> Calls:
    """The calls of the images `names` that stand on the disk, with resources of these types alone where any are given.

    A file that cannot be read has none.
    """
    settings = workspace.settings
    root_text = read_text(_hand_written(workspace.terraform_dir))
    root = _Root(root_text, place, settings)
    common = _shared_call(workspace, root, place)
    if common is not None:
        root.modules[shared.LABEL] = common[1]
    text = _module_text(workspace.root, settings)
    by_image = {}
    for name in names:
        body = _block(workspace.terraform_dir, name)
        if body is not None:
            by_image[name] = _call(name, root.inputs(body, settings, name), text, place, kinds)
    beside = frozenset(block.labels[0] for block in root_text.resources)
    return Calls(by_image=by_image, shared=common[0] if common else None, beside=beside)


class _Root:
    """The root module: what the expressions of a block are worth in it."""

    def __init__(self, text: ModuleText, place: Place, settings: Settings) -> None:
        self.modules: dict[str, Value] = {}
        self._instance = Instance(text, None, place, self.modules)
        self._place, self._settings = place, settings

    def inputs(self, body: Body, settings: Settings, name: str = "") -> dict[str, Value]:
        own = settings.templates.get(name)
        account = (own and own.names.account_id) or settings.names.account_id
        given = {key: value for key, value in body.attributes.items() if key not in _META}
        return {key: self._worth(value, account) for key, value in given.items()}

    def _worth(self, value: Value, account: str) -> Value:
        if isinstance(value, dict):
            return {key: self._worth(one, account) for key, one in value.items()}
        if isinstance(value, list):
            return [self._worth(one, account) for one in value]
        return self._computed(value, account) if isinstance(value, Expression) else value

    def _computed(self, value: Expression, account: str) -> Value:
        """The settings say which expression is the account's number, whatever the root module makes of it."""
        found = self._instance.value(value)
        if is_decided(found):
            return found
        if value.op == "template":
            return "".join(_piece(self._worth(part, account)) for part in value.args)
        return self._place.account if value.op == "ref" and ".".join(map(str, value.args)) == account else found


def _piece(value: Value) -> str:
    return value if isinstance(value, str) else UNKNOWN


def _call(
    name: str, inputs: Mapping[str, Value], text: ModuleText | None, place: Place, kinds: Collection[str]
) -> Call:
    made = Instance(text, inputs, place).resources(kinds) if text is not None else None
    if made is not None and not (made.of(_PROJECT) or made.of(_PIPELINE)):
        made = None  # it makes them by modules of its own
    given = inputs.get(_ENVIRONMENT)
    variables = {
        key: value if isinstance(value, str) and is_decided(value) else None
        for key, value in (given.items() if isinstance(given, dict) else ())
    }
    return Call(name=name, resources=made, variables=variables)


def _shared_call(workspace: Workspace, root: _Root, place: Place) -> tuple[Call, dict[str, Value]] | None:
    settings = workspace.settings
    body = _block(workspace.terraform_dir, shared.LABEL) if settings.shared.is_on else None
    if body is None:
        return None
    text = _module_text(workspace.root, replace(settings, module=Module(source=settings.shared.source)))
    if text is None:
        return Call(name=shared.LABEL, resources=None), {}
    instance = Instance(text, root.inputs(body, settings), place)
    return Call(name=shared.LABEL, resources=instance.resources()), instance.outputs()


def _module_text(root: Path, settings: Settings) -> ModuleText | None:
    try:
        files = module_files(root, settings)
    except TfgenError:
        return None
    if files is None:
        return None
    found = read_text(files.files)
    return found if files.complete else replace(found, is_whole=False)


def _hand_written(folder: Path) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for path in sorted(folder.glob("*.tf")):
        if is_generated(path.name):
            continue
        try:
            found[path.name] = read_bytes(path)
        except OSError:
            continue
    return found


def _block(folder: Path, name: str) -> Body | None:
    """The arguments of a generated call; None where the file has none."""
    try:
        text = read_text({"file.tf": read_bytes(folder / file_name(name))})
    except OSError:
        return None
    return text.calls.get(name)
