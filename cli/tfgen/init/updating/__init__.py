"""Vendored files and recipes held against what releases have written, and merged with this release's."""

__all__ = ["released", "report", "states", "update"]
