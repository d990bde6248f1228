"""Hosts of pull requests: GitHub, Bitbucket and CodeCommit."""

__all__ = ["ci", "model", "post", "recipe", "roles", "target"]
