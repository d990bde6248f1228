"""The rule `quota`: every excess that is planted is named with the setting that it comes from and one way out."""

from __future__ import annotations

import json
from typing import NamedTuple

import pytest

from tests.conftest import JSON, TOML, Command, Repo

IMAGES = {f"packer/i{number:03}.json": JSON for number in range(101)}
FEW = {f"packer/i{number}.json": JSON for number in range(13)}
MILAN = {"terraform/pipelines/providers.tf": 'provider "aws" {\n  region = "eu-south-1"\n}\n'}
REGIONS = [f"ap-southeast-{number}" for number in range(20)]
TOPIC = '{ topic_arn = "arn:aws:sns:eu-west-1:123456789012:images" }'
HALVES = "".join(
    f"[templates.{name}.inputs]\nimage_regions = {json.dumps(regions)}\n"
    for name, regions in (("web", REGIONS[:10]), ("db", REGIONS[10:]))
)
PROFILE = "arn:aws:iam::123456789012:{kind}/a-long-name-of-an-image-{number}"
PROFILES = ", ".join(
    f'"{PROFILE.format(kind="instance-profile", number=number)}" = "{PROFILE.format(kind="role", number=number)}"'
    for number in range(60)
)
POLICIES = ", ".join(f'p{number} = "arn:aws:iam::123456789012:policy/p"' for number in range(11))


def secrets(image: str, count: int) -> str:
    """Variables, of which some have a secret in common."""
    names = [
        f"S{number} = {{ secret = 'a-team/a-long-name-of-an-image/{image}/{number}:key' }}" for number in range(count)
    ]
    return "\n".join([*names, "T = { secret = 'x:one' }", "U = { secret = 'x:two' }", ""])


class Found(NamedTuple):
    """One finding."""

    line: int
    message: str
    fix: str


def quota(cli: Command) -> list[Found]:
    done = cli("lint", "--rule", "quota", "--format", "json").expect(0)
    return [Found(one["line"], one["message"], one["fix"]) for one in json.loads(done.out)["findings"]]


PLANTED = {
    "rules": (
        {**IMAGES, **MILAN},
        'trigger = "push"\n',
        (2, "101 EventBridge rules in eu-south-1, and a bus takes 100", 'set trigger = "affected"'),
    ),
    "rules of schedules": (
        FEW,
        '[inputs]\nschedule = "rate(1 day)"\nstart_on_push = false\n[quota]\nevent_rules = 12\n',
        (3, "13 EventBridge rules, and a bus takes 12 by [quota]", "ask AWS for more, and set event_rules in [quota]"),
    ),
    "rules of notifications": (
        FEW,
        f"[inputs]\nstart_on_push = false\nnotifications = {TOPIC}\n[quota]\nevent_rules = 12\n",
        (4, "13 EventBridge rules", "set notifications = true in [shared]: one rule for all"),
    ),
    "roles": (
        FEW,
        "[quota]\niam_roles = 38\n",
        (1, "39 IAM roles, and an account takes 38 by [quota]", "set roles = true in [shared]: three roles for all"),
    ),
    "inline policy": (
        {},
        f"[inputs]\nimage_regions = {json.dumps(REGIONS)}\n",
        (3, "the inline policy of the build of web would have some 1", "give fewer image_regions"),
    ),
    "inline policy of a shared role": (
        {"packer/web.json": JSON, "packer/db.json": JSON},
        f"[shared]\nroles = true\n{HALVES}",
        (7, "the inline policy of the shared build role would have some 1", "give fewer image_regions"),
    ),
    "managed policy": (
        {},
        f"[templates.web.inputs]\ninstance_profiles = {{ {PROFILES} }}\n",
        (3, "a managed policy of the build of web would have some ", "give fewer instance_profiles"),
    ),
    "policy for secrets": (
        {},
        "[environment]\n" + secrets("a", 65),
        (2, "the policy of the build of web for secrets would have some 6,", "keep several values in one secret"),
    ),
    "policy for the secrets of all": (
        {"packer/web.json": JSON, "packer/db.json": JSON},
        "[shared]\nroles = true\n"
        + "".join(f"[templates.{name}.environment]\n{secrets(name, 33)}" for name in ("web", "db")),
        (40, "the policy of the shared build role for secrets would have some 6,", "keep several values in one secret"),
    ),
    "policies of a role": (
        {},
        f"[inputs]\nbuild_policy_arns = {{ {POLICIES} }}\n",
        (3, "the build of web would have 11 managed policies, and a role takes 10", "set policies_per_role in [quota]"),
    ),
    "pipelines": (
        FEW,
        'packer_dir = "packer"\n[quota]\npipelines = 12\n',
        (2, "13 pipelines, and a region takes 12 by [quota]", "ask AWS for more, and set pipelines in [quota]"),
    ),
    "builds at once": (
        FEW,
        "[quota]\nconcurrent_builds = 10\n",
        (3, "a push starts 13 builds at once, of which 10 run and 3 wait", 'set trigger = "affected"'),
    ),
    "builds that wait too long": (
        FEW,
        "[inputs]\nbuild_timeout = 300\n[quota]\nconcurrent_builds = 5\n",
        (
            5,
            "of which 5 run: with 300 minutes each some wait longer than 8 hours, and fail",
            'set trigger = "affected"',
        ),
    ),
    "the queue": (
        FEW,
        "[quota]\nconcurrent_builds = 2\n",
        (3, "2 run, 10 wait in CodeBuild's queue, and the rest fails", 'set trigger = "affected"'),
    ),
    "projects": (FEW, "[quota]\nbuild_projects = 12\n", (1, "13 CodeBuild projects, and a region takes 12", "ask AWS")),
    "buckets": (FEW, "[quota]\nbuckets = 12\n", (1, "13 buckets", "set artefact_bucket = true in [shared]")),
    "managed policies": (
        FEW,
        '[inputs]\nbuild_features = ["spot"]\n[quota]\niam_policies = 12\n',
        (1, "13 managed policies, and an account takes 12", "set roles = true in [shared]"),
    ),
}


