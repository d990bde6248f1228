"""Discovery: which files and folders are Packer templates."""

__all__ = ["alone", "discover", "facts_cache", "gitignore", "naming", "nothing_found", "outcome", "place", "variants"]
