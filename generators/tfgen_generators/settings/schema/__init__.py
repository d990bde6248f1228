"""The JSON schema of tfgen.toml, and a sentence on each key."""

__all__ = ["make"]
