"""Rules on pipelines: environment variables, parents, and tfgen.toml."""

__all__ = ["environment", "links", "network", "own", "parents", "refused_options", "run_tags", "working_dirs"]
