"""AWS on this machine: moto with its gaps filled, and the AWS provider from a package."""

__all__ = ["environment", "override", "provider", "server"]
