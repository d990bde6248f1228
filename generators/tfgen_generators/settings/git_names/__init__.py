"""Names of git's that tfgen.toml holds: of branches and repositories."""

__all__ = ["branch_name", "codecommit_url", "repository"]
