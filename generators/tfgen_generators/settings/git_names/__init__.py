"""Names of git's that tfgen.toml holds: of branches and repositories, and where the source is."""

__all__ = ["branch_name", "codecommit_url", "repository", "source"]
