"""tfgen.toml: its first text, and the few keys that are set in one that is there."""

from __future__ import annotations

import msgspec

from tfgen.init.existing import SCRIPT, RootModule
from tfgen.init.found import Found
from tfgen_generators.settings.edit import set_keys
from tfgen_generators.settings.lines import in_toml
from tfgen_generators.settings.model import FILE_NAME, Module
from tfgen_generators.settings.schema.first_text import first_text
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


def new_text(found: Found, module: RootModule, source: Source, script: str = SCRIPT) -> str:
    """A tfgen.toml with what is not the default."""
    tables: list[str] = []
    if script != SCRIPT:
        tables += ["", "[packer_script] # what the buildspec gives to Packer", f"variable = {in_toml(script)}"]
    if not source.is_default:
        tables += ["", "[module]", f"source = {in_toml(source.source)}"]
        tables += [f"version = {in_toml(source.version)}"] if source.version else []
    tables += [
        "",
        f"[environment] # of every pipeline's build; {script} is added for each template",
        '# VPC_ID = "vpc-..."',
        '# SUBNET_ID = "subnet-..."',
    ]
    return first_text(
        [SCHEMA_LINE, "# What tfgen needs to know of this repository. Every key: tfgen docs tfgen.toml"],
        _repository(found, module.connections),
        branch=found.branch,
        packer_dir=found.packer_dir or "",
        terraform_dir=module.folder,
        tables=tables,
    )


def _repository(found: Found, connections: tuple[str, ...]) -> list[str]:
    """CodeCommit's; or that of another host, if there is one connection for it."""
    if found.elsewhere and len(connections) == 1:
        expression = in_toml(f"{connections[0]}.arn")
        return [
            f"source_repository = {in_toml(found.elsewhere)}",
            f"connection_arn = {{ expression = {expression} }}",
        ]
    lines = [
        f"source_repository = {in_toml(found.source_repository)} # the CodeCommit repository that the pipelines read"
    ]
    if found.elsewhere:
        lines += [
            f"# If they read {in_toml(found.elsewhere)[1:-1]} by a connection instead, write that name, and:",
            '# connection_arn = "arn:aws:codeconnections:..."',
        ]
    return lines


def with_source(text: str, source: Source) -> str:
    """An existing tfgen.toml that has no `module.source`, with this one. Raises SettingsError."""
    values = {"source": source.source, "version": source.version}
    return set_keys(text, ("module",), {key: value for key, value in values.items() if value}, where=FILE_NAME)
