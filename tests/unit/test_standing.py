"""One opinion of a good AMI: what CodeBuild's record of its build says of its tags."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tfgen.aws.images.model import OwnedImage
from tfgen.aws.images.standing import standing
from tfgen.aws.pipelines.runs import BuildFacts, builds_of
from tfgen.publish.gates import why_altered

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
COMMIT = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
BEGIN, END = NOW - timedelta(days=3, minutes=20), NOW - timedelta(days=3)
RECORD = BuildFacts(
    id="web-ami-pipeline:1", status="SUCCEEDED", commit=COMMIT, number="7", started=BEGIN, ended=END, ami="ami-1"
)


def ami(id_: str = "ami-1", *, made: datetime = END - timedelta(minutes=2), **more: Any) -> OwnedImage:
    tags = {
        "Template": "packer/web.json",
        "CodeBuildProject": RECORD.id,
        "BuildNumber": "7",
        "SourceVersion": COMMIT,
        **more.pop("tags", {}),
    }
    found = OwnedImage(id=id_, name=id_, region="eu-west-1", account="1", state="available", created=made, tags=tags)
    return replace(found, **more)


def copy(of: str = "ami-1", **more: Any) -> OwnedImage:
    """Made long after the build."""
    return ami("ami-9", made=NOW, **{"region": "us-east-1", "source_id": of, "source_region": "eu-west-1", **more})


OUTSIDE = END + timedelta(hours=1)
LONG_AGO = NOW - timedelta(days=400)
FAILED = replace(RECORD, status="FAILED")
WITHOUT_ID = replace(RECORD, ami="")


@pytest.mark.parametrize(
    ("image", "build", "kind"),
    [
        (ami(), RECORD, "good"),
        (ami(made=OUTSIDE), RECORD, "good"),  # the record names it
        (ami("ami-2"), RECORD, "good"),  # of the second builder
        (ami("ami-2", made=END + timedelta(minutes=4)), RECORD, "good"),  # the clocks of two services
        (ami("ami-2", made=OUTSIDE), RECORD, "forged"),
        (ami("ami-2", made=BEGIN - timedelta(minutes=6)), RECORD, "forged"),
        (ami("ami-2"), replace(RECORD, started=None, ended=None), "forged"),
        (ami(), WITHOUT_ID, "good"),
        (ami(made=OUTSIDE), WITHOUT_ID, "forged"),
        (ami(made=OUTSIDE), replace(WITHOUT_ID, started=None), "good"),
        (ami(), FAILED, "failed"),
        (ami(), replace(RECORD, status="IN_PROGRESS"), "going-on"),
        (ami(tags={"SourceVersion": "1" * 40}), RECORD, "forged"),
        (ami(tags={"BuildNumber": "8"}), RECORD, "forged"),
        (ami(tags={"BuildNumber": ""}), RECORD, "good"),  # an older buildspec's: the record names it
        (ami("ami-2", tags={"BuildNumber": ""}), RECORD, "forged"),
        # Another image's AMI with this one's Template, and every way to write this one's.
        (ami(), replace(RECORD, script="packer/db.json"), "forged"),
        (ami("ami-2"), replace(RECORD, script="packer/db"), "forged"),
        (copy(), replace(RECORD, script="packer/db"), "forged"),
        (ami(), replace(RECORD, script="packer/we"), "forged"),
        (ami(), replace(RECORD, script="b.json"), "forged"),
        (ami(), replace(RECORD, script="packer/web.json"), "good"),
        (ami(), replace(RECORD, script="./packer//web"), "good"),
        (ami(), replace(RECORD, script="web"), "good"),
        (ami(tags={"Template": "packer/web"}), replace(RECORD, script="packer/web/"), "good"),
        (ami(tags={"Template": "packer/web.pkr.hcl"}), replace(RECORD, script="packer/web"), "good"),
        (ami(tags={"CodeBuildProject": "none"}), RECORD, "untagged"),
        (ami(tags={"SourceVersion": "none"}), RECORD, "untagged"),
        (ami(), None, "forged"),
        (ami(made=LONG_AGO), None, "expired"),
        (copy(), RECORD, "good"),
        (copy("ami-2"), RECORD, "unproven"),
        (copy(), None, "unproven"),
        # EC2 names the AMI that the instance was started from: made of the real one, by hand.
        (copy(region="eu-west-1"), RECORD, "forged"),
        # By Packer to another region, while the build ran.
        (replace(copy("ami-5"), created=END), RECORD, "good"),
    ],
)
def test_what_the_record_says(image: OwnedImage, build: BuildFacts | None, kind: str) -> None:
    found = standing(image, {RECORD.id: build}, now=NOW)
    assert found.kind == kind
    assert bool(found.reason) == (kind != "good")
    assert bool(found.contradictions) == (kind == "forged")


def test_a_copy_is_as_good_as_what_it_was_copied_from() -> None:
    known = {RECORD.id: RECORD}
    assert standing(copy("ami-2"), known, now=NOW, source=ami("ami-2")).kind == "good"
    assert standing(copy("ami-2"), known, now=NOW, source=ami("ami-2", made=OUTSIDE)).kind == "forged"
    gone = {RECORD.id: None}
    assert standing(copy(), gone, now=NOW, source=ami(made=LONG_AGO)).kind == "expired"
    assert standing(copy(), gone, now=NOW, source=ami()).kind == "forged"


def test_what_was_not_read_is_not_known() -> None:
    nothing: dict[str, BuildFacts | None] = {}
    for builds in (None, nothing):
        assert standing(ami(), builds, now=NOW).kind == "unreadable"
        assert standing(ami(), builds, now=NOW, template="packer/db.json").kind == "forged"


def test_the_gate_opens_for_each_ami_of_a_build_and_for_no_other() -> None:
    """Two builders; the record has one id."""
    web = "packer/web.json"
    first, second = ami(), ami("ami-2", made=BEGIN + timedelta(minutes=9))
    assert [why_altered(one, "web-ami-pipeline", RECORD, web) for one in (first, second)] == ["", ""]
    copied_tags = why_altered(replace(second, created=OUTSIDE), "web-ami-pipeline", RECORD, web)
    assert copied_tags == "build web-ami-pipeline:1 made ami-1, not ami-2: ami-2 was not made while it ran"
    other = why_altered(second, "web-ami-pipeline", RECORD, "packer/db.json")
    assert other == "tag Template of ami-2 is packer/web.json, and the image's template is packer/db.json"
    # After its template was renamed; the record names it.
    assert why_altered(first, "web-ami-pipeline", RECORD, "packer/site.json") == ""


def test_what_a_person_wrote_into_the_tag_is_not_asked_for() -> None:
    class Account:
        def __init__(self) -> None:
            self.asked, self.kind = list[str](), "PLAINTEXT"

        def call(self, service: str, operation: str, ids: list[str]) -> dict[str, Any]:
            self.asked += ids
            variables = [
                {"name": "OTHER", "value": "packer/db", "type": "PLAINTEXT"},
                {"name": "PACKER_SCRIPT", "value": "packer/web", "type": self.kind},
            ]
            return {
                "builds": [
                    {
                        "id": "web:1",
                        "buildStatus": "SUCCEEDED",
                        "environment": {"environmentVariables": variables},
                    }
                ]
            }

    account: Any = Account()
    found = builds_of(account, ["web:1", "garbage", "a b:c", ""])
    assert account.asked == ["web:1"]
    assert found["web:1"] is not None
    assert found["web:1"].script == "packer/web"
    account.kind = "PARAMETER_STORE"  # then the record has a name, not the value
    assert [each.script for each in builds_of(account, ["web:1"]).values() if each] == [""]
    assert {id_: build and build.status for id_, build in found.items()} == {
        "web:1": "SUCCEEDED",
        "garbage": None,
        "a b:c": None,
        "": None,
    }
