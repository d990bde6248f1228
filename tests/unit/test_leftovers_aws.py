"""EC2 answers in pages: what stands on a later one counts, for a leftover and for what keeps it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.aws_answers import client_of
from tfgen.aws.cleanup.find import Search
from tfgen.aws.failures import AwsError, Who
from tfgen.aws.session import Account

OLD = datetime(2020, 5, 25, tzinfo=UTC)
NAME = "packer_5ec9b900-e093-5d6b-7cf9-00000000000{}"
DESCRIPTION = "Temporary group for Packer"
TAGS = [{"Key": "BuiltBy", "Value": "Packer"}, {"Key": "Name", "Value": "packer-build-web"}]


def instance(number: int) -> dict[str, Any]:
    return {
        "InstanceId": f"i-{number}",
        "LaunchTime": OLD,
        "State": {"Name": "running"},
        "SecurityGroups": [{"GroupId": f"sg-{number}"}],
        "Tags": TAGS,
    }


def interface(number: int) -> dict[str, Any]:
    return {"Groups": [{"GroupId": f"sg-{number}"}], "Attachment": {"InstanceId": f"i-{number}"}}


#: Operation -> key of the answer, and one thing a page.
PAGES: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "describe_instances": ("Reservations", [{"Instances": [instance(number)]} for number in (1, 2)]),
    "describe_security_groups": (
        "SecurityGroups",
        [{"GroupId": f"sg-{number}", "GroupName": NAME.format(number)} for number in (1, 2, 3, 4)],
    ),
    "describe_network_interfaces": ("NetworkInterfaces", [interface(number) for number in (1, 2, 9, 4)]),
    "describe_volumes": (
        "Volumes",
        [{"VolumeId": f"vol-{number}", "CreateTime": OLD, "Tags": TAGS} for number in (1, 2)],
    ),
    "describe_key_pairs": ("KeyPairs", []),
    "describe_launch_templates": (
        "LaunchTemplates",
        [
            {
                "LaunchTemplateId": f"lt-{number}",
                "LaunchTemplateName": f"packer-fleet-launch-template-aB3dE6{number}",
                "CreateTime": OLD,
                "Tags": TAGS,
            }
            for number in (1, 2)
        ],
    ),
}


class Paged(Account):
    """An account in which every list has one thing a page; the operation in `short` gives its first page alone."""

    def __init__(self, short: str = "") -> None:
        self.who = Who(profile="", region="eu-west-1")
        self._lost, self._threads = {}, 1
        self._client = lambda service: client_of(service, self._answer)
        self.short = short

    def _answer(self, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        key, things = PAGES[operation]
        at = int(arguments.get("NextToken", 0))
        last = at + 1 >= len(things) or operation == self.short
        return {key: things[at : at + 1], **({} if last else {"NextToken": str(at + 1)})}


def ids(account: Paged) -> set[str]:
    return {each.id for each in Search(account, datetime.now(UTC)).leftovers}


def test_every_page_is_read() -> None:
    """The interface of sg-4, on the last page, is of an instance that is no leftover."""
    assert ids(Paged()) == {"i-1", "i-2", "sg-1", "sg-2", "sg-3", "vol-1", "vol-2", "lt-1", "lt-2"}


@pytest.mark.parametrize(
    ("short", "found"),
    [
        ("describe_instances", {"i-1", "sg-1", "sg-3", "vol-1", "vol-2", "lt-1", "lt-2"}),
        ("describe_security_groups", {"i-1", "sg-1", "vol-1", "vol-2", "lt-1", "lt-2"}),
        (
            "describe_network_interfaces",
            {"i-1", "i-2", "sg-1", "sg-2", "sg-3", "sg-4", "vol-1", "vol-2", "lt-1", "lt-2"},
        ),
        ("describe_volumes", {"i-1", "i-2", "sg-1", "sg-2", "sg-3", "vol-1", "lt-1", "lt-2"}),
        ("describe_launch_templates", {"i-1", "i-2", "sg-1", "sg-2", "sg-3", "vol-1", "vol-2", "lt-1"}),
    ],
)
def test_what_a_page_that_does_not_come_would_change(short: str, found: set[str]) -> None:
    """So the test above can fail for each of the lists."""
    assert ids(Paged(short)) == found


def test_a_page_that_names_itself_as_the_next_is_an_error() -> None:
    account = Paged()
    account._client = lambda service: client_of(service, lambda *_: {"Reservations": [], "NextToken": "again"})
    with pytest.raises(AwsError, match=r"ec2 describe_instances\).*same next token"):
        ids(account)
