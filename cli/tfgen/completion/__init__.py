"""What a shell offers when Tab is pressed: silent whatever is wrong, and it changes nothing in the repository."""

__all__ = ["answer", "scripts", "values"]
