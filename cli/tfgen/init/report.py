"""What `tfgen init` prints: files on stdout, the rest on stderr."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from tfgen.console import note, one_line, out, out_diff
from tfgen.init.existing import Call
from tfgen.init.planned import Planned
from tfgen.init.shipped import MODULES
from tfgen.workspace import open_workspace
from tfgen_generators.sync.model import SyncResult

_DONE = {"create": "created", "change": "changed", "delete": "deleted"}
_MISSING = {"create": "missing", "change": "change", "delete": "delete"}
_STYLES = {"create": "green", "change": "yellow", "delete": "red"}
_SHOWN = (".toml", ".gitignore")


def show(planned: Planned, *, done: bool, diff: bool = False) -> None:
    """One line a file; `diff` shows the text of small ones, too."""
    for action, path in _together((change.action, change.path) for change in planned.changes):
        out(one_line(f"{(_DONE if done else _MISSING)[action].ljust(7)}  {path}"), style=_STYLES[action])
    for _, path in _together(("kept", path) for path in planned.kept):
        note(one_line(f"kept     {path}"))
    for text in planned.notes:
        note(one_line(f"note: {text}"), style="yellow")
    if diff:
        out_diff("".join(change.diff() for change in planned.changes if change.path.endswith(_SHOWN)))


def _together(paths: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Word and path; the files of a module are one."""
    each = list(paths)
    modules = Counter(_module(path) for _, path in each)
    for word, path in each:
        module = _module(path)
        if not module:
            yield word, path
        elif number := modules.pop(module, 0):
            yield word, f"{module}/ ({number} file{'s' * (number > 1)})"


def _module(path: str) -> str:
    found = re.match(rf"(?:.*/)?modules/(?:{'|'.join(MODULES)})(?=/)", path)
    return found[0] if found else ""


def hand_written(calls: Sequence[Call]) -> None:
    """Pipelines that are there already, which sync would make a second time."""
    for call in calls:
        note(one_line(f"{call.path}:{call.line}: the pipeline {call.label} is written by hand"), style="yellow")
    note("to take them over, run: tfgen adopt")


def unread(places: Sequence[str]) -> None:
    """Files that may have pipelines: sync, which may make them a second time, was not run."""
    for where in places:
        note(
            one_line(f"error: {where}; it may have pipelines, so none were made; fix it, then run: tfgen init"),
            style="red",
        )


def show_hints(result: SyncResult) -> None:
    """What the templates that are there suggest for tfgen.toml."""
    from tfgen.init.hints import var_files, without_ami

    workspace = open_workspace()
    for line in (*var_files(workspace.root, result.discovery, workspace.settings), *without_ami(result.discovery)):
        note(one_line(line))
