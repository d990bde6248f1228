"""`tfgen init`: what a repository needs for tfgen is written where it is missing, and brought up to date."""

__all__ = ["existing", "hints", "planned", "provider_version", "report", "run", "shipped", "updating"]
