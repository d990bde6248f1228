"""Generated files on the disk: their header, their digest, and which template each belongs to."""

__all__ = ["files", "imports", "ownership"]
