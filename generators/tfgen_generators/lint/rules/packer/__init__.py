"""Rules on builds, images and secrets of Packer templates."""

__all__ = ["builds", "images", "secrets", "source_filters", "wildcards"]
