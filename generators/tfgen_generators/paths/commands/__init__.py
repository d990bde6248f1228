"""What commands run on the machine that builds, through the scripts, makefiles and programs that they start."""

__all__ = ["copies", "local_commands", "makefiles", "model"]
