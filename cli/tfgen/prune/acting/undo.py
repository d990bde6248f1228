"""A run taken back: what it did last comes first, so that parents are there before their children."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tfgen.aws.failures import AwsError
from tfgen.aws.session import Account, open_account
from tfgen.distribution.installed import version
from tfgen.prune.acting.journal import FOLDER, Run, find_run, own_runs, reopen
from tfgen.prune.acting.model import Applied, AppliedAmi, Outcome, Record, Undone
from tfgen.prune.acting.restore import Restore
from tfgen.prune.model import Because
from tfgen.workspace import locked
from tfgen_generators.errors import RefusedError

if TYPE_CHECKING:
    from tfgen.workspace import Workspace


def undo(workspace: Workspace, name: str, say: Callable[[str], None]) -> Applied:
    """Gives back every AMI that the run may have changed; what is so already stays. Again after a kill: it goes on.

    Raises UsageError, RefusedError for a journal that is not ours or of another account, BusyError, TfgenError.
    """
    with locked(workspace, "prune", timeout=0):
        run = find_run(workspace.make_state_dir(FOLDER), name)
        accounts = _accounts(run)
        amis: list[AppliedAmi] = []
        stopped = ""
        with reopen(run.path) as journal:
            for record in run.touched:
                outcome, lacking = ("not-done", (stopped,)) if stopped else _one(accounts[record.region], record)
                if outcome == "not-done":
                    stopped = lacking[0]
                else:
                    line = Undone(region=record.region, ami=record.ami, result=outcome, lacking=lacking)
                    journal.write(line)
                amis.append(_applied(run, record, outcome, lacking))
                say(f"[{len(amis)}/{len(run.touched)}] {record.ami} ({record.image}, {record.region}): {outcome}")
    return Applied(amis=tuple(amis), run=run.name, tfgen=version(), accounts=run.begun.accounts)


def runs(workspace: Workspace) -> Applied:
    """The runs whose journals are here, the newest first. Raises RefusedError, TfgenError."""
    found = [run.summary() for run in own_runs(workspace.make_state_dir(FOLDER))]
    return Applied(runs=tuple(reversed(found)), tfgen=version())


def _one(account: Account, record: Record) -> tuple[Outcome, tuple[str, ...]]:
    restore = Restore(account, record)
    try:
        outcome = restore.run()
    except AwsError as error:
        return "not-done", (f"the undo stopped: {error}",)
    return outcome, tuple(restore.lacking)


def _applied(run: Run, record: Record, outcome: Outcome, lacking: tuple[str, ...]) -> AppliedAmi:
    return AppliedAmi(
        image=record.image,
        region=record.region,
        ami=record.ami,
        action=record.action,
        because=(Because(kind="undo", id=run.name),),
        name=record.name,
        snapshots=tuple(each.id for each in record.snapshots),
        result=outcome,
        error="; ".join(lacking),
    )


def _accounts(run: Run) -> dict[str, Account]:
    found = {region: open_account(region) for region in dict.fromkeys(each.region for each in run.touched)}
    for region, account in found.items():
        if (of := run.begun.accounts.get(region)) != account.id:
            message = f"the run was in account {of or 'unknown'}, and the credentials are of {account.id} ({region})"
            raise RefusedError(message, fix="use the profile of that account")
    return found
