"""What pipelines share: the module `shared`, planned once with images of every kind; and how long policies become."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.terraform.computed import assert_as_planned, instance
from tests.terraform.conftest import make_estate
from tests.terraform.iam_rights import is_allowed
from tests.terraform.module_on_aws import APPLY, PLAN
from tests.terraform.module_uses import ACCOUNT, CONNECTION, FEATURES, GOOD, KEY, PROFILE, PROFILE_ROLE, TOPIC, ids
from tfgen_generators.lint.rules.pipeline.quota_sizes import policy_sizes

if TYPE_CHECKING:
    from pathlib import Path

    from tests.terraform.conftest import Estate
    from tfgen.emulator.server import Emulator

#: An image's resources that are counted against a quota, or cost time in each plan.
MOST = 6
#: Of those that exist, the longest names.
REGIONS = [
    f"ap-{side}-{number}" for side, most in (("southeast", 5), ("northeast", 2)) for number in range(1, most + 1)
]
WIDE = {
    "source_type": '"codeconnections"',
    "source_repository": '"owner/repo"',
    "connection_arn": f'"{CONNECTION}"',
    "full_clone": "true",
    "kms_key_arn": f'"{KEY}"',
    "vpc_config": f'{{ vpc_id = "vpc-1", subnet_ids = {json.dumps(ids("subnet", 16))}, '
    f"security_group_ids = {json.dumps(ids('sg', 5))} }}",
    "vpc_id": '"vpc-1"',
    "subnet_ids": json.dumps(ids("subnet", 10)),
    "security_group_ids": json.dumps(ids("sg", 5)),
    "image_regions": json.dumps(REGIONS),
    "share_with_accounts": json.dumps([f"{number:012}" for number in range(10)]),
    "build_features": json.dumps(FEATURES),
    "instance_profiles": f'{{ "{PROFILE}" = "{PROFILE_ROLE}" }}',
}


def subnets(count: int) -> dict[str, str]:
    return {
        "vpc_config": f'{{ vpc_id = "vpc-1", subnet_ids = {json.dumps(ids("subnet", 16)[:count])} }}',
        "subnet_ids": json.dumps(ids("subnet", 10)[:count]),
    }


SECRETS: dict[str, Any] = {
    "secret_key_arns": [KEY],
    "environment_secrets": {
        **{f"S{number}": {"secret": f"app/{number}:password"} for number in range(9)},
        "ARN": {"secret": f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:whole-AbCdEf:key"},
        "P": {"parameter": "/app/name"},
    },
}
SIZES = {
    "subnets-1": subnets(1),
    "subnets-3": subnets(3),
    "subnets-16": subnets(16),
    "regions-7": {"image_regions": json.dumps(REGIONS)},
    "kms": {"kms_key_arn": f'"{KEY}"'},
    "connection": {name: WIDE[name] for name in ("source_type", "source_repository", "connection_arn", "full_clone")},
    "all": WIDE,
    "secrets": {name: json.dumps(value) for name, value in SECRETS.items()},
}
SHARED = {"name": '"estate"', "pipelines": '["*-ami-pipeline"]', "artefact_bucket_name": '"estate-artefacts"'}
NOTIFIED = f'{{ topic_arn = "{TOPIC}" }}'
#: Calls of the module shared: inputs.
CALLS = {
    "everything": {
        **SHARED,
        "source_repository": '"repo"',
        "notifications": NOTIFIED,
        "approval_topic_arns": json.dumps([TOPIC]),
        "network": '"session-manager"',
        "environment_secrets": '{ DB = { secret = "app" } }',
    },
    "bucket-alone": {**SHARED, "source_repository": '"repo"', "roles": "false"},
    "roles-alone": {
        **SHARED,
        "artefact_bucket_name": "null",
        "source_repository": '"repo"',
        "artefact_bucket_patterns": f'["*-artefacts-{ACCOUNT}"]',
    },
    "wide": {
        **SHARED,
        **WIDE,
        "pipelines": json.dumps([f"{number:02}-{'n' * 40}-ami-pipeline" for number in range(10)]),
    },
}
#: Images that share: what with, and what else they are given.
IMAGES = {
    "pushed": ("everything", {"notifications": NOTIFIED}),
    "dispatched": ("everything", {"start_on_push": "false"}),
    "in-a-vpc": ("everything", {**subnets(3), "approval": f'{{ topic_arn = "{TOPIC}" }}'}),
    "tunnelled": ("everything", {"network": '"session-manager"', "environment_secrets": '{ DB = { secret = "app" } }'}),
    "with-roles": ("bucket-alone", {}),
    "with-bucket": ("roles-alone", {}),
}
Planned = dict[str, list[dict[str, Any]]]


def call(name: str, source: str, inputs: dict[str, str]) -> str:
    lines = "\n".join(f"  {key} = {value}" for key, value in inputs.items())
    return f'module "{name}" {{\n  source = "../modules/{source}"\n{lines}\n}}\n'


def image(name: str, inputs: dict[str, str]) -> str:
    return call(name, "codepipeline", {**GOOD, "project_name": f'"{name}-ami-pipeline"', **inputs})


@pytest.fixture(scope="module")
def planned(
    emulator: Emulator, cli_config: Path, tmp_path_factory: pytest.TempPathFactory, attached: dict[str, str]
) -> Planned:
    """The resources of each module call, by one plan."""
    estate = make_estate(emulator, cli_config, tmp_path_factory.mktemp("shared"), attached)
    blocks = [call(name, "shared", inputs) for name, inputs in CALLS.items()]
    blocks += [
        image(name, {**inputs, "shared": f"module.{shared}.shared"}) for name, (shared, inputs) in IMAGES.items()
    ]
    blocks += [image(f"size-{name}", inputs) for name, inputs in SIZES.items()]
    blocks.append(image("alone", {}))
    estate.generated.write_text("\n".join(blocks), encoding="utf-8")
    estate.init()
    estate.terraform(*PLAN, expect=2)
    shown = json.loads(estate.terraform("show", "-json", "saved.plan").stdout)
    return {
        each["address"].removeprefix("module."): each["resources"]
        for each in shown["planned_values"]["root_module"]["child_modules"]
    }


def test_tfgen_computes_the_same_resources_without_terraform(planned: Planned) -> None:
    made = {name: instance("shared", inputs) for name, inputs in CALLS.items()}
    outputs = {name: one.outputs() for name, one in made.items()}
    for name, (shared, inputs) in IMAGES.items():
        given = {**GOOD, "project_name": f'"{name}-ami-pipeline"', **inputs, "shared": f"module.{shared}.shared"}
        made[name] = instance("codepipeline_v1", given, outputs)
    for name, one in made.items():
        assert assert_as_planned(one.resources(), planned[name]) > 3, name


def kinds(resources: list[dict[str, Any]]) -> list[str]:
    return sorted(each["type"].removeprefix("aws_") for each in resources)


def test_an_image_that_shares_all_has_at_most_six_resources(planned: Planned) -> None:
    counts = {name: len(planned[name]) for name in ("alone", "pushed", "dispatched", "in-a-vpc", "tunnelled")}
    assert counts == {"alone": 14, "pushed": 5, "dispatched": 3, "in-a-vpc": 6, "tunnelled": 5}
    assert max(counts[name] for name in counts if name != "alone") <= MOST
    assert kinds(planned["dispatched"]) == ["cloudwatch_log_group", "codebuild_project", "codepipeline"]


def test_bucket_and_roles_are_shared_alone(planned: Planned) -> None:
    assert not any(kind.startswith("s3") for kind in kinds(planned["with-roles"]))
    assert kinds(planned["with-roles"]).count("iam_role") == 3
    assert not any(kind.startswith("iam") for kind in kinds(planned["with-bucket"]))
    assert kinds(planned["with-bucket"]).count("s3_bucket") == 1
    assert kinds(planned["bucket-alone"]) == ["s3_bucket", "s3_bucket_policy", "s3_bucket_public_access_block"]
    assert not any(kind.startswith("s3") for kind in kinds(planned["roles-alone"]))


def policies(resources: list[dict[str, Any]]) -> dict[str, str]:
    """Name -> text of every policy but a bucket's."""
    found = {
        f"{each['type']} {each['values']['name']}": each["values"]["policy"]
        for each in resources
        if each["type"] in ("aws_iam_policy", "aws_iam_role_policy")
    }
    trusts = {
        f"trust {each['values']['name']}": each["values"]["assume_role_policy"]
        for each in resources
        if each["type"] == "aws_iam_role"
    }
    return {**found, **trusts}


