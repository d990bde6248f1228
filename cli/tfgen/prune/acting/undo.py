"""A run taken back: what it did last comes first, so that parents are there before their children."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tfgen.aws.failures import AwsError, concerns_all
from tfgen.aws.session import Account, open_account
from tfgen.distribution.installed import version
from tfgen.prune.acting.journal import FOLDER, Run, find_run, own_runs, reopen
from tfgen.prune.acting.model import Applied, AppliedAmi, Outcome, Record, Undone
from tfgen.prune.acting.record import read_record
from tfgen.prune.acting.restore import Restore
from tfgen.prune.model import Because
from tfgen.workspace import locked
from tfgen_generators.errors import RefusedError

if TYPE_CHECKING:
    from tfgen.workspace import Workspace

_GIVEN_BACK: tuple[Outcome, ...] = ("restored", "nothing")


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
                outcome, lacking = ("not-done", (stopped,)) if stopped else _one(accounts[record.region], run, record)
                if outcome == "not-done":
                    stopped = lacking[0]
                else:
                    line = Undone(region=record.region, ami=record.ami, result=outcome, lacking=lacking)
                    journal.write(line)
                amis.append(_applied(run, record, outcome, lacking))
                say(f"[{len(amis)}/{len(run.touched)}] {record.ami} ({record.image}, {record.region}): {outcome}")
            amis += [_unrecorded(run, region, ami) for region, ami in run.unrecorded]
    return Applied(amis=tuple(amis), run=run.name, tfgen=version(), accounts=run.begun.accounts)


def runs(workspace: Workspace) -> Applied:
    """The runs whose journals are here, the newest first. Raises RefusedError, TfgenError."""
    found = [run.summary() for run in own_runs(workspace.make_state_dir(FOLDER))]
    return Applied(runs=tuple(reversed(found)), tfgen=version())


def _one(account: Account, run: Run, record: Record) -> tuple[Outcome, tuple[str, ...]]:
    """What was given back before and is there is a person's since: it stays as it is."""
    restore = Restore(account, record)
    before = run.undone.get(record.key)
    try:
        if before and before.result in _GIVEN_BACK and read_record(account, record.ami, record.image, "keep"):
            return "nothing", ()
        outcome = restore.run()
    except AwsError as error:
        if concerns_all(error):
            return "not-done", (f"the undo stopped: {error}",)
        return "not-restored", (*restore.lacking, str(error))
    return outcome, tuple(restore.lacking)


def _unrecorded(run: Run, region: str, ami: str) -> AppliedAmi:
    return AppliedAmi(
        image="",
        region=region,
        ami=ami,
        action="keep",
        because=(Because(kind="undo", id=run.name),),
        result="not-restored",
        error=f"its record in {run.path.name} cannot be read; look for it in the Recycle Bin of {region}",
    )


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
