"""The distribution that this program is part of: its version, where it comes from, how to install more of it."""

__all__ = ["installed"]
