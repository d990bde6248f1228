"""Hand-written module calls become generated ones: matching, settings that keep what they pass, edits by exact span."""

__all__ = ["adoption", "matching", "model", "settings_text"]
