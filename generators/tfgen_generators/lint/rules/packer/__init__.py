"""Rules on builds, images, versions and secrets of Packer templates."""

__all__ = [
    "builds",
    "end_of_life",
    "images",
    "invalid_settings",
    "nothing_built",
    "plugin_versions",
    "secrets",
    "shared_keys",
    "source_filters",
    "wildcards",
]