#: What IAM takes: the inline policies of a role together, a managed one, a trust policy.
LIMITS = {"aws_iam_role_policy": 10_240, "aws_iam_policy": 6_144, "trust": 2_048}


def test_every_policy_is_shorter_than_its_limit(planned: Planned, record_property: Any) -> None:
    longest = {}
    for name in (*(f"size-{size}" for size in SIZES), *CALLS):
        sizes = {each: len(text) for each, text in policies(planned[name]).items()}
        record_property(name, json.dumps(sizes))
        print(name, sizes)
        longest[name] = {
            kind: max((size for each, size in sizes.items() if each.startswith(f"{kind} ")), default=0)
            for kind in LIMITS
        }
    too_long = {
        (name, kind): size for name, sizes in longest.items() for kind, size in sizes.items() if size > LIMITS[kind]
    }
    assert too_long == {}
    assert longest["size-all"]["aws_iam_role_policy"] > longest["size-subnets-1"]["aws_iam_role_policy"] > 4_000
    assert longest["size-subnets-16"]["aws_iam_policy"] > longest["size-subnets-3"]["aws_iam_policy"] > 500


SUBNETS, SGS = ids("subnet", 16), ids("sg", 5)
#: The same inputs as lint has them.
READ: dict[str, dict[str, Any]] = {
    **{
        f"subnets-{count}": {
            "subnet_ids": SUBNETS[: min(count, 10)],
            "vpc_config": {"vpc_id": "vpc-1", "subnet_ids": SUBNETS[:count]},
        }
        for count in (1, 3, 16)
    },
    "regions-7": {"image_regions": REGIONS},
    "kms": {"kms_key_arn": KEY},
    "connection": {"connection_arn": CONNECTION, "full_clone": True},
    "all": {
        "connection_arn": CONNECTION,
        "full_clone": True,
        "kms_key_arn": KEY,
        "vpc_config": {"vpc_id": "vpc-1", "subnet_ids": SUBNETS, "security_group_ids": SGS},
        "subnet_ids": SUBNETS[:10],
        "security_group_ids": SGS,
        "image_regions": REGIONS,
        "share_with_accounts": [f"{number:012}" for number in range(10)],
        "build_features": list(FEATURES),
        "instance_profiles": {PROFILE: PROFILE_ROLE},
    },
    "secrets": SECRETS,
}


