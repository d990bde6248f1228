"""`[publish]` of tfgen.toml: what is taken, and the line of what is not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tfgen_generators.errors import SettingsError
from tfgen_generators.settings.lifecycle.ages import age_of
from tfgen_generators.settings.read import parse_settings

GOOD = """source_repository = "ami-builder"
[publish]
parameter = "/images/{image}/{channel}"
channels = ["dev", "prod"]
regions = ["eu-west-1"]
accounts = ["111122223333"]
organization_arns = ["arn:aws:organizations::111122223333:ou/o-abcdefghij/ou-ab12-abcdefgh"]
kms_keys = { eu-west-1 = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd" }
after_build = "dev"
launch_templates = { prod = { web = ["lt-0123456789abcdef0"] } }
[publish.gates.prod]
min_age = "2d"
approved_by = ["arn:aws:sts::111122223333:assumed-role/release/*"]
command = ["ci/smoke-test"]
"""


def test_the_names_of_channels() -> None:
    publish = parse_settings(GOOD).publish
    assert publish.parameter_name("web", "prod") == "/images/web/prod"
    assert (publish.former("dev"), publish.former("prod")) == ("", "dev")
    assert age_of(publish.gates["prod"].min_age) == timedelta(days=2)
    assert not parse_settings('source_repository = "ami-builder"').publish.is_on


@pytest.mark.parametrize(
    ("before", "after", "line", "message"),
    [
        ("/images/{image}/{channel}", "/aws/{image}/{channel}", 3, "aws or ssm, which AWS reserves"),
        ("/images/{image}/{channel}", "/SSM-x/{image}/{channel}", 3, "aws or ssm, which AWS reserves"),
        ("/images/{image}/{channel}", "/images/{image}", 3, "must contain {channel} once"),
        ("/images/{image}/{channel}", "/images/{image}-{channel}", 3, "in one part"),
        ("/images/{image}/{channel}", "images/{image}/{channel}", 3, "is not a parameter's name"),
        ("/images/{image}/{channel}", "/images//{image}/{channel}", 3, "is not a parameter's name"),
        ("/images/{image}/{channel}", "/{image}/{channel}", 3, "begins with a name"),
        ("/images/{image}/{channel}", "/i" * 14 + "/{image}/{channel}", 3, "is longer than 15 parts"),
        ('["dev", "prod"]', "[]", 4, "names no channel"),
        ('["dev", "prod"]', '["dev", "dev"]', 4, "twice"),
        ('["dev", "prod"]', '["dev", "prod.lock"]', 4, "letters, digits"),
        ('["eu-west-1"]', '["Ireland"]', 5, "names of AWS regions"),
        ('["eu-west-1"]', '["eu-west-1", "us-east-1"]', 8, "has no key for us-east-1"),
        ('["eu-west-1"]', '["us-east-1"]', 8, "is not in publish.regions"),
        ('["111122223333"]', '["1"]', 6, "account ids of 12 digits"),
        ("arn:aws:organizations::111122223333:ou", "arn:aws:iam::1:x", 7, "ARNs of organizations"),
        ("kms:eu-west-1:", "kms:us-east-1:", 8, "is a key of us-east-1"),
        (":key/1234abcd", ":alias/aws/ebs", 8, "is not the ARN of a key of your own"),
        ('after_build = "dev"', 'after_build = "prod"', 9, "is not the first channel"),
        ("{ prod = { web", "{ prood = { web", 10, "did you mean prod?"),
        ('["lt-0123456789abcdef0"]', '"lt-0123456789abcdef0"', 10, "must be a list of strings"),
        ('["lt-0123456789abcdef0"]', '["web"]', 10, "ids of launch templates"),
        ("gates.prod", "gates.dev", 12, "dev is the first"),
        ("gates.prod", "gates.prd", 11, "did you mean prod?"),
        ('"2d"', '"two days"', 12, "is not an age"),
        ('"2d"', '"0d"', 12, "asks for nothing"),
        ("min_age", "min_aeg", 12, "did you mean min_age?"),
        ('["arn:aws:sts', '["release', 13, "ARNs as"),
        ('["ci/smoke-test"]', '"ci/smoke-test"', 14, "must be a list of strings"),
        ('["ci/smoke-test"]', '[""]', 14, "names no program"),
        ("[publish]", "[shared]\nroles = true\n[publish]", 11, "needs a role of each pipeline's own"),
    ],
)
def test_what_is_not_taken_has_its_line(before: str, after: str, line: int, message: str) -> None:
    assert before in GOOD
    with pytest.raises(SettingsError) as caught:
        parse_settings(GOOD.replace(before, after, 1))
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"tfgen.toml:{line}: ")
