"""Discovery: which files and folders are Packer templates."""

__all__ = ["discover", "facts_cache", "gitignore", "naming", "nothing_found", "place", "variants"]
