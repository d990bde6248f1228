"""`tfgen schema`: the JSON schema of tfgen.toml."""

from __future__ import annotations

EXAMPLES = """\b
Examples:
  tfgen schema > tfgen.schema.json                                  keep it beside tfgen.toml
  taplo lint --schema "file://$PWD/tfgen.schema.json" tfgen.toml    check the file without tfgen
"""


def command() -> int:
    """Print the JSON schema of tfgen.toml.

    For editors and for tools like taplo, which find it by the first line of tfgen.toml, as tfgen init writes it:
    #:schema ./tfgen.schema.json
    """
    import sys

    from tfgen_generators.settings.schema.make import schema_text

    sys.stdout.write(schema_text())
    return 0
