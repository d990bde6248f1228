"""`tfgen schema`: the JSON schema of tfgen.toml."""

from __future__ import annotations

EXAMPLES = """\b
Examples:
  tfgen schema > tfgen.schema.json                                  keep it beside tfgen.toml
  taplo lint --schema "file://$PWD/tfgen.schema.json" tfgen.toml    check the file without tfgen
"""


def command() -> int:
    """Print the JSON schema of tfgen.toml.

    For editors and for tools like taplo. An editor finds it by the first line of tfgen.toml: #:schema
    ./tfgen.schema.json
    """
    from tfgen.console import out_json
    from tfgen_generators.settings.schema.make import settings_schema

    out_json(settings_schema())
    return 0
