"""The half of `tfgen prune` that acts: a plan carried out with a journal, and taken back."""

__all__ = ["apply", "journal", "model", "undo", "view"]
