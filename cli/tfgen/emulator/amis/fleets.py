"""Fleets and environments that start instances: what moto lacks to say which AMI they start."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tfgen.emulator.amis.pages import page
from tfgen.emulator.amis.refusals import refusal
from tfgen.emulator.amis.state import of


def fill(put: Callable[[Any, str, Any], None]) -> None:
    """Fill these gaps."""
    from moto.autoscaling.responses import AutoScalingResponse
    from moto.ec2.responses.spot_fleets import SpotFleets
    from moto.elasticbeanstalk.responses import EBResponse

    put(SpotFleets, "request_spot_fleet", _with_strategy(SpotFleets.request_spot_fleet))
    put(AutoScalingResponse, "start_instance_refresh", _start_refresh)
    put(AutoScalingResponse, "describe_instance_refreshes", _describe_refreshes)
    put(AutoScalingResponse, "cancel_instance_refresh", _cancel_refresh)
    put(EBResponse, "create_environment", _with_options(EBResponse.create_environment))
    put(EBResponse, "describe_configuration_settings", _describe_settings)


def _with_strategy(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """RequestSpotFleet: moto has an error of its own where no strategy is named."""

    def requested(self: Any) -> Any:
        self.params["SpotFleetRequestConfig"].setdefault("AllocationStrategy", "lowestPrice")
        return original(self)

    return requested


def _refreshes(response: Any) -> list[dict[str, Any]]:
    """Those of the group that the request names; its instances are not replaced here."""
    name, backend = response._get_param("AutoScalingGroupName"), response.autoscaling_backend
    if name not in backend.autoscaling_groups:
        raise refusal("ValidationError", f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")
    return of(backend.ec2_backend).refreshes.setdefault(name, [])


def _start_refresh(self: Any) -> Any:
    """StartInstanceRefresh: moto does not have it. It stays in progress."""
    from moto.core.responses import ActionResult
    from moto.moto_api._internal import mock_random

    found = _refreshes(self)
    if any(each["Status"] in ("Pending", "InProgress") for each in found):
        raise refusal("InstanceRefreshInProgress", "An Instance Refresh is already in progress")
    made = {
        "InstanceRefreshId": str(mock_random.uuid4()),
        "AutoScalingGroupName": self._get_param("AutoScalingGroupName"),
        "Status": "InProgress",
        "StartTime": datetime.now(UTC),
        "PercentageComplete": 0,
        "Strategy": self._get_param("Strategy") or "Rolling",
    }
    given = {name: self._get_param(name) for name in ("DesiredConfiguration", "Preferences")}
    found.insert(0, made | {name: value for name, value in given.items() if value})
    return ActionResult({"InstanceRefreshId": made["InstanceRefreshId"]})


def _describe_refreshes(self: Any) -> Any:
    """DescribeInstanceRefreshes: moto does not have it."""
    from moto.core.responses import ActionResult

    ids = self._get_param("InstanceRefreshIds") or []
    found = [each for each in _refreshes(self) if not ids or each["InstanceRefreshId"] in ids]
    return ActionResult(page(self, "InstanceRefreshes", found, size=50, names="MaxRecords"))


def _cancel_refresh(self: Any) -> Any:
    """CancelInstanceRefresh: moto does not have it."""
    from moto.core.responses import ActionResult

    for each in _refreshes(self):
        if each["Status"] in ("Pending", "InProgress"):
            each |= {"Status": "Cancelled", "EndTime": datetime.now(UTC)}
            return ActionResult({"InstanceRefreshId": each["InstanceRefreshId"]})
    raise refusal("ActiveInstanceRefreshNotFound", "No in progress or pending Instance Refresh found")


def _with_options(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """CreateEnvironment: moto forgets the options, and all environments have the same id."""

    def created(self: Any) -> Any:
        from moto.moto_api._internal import mock_random

        answer = original(self)
        environment = answer.result
        environment.environment_id = f"e-{mock_random.get_random_string(length=10, lower_case=True)}"
        environment.options = self._get_param("OptionSettings") or []
        return answer

    return created


def _describe_settings(self: Any) -> Any:
    """DescribeConfigurationSettings: moto does not have it. No defaults of a platform are known."""
    from moto.core.responses import ActionResult

    application, name = self._get_param("ApplicationName"), self._get_param("EnvironmentName")
    found = self.elasticbeanstalk_backend.applications.get(application)
    environment = found.environments.get(name) if found is not None else None
    if environment is None:
        raise refusal("InvalidParameterValue", f"No Environment found for EnvironmentName = '{name}'.")
    settings = {
        "ApplicationName": application,
        "EnvironmentName": name,
        "DeploymentStatus": "deployed",
        "OptionSettings": environment.__dict__.get("options", []),
    }
    return ActionResult({"ConfigurationSettings": [settings]})
