"""tfgen.toml: its first text, and the few keys that are set in one that is there."""

from __future__ import annotations

import json

import msgspec

from tfgen.init.existing import RootModule
from tfgen.init.found import MAIN, Found
from tfgen.init.shipped import ROOT_DIR
from tfgen_generators.packer.discovery.place import USUAL
from tfgen_generators.settings.edit import set_keys
from tfgen_generators.settings.model import FILE_NAME, Module
from tfgen_generators.settings.schema.make import FILE_NAME as SCHEMA_FILE

#: The editor's hint for the keys of tfgen.toml: its own first line.
SCHEMA_LINE = f"#:schema ./{SCHEMA_FILE}"


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """The module that the pipelines call, as Terraform takes it."""

    source: str = Module().source
    version: str | None = None

    @property
    def is_default(self) -> bool:
        return self == Source()


def new_text(found: Found, module: RootModule, source: Source) -> str:
    """A tfgen.toml with what is not the default."""
    terraform_dir = module.folder
    lines = [SCHEMA_LINE, "# What tfgen needs to know of this repository. Every key: tfgen docs tfgen.toml", ""]
    lines += _repository(found, module.connections)
    if found.branch != MAIN:
        lines.append(f"branch = {_text(found.branch)}")
    if found.packer_dir not in (None, USUAL):
        lines.append(f"packer_dir = {_text(str(found.packer_dir))}")
    if terraform_dir != ROOT_DIR:
        lines.append(f"terraform_dir = {_text(terraform_dir)}")
    if not source.is_default:
        lines += ["", "[module]", f"source = {_text(source.source)}"]
        lines += [f"version = {_text(source.version)}"] if source.version else []
    lines += [
        "",
        "[environment] # of every pipeline's build; PACKER_SCRIPT is added for each template",
        '# VPC_ID = "vpc-..."',
        '# SUBNET_ID = "subnet-..."',
    ]
    return "\n".join(lines) + "\n"


def _repository(found: Found, connections: tuple[str, ...]) -> list[str]:
    """CodeCommit's; or that of another host, if there is one connection for it."""
    if found.elsewhere and len(connections) == 1:
        expression = _text(f"{connections[0]}.arn")
        return [
            f"source_repository = {_text(found.elsewhere)}",
            f"connection_arn = {{ expression = {expression} }}",
        ]
    lines = [
        f"source_repository = {_text(found.source_repository)} # the CodeCommit repository that the pipelines read"
    ]
    if found.elsewhere:
        lines += [
            f"# If they read {json.dumps(found.elsewhere)[1:-1]} by a connection instead, write that name, and:",
            '# connection_arn = "arn:aws:codeconnections:..."',
        ]
    return lines


def with_source(text: str, source: Source) -> str:
    """An existing tfgen.toml that has no `module.source`, with this one. Raises SettingsError."""
    values = {"source": source.source, "version": source.version}
    return set_keys(text, ("module",), {key: value for key, value in values.items() if value}, where=FILE_NAME)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # a basic string of TOML, too
