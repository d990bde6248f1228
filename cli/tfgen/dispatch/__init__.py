"""`tfgen dispatch`: starts the pipelines of the images that a push affects, and records what was built."""

__all__ = ["assess", "backoff", "estate", "model", "plan", "run", "turn"]
