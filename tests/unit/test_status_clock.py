"""Clocks that differ: ages by AWS's, and one message where AWS takes no signature of this machine's time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tfgen.aws.failures import AwsError, Who, explained, is_about_credentials
from tfgen.status.clock import time_now


def _account(ahead: timedelta | None) -> Any:
    headers = {} if ahead is None else {"date": format_datetime(datetime.now(UTC) - ahead, usegmt=True)}
    return SimpleNamespace(identity={"ResponseMetadata": {"HTTPHeaders": headers}})


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (timedelta(hours=3), "h00m ahead of AWS's"),
        (timedelta(days=-400), "behind AWS's"),
    ],
)
def test_ages_are_counted_by_the_clock_of_aws(ahead: timedelta, said: str) -> None:
    now, note = time_now([_account(ahead)])
    assert abs(datetime.now(UTC) - ahead - now) < timedelta(seconds=10)
    assert note.startswith("this machine's clock is ")
    assert said in note
    assert note.endswith(": ages are counted by AWS's clock")


@pytest.mark.parametrize("ahead", [timedelta(minutes=4), timedelta(minutes=-4), None])
def test_clocks_that_differ_by_little_are_no_word_worth(ahead: timedelta | None) -> None:
    now, note = time_now([_account(ahead)])
    assert abs(datetime.now(UTC) - now) < timedelta(seconds=10)
    assert note == ""
    assert time_now([])[1] == ""


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("SignatureDoesNotMatch", "Signature expired: 20261201T000000Z is now earlier than 20261201T010000Z"),
        ("InvalidSignatureException", "Signature not yet current: 20261201T000000Z is still later than ..."),
        ("RequestTimeTooSkewed", "The difference between the request time and the current time is too large."),
    ],
)
def test_a_signature_of_another_time_is_one_message_about_the_clock(code: str, message: str) -> None:
    with pytest.raises(AwsError) as raised, explained(Who(profile="p", region="r"), "sts", "get_caller_identity"):
        raise ClientError({"Error": {"Code": code, "Message": message}}, "GetCallerIdentity")
    assert raised.value.fix == "correct this machine's clock"
    assert is_about_credentials(raised.value)


def test_another_signature_is_about_the_keys() -> None:
    with pytest.raises(AwsError) as raised, explained(Who(profile="p", region="r"), "sts", "get_caller_identity"):
        raise ClientError({"Error": {"Code": "SignatureDoesNotMatch", "Message": "The request signature"}}, "X")
    assert "sign in again" in (raised.value.fix or "")
