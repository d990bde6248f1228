"""What `tfgen init --update` and `tfgen version --files` print: files on stdout, the rest on stderr."""

from __future__ import annotations

from collections.abc import Sequence

from tfgen.console import note, one_line, out, out_json, out_table
from tfgen.distribution.installed import version
from tfgen.init.updating.states import FileState
from tfgen.init.updating.update import Merged

_STYLES = {"conflict": "red", "left": "red", "merged": "yellow", "missing": "yellow"}


def show_states(found: Sequence[FileState], *, format_: str) -> None:
    """A row a file: how it stands, and the release that it comes from."""
    if format_ == "json":
        files = [{"path": each.path, "state": each.state, "release": each.release or version()} for each in found]
        out_json({"version": version(), "files": files})
    elif found:
        out_table(["FILE", "STATE", "RELEASE"], [[each.path, each.state, each.release or version()] for each in found])


def show_differing(found: Sequence[FileState]) -> None:
    """One line for each file that is not as this release has it."""
    for each in found:
        if each.state != "current":
            out(one_line(f"{each.state.ljust(8)}  {each.path}  ({each.release or version()})"), style="yellow")


def show_merged(results: Sequence[Merged], *, done: bool) -> None:
    """What became (or would become) of each file; then what is left to do."""
    for result in results:
        out(one_line(f"{result.done.ljust(8)}  {result.path}"), style=_STYLES.get(result.done, "green"))
    for result in results:
        if result.left:
            note(one_line(f"{result.path}: {result.left}"), style="yellow")
        elif result.conflicts and done:
            number = f"{result.conflicts} conflict{'s' * (result.conflicts > 1)}"
            note(one_line(f"error: {result.path}: {number}; edit between the marks <<<<<<< and >>>>>>>"), style="red")
