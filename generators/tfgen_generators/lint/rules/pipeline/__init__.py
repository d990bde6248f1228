"""Rules on pipelines: environment variables, parents, and tfgen.toml."""

__all__ = ["environment", "links", "network", "own", "parents", "quota", "refused_options", "run_tags", "working_dirs"]