@pytest.mark.parametrize("size", SIZES)
def test_lint_knows_how_long_a_policy_becomes(planned: Planned, size: str) -> None:
    found = policies(planned[f"size-{size}"])
    managed = [len(text) for name, text in found.items() if name.startswith("aws_iam_policy ")]
    secrets = [len(text) for name, text in found.items() if name.startswith("aws_iam_policy ") and "secrets" in name]
    guessed = policy_sizes(READ[size])
    assert guessed.secrets == pytest.approx(sum(secrets), rel=0.05)
    assert guessed.inline == pytest.approx(len(found["aws_iam_role_policy build"]), rel=0.05)
    assert max(guessed.managed, guessed.secrets) == pytest.approx(max(managed, default=0), rel=0.08)
    assert guessed.made == guessed.attached == len(managed)


def test_a_shared_role_may_do_it_for_each_image_and_for_nothing_else(planned: Planned) -> None:
    found = policies(planned["everything"])
    pipeline = found["aws_iam_role_policy pipeline"]
    for project, is_one in (("web-ami-pipeline", True), ("web", False)):
        arn = f"arn:aws:codebuild:eu-west-1:{ACCOUNT}:project/{project}"
        assert is_allowed(pipeline, "codebuild:StartBuild", arn) is is_one
        log = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/aws/codebuild/{project}:log-stream:1"
        assert is_allowed(found["aws_iam_role_policy build"], "logs:PutLogEvents", log) is is_one
        arn = f"arn:aws:codepipeline:eu-west-1:{ACCOUNT}:{project}"
        assert is_allowed(found["aws_iam_role_policy start"], "codepipeline:StartPipelineExecution", arn) is is_one
    for bucket, is_one in (("estate-artefacts", True), ("other", False)):
        assert is_allowed(pipeline, "s3:PutObject", f"arn:aws:s3:::{bucket}/web/1") is is_one
    assert is_allowed(pipeline, "sns:Publish", TOPIC)
    own = policies(planned["roles-alone"])["aws_iam_role_policy pipeline"]
    assert is_allowed(own, "s3:PutObject", f"arn:aws:s3:::web-artefacts-{ACCOUNT}/web/1")
    assert not is_allowed(own, "s3:PutObject", "arn:aws:s3:::estate-artefacts/web/1")


def test_one_rule_tells_how_all_pipelines_end(planned: Planned) -> None:
    (rule,) = (each for each in planned["everything"] if each["type"] == "aws_cloudwatch_event_rule")
    pattern = json.loads(rule["values"]["event_pattern"])
    assert pattern["detail"] == {"pipeline": [{"wildcard": "*-ami-pipeline"}], "state": ["FAILED", "SUCCEEDED"]}
    assert [each["values"]["name"] for each in planned["pushed"] if "event_rule" in each["type"]] == [
        "pushed-ami-pipeline-source"
    ]


def test_an_image_that_shares_all_is_made_and_stands(estate: Estate) -> None:
    shared = {**CALLS["everything"], "notifications": "null"}
    blocks = [call("everything", "shared", shared), image("pushed", {"shared": "module.everything.shared"})]
    estate.generated.write_text("\n".join(blocks), encoding="utf-8")
    estate.init()
    estate.terraform(*PLAN, expect=2)
    estate.terraform(*APPLY)
    estate.terraform(*PLAN, expect=0)
    (project,) = estate.emulator.client("codebuild").batch_get_projects(names=["pushed-ami-pipeline"])["projects"]
    assert project["serviceRole"] == f"arn:aws:iam::{ACCOUNT}:role/estate-codebuild"
    pipeline = estate.emulator.client("codepipeline").get_pipeline(name="pushed-ami-pipeline")["pipeline"]
    assert pipeline["artifactStore"]["location"] == "estate-artefacts"
