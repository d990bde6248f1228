"""`tfgen promote` and `tfgen rollback`: the channels that consumers of an image follow."""

__all__ = ["policy", "promote", "request", "rollback", "view"]
