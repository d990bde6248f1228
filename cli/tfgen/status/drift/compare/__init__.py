"""One resource of AWS held against the block that makes it. Pure: what was read goes in, differences come out."""

__all__ = ["buckets", "differences", "pipelines", "projects", "roles", "rules"]
