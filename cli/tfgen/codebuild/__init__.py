"""A CodeBuild job on this machine: a buildspec run as CodeBuild runs it."""

__all__ = ["attempt", "buildspec", "environment", "outcome", "processes"]
