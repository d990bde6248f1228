"""AWS and the repository read: which images and places, and of each place all that rows need."""

__all__ = ["expected", "place", "places", "progress"]
