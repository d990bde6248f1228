"""A source of use that AWS throttles, or answers oddly, is told by its name at whichever call; the others count."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from tfgen.aws.failures import AwsError
from tfgen.aws.usage.ask import SOURCES, ask

_AMI = "ami-0123456789abcdef0"
#: Service and operation, as boto3 names them, -> the answer.
_ANSWERS: dict[tuple[str, str], Any] = {
    ("ec2", "describe_launch_templates"): [{"LaunchTemplateId": "lt-1"}],
    ("ec2", "describe_launch_template_versions"): [
        {"LaunchTemplateId": "lt-1", "VersionNumber": 1, "LaunchTemplateData": {"ImageId": _AMI}}
    ],
    ("ssm", "describe_parameters"): [{"Name": "/one", "Version": 1}, {"Name": "/two", "Version": 2}],
    ("ssm", "get_parameters"): {"Parameters": [{"Name": "/one", "Version": 1, "Value": _AMI}]},
    ("ssm", "get_parameter_history"): [{"Name": "/two", "Version": 2, "Value": "x"}],
    ("ec2", "describe_instances"): [{"Instances": [{"InstanceId": "i-1", "ImageId": _AMI}]}],
    ("ec2", "describe_spot_instance_requests"): [],
    ("autoscaling", "describe_launch_configurations"): [],
    ("autoscaling", "describe_auto_scaling_groups"): [],
    ("cloudformation", "describe_stacks"): [{"StackName": "s"}],
    ("cloudformation", "get_template"): {"TemplateBody": {"Transform": "x"}},
    ("eks", "list_clusters"): ["c"],
    ("eks", "list_nodegroups"): ["g"],
    ("eks", "describe_nodegroup"): {"nodegroup": {"clusterName": "c", "nodegroupName": "g"}},
    ("batch", "describe_compute_environments"): [],
    ("ec2", "describe_spot_fleet_requests"): [],
    ("ec2", "describe_fleets"): [],
    ("elasticbeanstalk", "describe_environments"): [{"EnvironmentName": "e", "ApplicationName": "a"}],
    ("elasticbeanstalk", "describe_applications"): {"Applications": []},
    ("elasticbeanstalk", "describe_configuration_settings"): {},
    ("imagebuilder", "list_image_recipes"): [],
    ("imagebuilder", "list_container_recipes"): [{"arn": "arn"}],
    ("imagebuilder", "get_container_recipe"): {"containerRecipe": {}},
}
_SOURCE_OF = {
    **{operation: operation.removeprefix("describe_").replace("_", "-") for _, operation in _ANSWERS},
    **dict.fromkeys(("describe_launch_templates", "describe_launch_template_versions"), "launch-templates"),
    **dict.fromkeys(("describe_parameters", "get_parameters", "get_parameter_history"), "ssm-parameters"),
    **dict.fromkeys(("describe_stacks", "get_template"), "cloudformation"),
    **dict.fromkeys(("list_clusters", "list_nodegroups", "describe_nodegroup"), "eks"),
    "describe_spot_instance_requests": "spot-requests",
    "describe_compute_environments": "batch",
    "describe_spot_fleet_requests": "spot-fleets",
    "describe_fleets": "ec2-fleets",
    **dict.fromkeys(
        ("describe_environments", "describe_applications", "describe_configuration_settings"), "elastic-beanstalk"
    ),
    **dict.fromkeys(("list_image_recipes", "list_container_recipes", "get_container_recipe"), "image-builder"),
}


class Asker:
    """One region from memory, in which one operation fails."""

    region, previous = "eu-west-1", 5

    def __init__(self, failing: str = "", error: Exception | None = None) -> None:
        self.failing, self.error, self.asked = failing, error, set[str]()

    def call(self, service: str, operation: str, **arguments: object) -> dict[str, Any]:
        answer: dict[str, Any] = self._answer(service, operation)
        return answer

    def pages(self, service: str, operation: str, key: str, **arguments: object) -> Iterator[dict[str, Any]]:
        yield from self._answer(service, operation)

    def each(self, function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        return map(function, items)

    def _answer(self, service: str, operation: str) -> Any:
        self.asked.add(operation)
        if operation == self.failing and self.error:
            raise self.error
        return _ANSWERS[service, operation]


def test_every_call_of_every_source_is_in_the_table() -> None:
    asker = Asker()
    found = ask(asker)
    assert found.failures == ()
    assert {each.kind for each in found.uses} == {"instance", "launch-template", "ssm-parameter"}
    assert asker.asked == {operation for _, operation in _ANSWERS}
    assert set(_SOURCE_OF.values()) == set(SOURCES)


@pytest.mark.parametrize("operation", [operation for _, operation in _ANSWERS])
@pytest.mark.parametrize("code", ["ThrottlingException", "Throttling", "RequestLimitExceeded", ""])
def test_a_source_that_fails_at_any_call(operation: str, code: str) -> None:
    error: Exception = AwsError(f"AWS refused it ({code})", code=code) if code else KeyError("Odd")
    found = ask(Asker(operation, error))
    assert [(each.region, each.source) for each in found.failures] == [("eu-west-1", _SOURCE_OF[operation])]
    assert (code or "cannot be read: KeyError") in found.failures[0].error
    kinds = {each.kind for each in found.uses}
    assert kinds >= {"instance", "launch-template", "ssm-parameter"} - {
        {"describe_instances": "instance"}.get(operation, ""),
        {"launch-templates": "launch-template", "ssm-parameters": "ssm-parameter"}.get(_SOURCE_OF[operation], ""),
    }
