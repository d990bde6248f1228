"""The graph: images, the files that each is made of, and why."""

__all__ = ["build", "facts", "graph", "incremental", "reshaped", "state", "unknown_folders"]
