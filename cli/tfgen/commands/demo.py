"""`tfgen demo`."""


def command() -> int:
    """Placeholder."""
    return 1
