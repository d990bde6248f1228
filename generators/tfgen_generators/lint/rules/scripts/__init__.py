"""Rules on shell scripts that templates run."""

__all__ = ["find", "scripts"]
