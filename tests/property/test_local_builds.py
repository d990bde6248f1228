"""Every file that a build opens on the machine that builds is in the graph: real builds, traced."""

from __future__ import annotations

import pytest

from tests import depth
from tests.property.local_builds import make, trace_many
from tests.property.local_texts import PIECES

_BUILDS, _CHUNK = 300, 60
#: How many of each chunk are built.
_BUILT = depth.amount(1, _CHUNK)


@depth.deep
@pytest.mark.parametrize("first", range(0, _BUILDS, _CHUNK))
def test_what_a_build_opens_is_in_the_graph(first: int) -> None:
    found = list(trace_many(range(first, first + _BUILT), ansible=depth.is_on()))
    again = "again: python -m tests.property.local_builds --seed N --keep FOLDER"
    assert [(one.seed, sorted(one.missed)) for one in found if one.missed] == [], again
    assert [one.failed for one in found if one.failed] == []
    assert sum(len(one.opened) for one in found) > 2 * len(found), "the trace sees nothing"


def test_the_repositories_use_everything() -> None:
    assert {name for seed in range(_BUILDS) for name in make(seed).used} == {*PIECES, "ansible", "functions"}
