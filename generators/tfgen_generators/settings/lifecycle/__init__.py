"""Tables of tfgen.toml about AMIs after their build."""

__all__ = ["ages", "retention"]
