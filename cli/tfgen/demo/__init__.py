"""`tfgen demo`: the main job on the emulator, step by step."""

__all__ = ["run"]
