"""The JSON schema of tfgen.toml, a sentence on each key, and the first text of a new one."""

__all__ = ["first_text", "make"]
