"""Rules on pipelines: environment variables, parents, and tfgen.toml."""

__all__ = ["environment", "links", "own", "parents", "run_tags", "working_dirs"]
