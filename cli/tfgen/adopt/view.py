"""What `tfgen adopt` prints: a row for each image on stdout, reasons on stderr."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgen.console import Format, note, one_line, out_diff, out_json, out_table

if TYPE_CHECKING:
    from tfgen.adopt.run import Adopting
    from tfgen_generators.adopt.model import Row
    from tfgen_generators.sync.model import Action

_LIVE = {"state": "in the state", "aws": "without state", "none": "no", "": "?"}
_WORDS = {
    "adopt": "continues as module.{name}",
    "create": "gets a pipeline",
    "keep": "is generated already",
    "refuse": "refused",
    "leave": "left as it is",
}


def render(found: Adopting, *, diff: bool, format_: Format) -> None:
    """The report."""
    rows = found.adoption.rows
    if format_ == "json":
        out_json(as_json(found))
    elif diff:
        out_diff("".join(_diffs(found)))
    else:
        table = [
            [row.name, row.template.path if row.template else "-", _call(row), _live(row, found), _will(row, found)]
            for row in rows
        ]
        out_table(["NAME", "TEMPLATE", "CALL", "LIVE", "ADOPT"], table)
    _reasons(found)
    if format_ == "table":
        _conclude(found)


def as_json(found: Adopting) -> dict[str, object]:
    """The stable shape that docs/json.md describes."""
    return {
        "images": [{**_row(row), "live": found.live.get(row.name)} for row in found.adoption.rows],
        "files": [] if found.is_refused else list(found.files),
        "refused": [{"path": one.path, "reason": one.reason, "fix": one.fix} for one in found.refused],
        "proof": found.proof or None,
        "written": found.written,
    }


def _row(row: Row) -> dict[str, object]:
    call = row.call
    return {
        "name": row.name,
        "path": row.template.path if row.template else None,
        "call": {"label": call.label, "path": call.path, "line": call.line or None} if call else None,
        "action": row.action,
        "reason": row.reason or None,
        "fix": row.fix or None,
    }


def _live(row: Row, found: Adopting) -> str:
    """Only a plan knows."""
    return _LIVE[found.live.get(row.name, "none" if found.live and row.template else "")]


def _call(row: Row) -> str:
    return f"{row.call.label} ({row.call.place})" if row.call else "-"


def _will(row: Row, found: Adopting) -> str:
    if row.action == "adopt" and row.call and row.call.label == row.name:
        return "continues with the same address"
    if row.action == "create" and not found.adoption.edited:
        return "has none yet: tfgen sync makes it"
    return _WORDS[row.action].format(name=row.name)


def _reasons(found: Adopting) -> None:
    for row in found.adoption.rows:
        if row.reason:
            what = f"module {row.call.label!r}: " if row.call else ""
            style = "red" if row.action == "refuse" else "yellow"
            word = "error" if row.action == "refuse" else "warning"
            fix = f"; {row.fix}" if row.fix else ""
            note(one_line(f"{word}: {row.place}: {what}{row.reason}{fix}"), style=style)
    if found.adoption.edited and found.adoption.synced:
        from tfgen.sync.survey import complain

        complain(found.adoption.synced)


def _conclude(found: Adopting) -> None:
    if found.adoption.for_all and not found.is_refused:
        tables = (f"[{table}] {', '.join(keys)}" for table, keys in found.adoption.for_all.items())
        note(f"every pipeline, new ones too, is given: {'; '.join(tables)}")
    for line in found.updates if not found.is_refused else ():
        note(one_line(f"in place: {line}"))
    if found.is_refused:
        note("nothing was written")
    elif not found.files:
        note(f"nothing to adopt{'; ' * bool(found.proof)}{found.proof}")
    elif found.written:
        note(f"wrote {', '.join(found.files)}")
        note(found.proof or "not proven by a plan; run: tfgen plan (it must show moves, and nothing destroyed)")
        note("to take it back: tfgen adopt --undo")
        if any(row.action == "adopt" and row.call and row.call.label != row.name for row in found.adoption.rows):
            note("when the moves have been applied everywhere, run: tfgen sync --prune-pins")
    else:
        note(f"would write {', '.join(found.files)}")
        if found.proof:
            note(found.proof)
        note("to see the changes: tfgen adopt --diff; to make them: tfgen adopt --write")


def _diffs(found: Adopting) -> list[str]:
    from tfgen_generators.sync.model import Change
    from tfgen_generators.trees.files import read_bytes

    diffs: list[str] = []
    for path, after in found.files.items():
        file = found.workspace.root / path
        action: Action = "change" if file.is_file() else "create"
        before = read_bytes(file).decode("utf-8", "replace") if file.is_file() else ""
        text = (after or b"").decode("utf-8", "replace")
        diffs.append(Change(action="delete" if after is None else action, path=path, before=before, after=text).diff())
    return diffs
