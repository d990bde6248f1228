"""Where facts about the repository's files are kept between runs: `.tfgen/cache/graph`."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import msgspec

from tfgen_generators.errors import TfgenError
from tfgen_generators.trees.store import Store

if TYPE_CHECKING:
    from tfgen.workspace import Workspace
    from tfgen_generators.graph.state import State

_STATE = "state"


def open_store(workspace: Workspace) -> Store:
    """What is remembered of this repository; nothing is kept where there is no tfgen.toml."""
    from tfgen.workspace import say_damaged

    store = Store(workspace.cache_file("graph"))
    say_damaged(workspace, "graph", damaged=store.damaged)
    return store


def kept_state(store: Store) -> State | None:
    """The graph of the last look at the disk."""
    from tfgen_generators.graph.state import State

    try:
        found = store.find(_STATE)
        return msgspec.msgpack.decode(found, type=State) if found else None
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None


def keep_state(store: Store, state: State) -> None:
    """Remembers the graph of the disk; one with a path that is not UTF-8 is made anew each time."""
    with contextlib.suppress(UnicodeEncodeError):
        store.put(_STATE, msgspec.msgpack.encode(state))


def keep_store(workspace: Workspace, store: Store) -> None:
    """Keeps what is new in `store`, and what other commands have left there. If it cannot, that costs time, no more."""
    if store.is_due:
        store.retain()
        with contextlib.suppress(TfgenError):
            workspace.make_state_dir("cache")
            store.save()
