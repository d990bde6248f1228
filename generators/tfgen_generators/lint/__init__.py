"""The lint engine: findings, rules, severities, ignores, and what rules look at."""

__all__ = ["engine", "kept", "model", "scope"]