@pytest.mark.parametrize("case", PLANTED)
def test_what_is_too_much_is_named(repo: Repo, cli: Command, case: str) -> None:
    files, toml, (line, message, fix) = PLANTED[case]
    repo({"tfgen.toml": TOML + toml, **(files or {"packer/web.json": JSON})})
    (found,) = quota(cli)
    assert (found.line, message in found.message, fix in found.fix) == (line, True, True), found


AFFECTED = """trigger = "affected"
[dispatcher]
inputs = { tfgen_requirement = "git+https://example.com/tfgen@4b825dc642cb6eb9a060e54bf8d69288fbee4904" }
"""


@pytest.mark.parametrize(
    "toml",
    [
        # Each as it is counted: with one less there is a finding (below).
        "[quota]\nevent_rules = 13\niam_roles = 39\npipelines = 13\nbuild_projects = 13\nbuckets = 13\n",
        "[quota]\nconcurrent_builds = 13\niam_roles = 39\n",
        AFFECTED + "[quota]\nevent_rules = 3\niam_roles = 28\nconcurrent_builds = 1\nbuild_projects = 14\n",
        "[shared]\nroles = true\nartefact_bucket = true\n[quota]\niam_roles = 3\nbuckets = 1\nevent_rules = 13\n",
        '[inputs]\nsource_type = "codeconnections"\n[quota]\nevent_rules = 1\niam_roles = 26\n',
        '[inputs]\nnetwork = "session-manager"\n[quota]\niam_roles = 52\n',
        '[inputs]\nnetwork = "session-manager"\n[environment]\nIAM_INSTANCE_PROFILE = "x"\n[quota]\niam_roles = 39\n',
        '[inputs]\nnetwork = "session-manager"\n[shared]\nroles = true\n[quota]\niam_roles = 4\niam_policies = 1\n',
        '[shared]\nroles = true\ninputs = { network = "session-manager" }\n[quota]\niam_roles = 4\niam_policies = 1\n',
    ],
)
def test_what_is_just_enough_is_no_finding(repo: Repo, cli: Command, toml: str) -> None:
    root = repo({"tfgen.toml": TOML + toml, **FEW})
    assert quota(cli) == []
    last = max(toml.splitlines(), key=lambda line: line.startswith("iam_roles"))
    number = int(last.rsplit(" ", 1)[1])
    (root / "tfgen.toml").write_text(TOML + toml.replace(last, f"iam_roles = {number - 1}"))
    assert [found.message.split(",")[0] for found in quota(cli)] == [f"{number} IAM roles"]


def test_it_counts_by_account_and_region(repo: Repo, cli: Command) -> None:
    provider = 'provider "aws" {{\n  alias = "{0}"\n  region = "{1}"\n{2}}}\n'
    files = {
        **FEW,
        "terraform/pipelines/providers.tf": 'provider "aws" {\n  region = "eu-west-1"\n}\n'
        + provider.format("us", "us-east-1", "")
        + provider.format("other", "us-east-1", '  profile = "other"\n'),
    }
    tables = "".join(
        f'[templates.i{number}]\nproviders = {{ aws = "aws.{alias}" }}\n'
        for alias, numbers in (("us", range(4)), ("other", range(4, 6)))
        for number in numbers
    )
    repo({"tfgen.toml": f"{TOML}[quota]\npipelines = 1\niam_roles = 1\n{tables}", **files})
    assert sorted(found.message.split(", and")[0] for found in quota(cli)) == [
        "2 pipelines in us-east-1",
        "33 IAM roles",
        "4 pipelines in us-east-1",
        "6 IAM roles",
        "7 pipelines in eu-west-1",
    ]


def test_nothing_is_known_of_another_module_but_its_pipelines(repo: Repo, cli: Command) -> None:
    repo({"tfgen.toml": f'{TOML}[module]\nsource = "./mine"\n[quota]\nevent_rules = 1\niam_roles = 1\n', **FEW})
    assert quota(cli) == []


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[quota]\nevent_rule = 1\n", "tfgen.toml:3: unknown key quota.event_rule; did you mean event_rules?"),
        ("[quota]\npipelines = 0\n", "tfgen.toml:3: quota.pipelines = 0 is no quota of an account"),
        ('[quota]\npipelines = "1"\n', "tfgen.toml:3: quota.pipelines must be a whole number"),
        ("[shared]\nroles = 1\n", "tfgen.toml:3: shared.roles must be true or false"),
        ("[shared]\nrole = true\n", "tfgen.toml:3: unknown key shared.role; did you mean roles?"),
        ("[shared.inputs]\npipelines = []\n", "tfgen.toml:3: the input pipelines is set by tfgen"),
        ('[shared.inputs]\nname = { fact = "name" }\n', "depends on one template, but what is shared is for all"),
    ],
)
def test_what_cannot_be_in_these_tables(repo: Repo, cli: Command, toml: str, said: str) -> None:
    repo({"tfgen.toml": TOML + toml, "packer/web.json": JSON})
    assert said in cli("list").expect(1).err
