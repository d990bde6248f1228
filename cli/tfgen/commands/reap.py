"""`tfgen reap`: finds what builds that were killed have left on AWS, and deletes it when asked to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from tfgen.options import FormatOption
from tfgen_generators.settings.lifecycle.ages import age_of_option

if TYPE_CHECKING:
    from tfgen.aws.cleanup.model import Doubt, Leftover
    from tfgen.aws.session import Account
    from tfgen.console import Format

EXAMPLES = """\b
Examples:
  tfgen reap                                     find what is older than a day
  tfgen reap --older-than 3h --region eu-west-1 --region us-east-1
  tfgen reap --delete                            delete it
"""


def command(
    older_than: Annotated[
        str,
        typer.Option(
            "--older-than",
            metavar="AGE",
            envvar="TFGEN_OLDER_THAN",
            help="Only resources older than this, for example 90m, 24h or 7d. Use more than your longest build takes.",
        ),
    ] = "24h",
    region: Annotated[
        list[str] | None,
        typer.Option(
            "--region",
            metavar="REGION",
            envvar="TFGEN_REAP_REGION",
            help="AWS region (default: AWS_REGION, or the profile's). Repeatable.",
        ),
    ] = None,
    delete: Annotated[
        bool, typer.Option("--delete", envvar="TFGEN_REAP_DELETE", help="Delete what was found.")
    ] = False,
    format_: FormatOption = "table",
) -> int:
    """Find resources that killed builds left in AWS.

    Lists instances, key pairs, security groups, volumes, launch templates of spot builds, and temporary roles and
    instance profiles; deletes them only with --delete. Skips what is recent, in use, part of a running build, or not
    certainly created by Packer. Never touches AMIs and snapshots. Exits 1 when something could not be deleted.
    """
    before = datetime.now(UTC) - age_of_option("--older-than", older_than)
    found = _Found()
    for name in dict.fromkeys(region or [""]):
        found.look_at(name, before, delete=delete)
    found.look_at_roles(before, delete=delete)
    return found.show(format_, deleted=delete)


class _Found:
    """What all regions hold; `results` says of each leftover "" when it is gone, else why not."""

    def __init__(self) -> None:
        self.leftovers: list[Leftover] = []
        self.doubts: list[Doubt] = []
        self.results: dict[Leftover, str] = {}
        self.errors = 0
        #: What nobody may look at here, one line each.
        self._unseen: list[str] = []
        self._account: Account | None = None
        #: Instance -> the instance profile that it has.
        self._profiles: dict[str, str] = {}

    def look_at(self, region: str, before: datetime, *, delete: bool) -> None:
        """One region; "" is the user's own. What keeps it from being looked at is said, and the others go on."""
        from tfgen.aws.cleanup.find import Search
        from tfgen.aws.failures import AwsError
        from tfgen.aws.session import open_account
        from tfgen.console import note, one_line
        from tfgen.phrases import counted

        try:
            account = open_account(region or None)
            search = Search(account, before)
        except AwsError as error:
            self.errors += 1
            note(one_line(f"error: {error}"), style="red")
            return
        self._account = account
        self._profiles |= search.profiles
        self._unseen += search.unseen
        self.doubts += search.doubts
        self.leftovers += search.leftovers
        if not delete:
            return
        if instances := sum(each.kind == "instance" for each in search.leftovers):
            note(f"terminating {counted(instances, 'instance')} in {account.region}")
        self._remove(account, search.leftovers)

    def look_at_roles(self, before: datetime, *, delete: bool) -> None:
        """Roles and instance profiles, which are in no region: after the instances that have them."""
        from tfgen.aws.cleanup.roles import old_roles
        from tfgen.aws.failures import AwsError, is_denied
        from tfgen.console import note, one_line

        if self._account is None:
            return
        gone = {each.id for each in self.leftovers if not self.results.get(each)}
        used = {profile for instance, profile in self._profiles.items() if instance not in gone}
        try:
            leftovers = list(old_roles(self._account, before, used))
        except AwsError as error:
            if is_denied(error):
                self._unseen.append(f"roles and instance profiles: {error}")
                return
            self.errors += 1
            note(one_line(f"error: {error}"), style="red")
            return
        self.leftovers += leftovers
        if delete:
            self._remove(self._account, leftovers)

    def _remove(self, account: Account, leftovers: Sequence[Leftover]) -> None:
        from tfgen.aws.cleanup.remove import delete
        from tfgen.console import note, one_line

        for each, reason in delete(account, leftovers):
            self.results[each] = reason
            what = f"{each.kind} {each.id} ({each.region})"
            note(one_line(f"error: {what}: {reason}" if reason else f"deleted {what}"), style="red" if reason else "")

    def show(self, format_: Format, *, deleted: bool) -> int:
        """What there is to stdout; gives the exit code."""
        from msgspec import to_builtins

        from tfgen.console import note, one_line, out_json, out_table

        now = datetime.now(UTC)
        if format_ == "json":
            leftovers = [self._as_json(each, deleted=deleted) for each in self.leftovers]
            out_json({"leftovers": leftovers, "left_alone": to_builtins(self.doubts)})
        elif self.leftovers:
            header = ["REGION", "KIND", "ID", "NAME", "AGE", *(["RESULT"] if deleted else [])]
            out_table(header, [self._row(each, now, deleted=deleted) for each in self.leftovers])
        for doubt in self.doubts:
            note(one_line(f"skipped: instance {doubt.id} ({doubt.region}): {doubt.reason}"), style="yellow")
        for unseen in self._unseen:
            note(one_line(f"skipped: {unseen}"), style="yellow")
        if not self.leftovers and not self.errors:
            note("nothing found")
        elif self.leftovers and not deleted:
            note("nothing was deleted; to delete these, add --delete")
        return 1 if self.errors or any(self.results.values()) else 0

    def _row(self, each: Leftover, now: datetime, *, deleted: bool) -> Sequence[str]:
        result = ["deleted" if not self.results[each] else "failed"] if deleted else []
        return [each.region, each.kind, each.id, each.name or "-", _old(now - each.since), *result]

    def _as_json(self, each: Leftover, *, deleted: bool) -> dict[str, object]:
        result = {"deleted": not self.results[each], "reason": self.results[each]} if deleted else {"deleted": False}
        return {
            "region": each.region,
            "kind": each.kind,
            "id": each.id,
            "name": each.name,
            "since": each.since.isoformat(timespec="seconds"),
            **result,
        }


def _old(age: timedelta) -> str:
    """`3d`, `7h`, `12m`."""
    if age.days > 0:
        return f"{age.days}d"
    return f"{age.seconds // 3600}h" if age.seconds >= 3600 else f"{age.seconds // 60}m"
