"""How git is started: which program, for which repository, and with what closed to what a branch can bring."""

__all__ = ["believed", "discovery", "errors", "isolation", "program", "start"]
