"""Every kind of task, by name."""

from __future__ import annotations

from collections.abc import Callable

from tests.property import more_tasks, tasks
from tests.property.places import Place

PIECES: dict[str, Callable[[Place], str]] = {
    name: piece
    for module in (tasks, more_tasks)
    for name, piece in vars(module).items()
    if callable(piece) and getattr(piece, "__module__", "") == module.__name__
}


def write_tasks(place: Place, how_many: int) -> str:
    """The text of a list of tasks, and every file that it needs."""
    names = place.writer.random.sample(sorted(PIECES), how_many)
    text = "---\n"
    for name in names:
        place.writer.use(name)
        text += PIECES[name](place)
    return text
