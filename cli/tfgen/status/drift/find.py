"""The differences of one place, each with what was expected and what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgen.status.facts import Drifts, PlaceFacts

if TYPE_CHECKING:
    from tfgen.aws.session import Account
    from tfgen.workspace import Workspace
    from tfgen_generators.sync.model import SyncResult


def drift(
    workspace: Workspace,
    found: SyncResult,
    facts: PlaceFacts,
    account: Account,
    *,
    full: bool,
) -> Drifts:
    """What differs in one place. Without `full` nothing more is asked of AWS than what `facts` has."""
    return Drifts()
