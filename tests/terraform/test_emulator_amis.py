"""The life of an AMI on the emulator, as AWS plays it; each answer is one that botocore's model of AWS has."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.aws_shapes import check_answer
from tfgen.emulator.amis.state import State, at

if TYPE_CHECKING:
    from tfgen.emulator.server import Emulator

OTHER = "111111111111"
DAYS = {"RetentionPeriodValue": 7, "RetentionPeriodUnit": "DAYS"}
TAGS = [{"Key": "Template", "Value": "web"}]


@pytest.fixture
def empty(emulator: Emulator) -> Emulator:
    emulator.reset()
    return emulator


def asked(service: str, client: Any, operation: str, **arguments: Any) -> dict[str, Any]:
    """The answer of the operation, once it is sure that AWS's has all that is in it."""
    answer = getattr(client, operation)(**arguments)
    assert isinstance(answer, dict)
    answer.pop("ResponseMetadata", None)
    check_answer(service, operation, answer)
    return answer


def ec2(emulator: Emulator, operation: str, account: str = "", region: str = "", **arguments: Any) -> dict[str, Any]:
    return asked("ec2", emulator.client("ec2", region=region, account=account), operation, **arguments)


def make_ami(emulator: Emulator, name: str = "web") -> str:
    offered = emulator.client("ec2").describe_images(Owners=["amazon"])["Images"]
    source = next(each["ImageId"] for each in offered if "Platform" not in each)  # moto's windows is not AWS's Windows
    instance = emulator.client("ec2").run_instances(ImageId=source, MinCount=1, MaxCount=1)["Instances"][0]
    tags = [{"ResourceType": "image", "Tags": TAGS}]
    asked_for = {"InstanceId": instance["InstanceId"], "Name": name, "TagSpecifications": tags}
    return str(ec2(emulator, "create_image", **asked_for)["ImageId"])


def described(emulator: Emulator, image: str, **where: Any) -> dict[str, Any]:
    (found,) = ec2(emulator, "describe_images", ImageIds=[image], IncludeDisabled=True, **where)["Images"]
    return dict(found)


def snapshot_of(emulator: Emulator, image: str) -> str:
    return str(described(emulator, image)["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"])


def state(emulator: Emulator) -> State:
    return at(emulator.account_id, emulator.region)


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_a_launch_is_told_a_day_later(empty: Emulator) -> None:
    image = make_ami(empty)
    empty.client("ec2").run_instances(ImageId=image, MinCount=1, MaxCount=1)
    assert "LastLaunchedTime" not in described(empty, image)
    state(empty).launch_delay = timedelta(0)
    told = described(empty, image)["LastLaunchedTime"]
    attribute = ec2(empty, "describe_image_attribute", ImageId=image, Attribute="lastLaunchedTime")
    assert attribute["LastLaunchedTime"] == {"Value": told}


def test_a_disabled_ami_is_hidden_not_started_and_not_shared_any_more(empty: Emulator) -> None:
    image = make_ami(empty)
    share(empty, image)
    ec2(empty, "disable_image", ImageId=image)
    assert ec2(empty, "describe_images", Owners=["self"])["Images"] == []
    assert described(empty, image)["State"] == "disabled"
    with pytest.raises(ClientError) as refused:
        empty.client("ec2").run_instances(ImageId=image, MinCount=1, MaxCount=1)
    assert code(refused) == "InvalidAMIID.Unavailable"
    ec2(empty, "enable_image", ImageId=image)
    found = ec2(empty, "describe_image_attribute", ImageId=image, Attribute="launchPermission")
    assert found["LaunchPermissions"] == []


def share(emulator: Emulator, image: str) -> None:
    emulator.client("ec2").modify_image_attribute(ImageId=image, LaunchPermission={"Add": [{"UserId": OTHER}]})


def test_another_account_sees_what_is_shared_with_it_and_may_not_change_it(empty: Emulator) -> None:
    image = make_ami(empty)
    assert ec2(empty, "describe_images", account=OTHER, ExecutableUsers=["self"])["Images"] == []
    share(empty, image)
    (seen,) = ec2(empty, "describe_images", account=OTHER, ExecutableUsers=["self"])["Images"]
    assert (seen["ImageId"], seen["OwnerId"], seen["Tags"]) == (image, empty.account_id, [])
    with pytest.raises(ClientError) as refused:
        empty.client("ec2", account=OTHER).deregister_image(ImageId=image)
    assert code(refused) == "AuthFailure"


def test_a_copy_knows_its_source_and_a_token_makes_one(empty: Emulator) -> None:
    image = make_ami(empty)
    asked_for = {"Name": "copy", "SourceImageId": image, "SourceRegion": empty.region, "ClientToken": "once"}
    copies = [ec2(empty, "copy_image", region="eu-central-1", CopyImageTags=True, **asked_for) for _ in range(2)]
    assert copies[0] == copies[1]
    copy = described(empty, copies[0]["ImageId"], region="eu-central-1")
    assert (copy["SourceImageId"], copy["SourceImageRegion"], copy["Tags"]) == (image, empty.region, TAGS)


@pytest.mark.parametrize("wanted", ["pending", "failed"])
def test_a_copy_can_stay_pending_or_fail(empty: Emulator, wanted: str) -> None:
    image = make_ami(empty)
    state(empty).copies = wanted
    copy = ec2(empty, "copy_image", Name="copy", SourceImageId=image, SourceRegion=empty.region)["ImageId"]
    assert described(empty, copy)["State"] == wanted


def test_a_disk_by_the_default_key_is_not_shared(empty: Emulator) -> None:
    image, region = make_ami(empty), empty.region
    asked_for: dict[str, Any] = {"SourceImageId": image, "SourceRegion": region, "Encrypted": True}
    copy = ec2(empty, "copy_image", Name="copy", **asked_for)["ImageId"]
    with pytest.raises(ClientError, match="AWS Managed CMK"):
        share(empty, copy)
    with pytest.raises(ClientError, match="default key"):
        empty.client("ec2").modify_snapshot_attribute(
            SnapshotId=snapshot_of(empty, copy), OperationType="add", UserIds=[OTHER]
        )


def test_what_a_rule_matches_comes_back_from_the_bin_and_else_it_is_gone(empty: Emulator) -> None:
    rbin, image = empty.client("rbin"), make_ami(empty)
    tagged = [{"ResourceTagKey": "Template", "ResourceTagValue": "web"}]
    rule = asked("rbin", rbin, "create_rule", ResourceType="EC2_IMAGE", RetentionPeriod=DAYS, ResourceTags=tagged)
    asked("rbin", rbin, "create_rule", ResourceType="EBS_SNAPSHOT", RetentionPeriod=DAYS)
    (listed,) = asked("rbin", rbin, "list_rules", ResourceType="EC2_IMAGE")["Rules"]
    assert listed["Identifier"] == rule["Identifier"]
    share(empty, image)
    disk = snapshot_of(empty, image)
    gone = ec2(empty, "deregister_image", ImageId=image, DeleteAssociatedSnapshots=True)
    assert gone["DeleteSnapshotResults"] == [{"SnapshotId": disk, "ReturnCode": "success"}]
    assert [each["ImageId"] for each in ec2(empty, "list_images_in_recycle_bin")["Images"]] == [image]
    assert [each["SnapshotId"] for each in ec2(empty, "list_snapshots_in_recycle_bin")["Snapshots"]] == [disk]
    ec2(empty, "restore_snapshot_from_recycle_bin", SnapshotId=disk)
    ec2(empty, "restore_image_from_recycle_bin", ImageId=image)
    assert described(empty, image)["Tags"] == TAGS
    rbin.delete_rule(Identifier=rule["Identifier"])
    ec2(empty, "deregister_image", ImageId=image)
    assert ec2(empty, "list_images_in_recycle_bin")["Images"] == []


def test_a_snapshot_that_another_ami_has_stays(empty: Emulator) -> None:
    image = make_ami(empty)
    disk = snapshot_of(empty, image)
    mapping = [{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": disk}}]
    registered = {"Name": "again", "Architecture": "arm64", "RootDeviceName": "/dev/xvda"}
    second = ec2(empty, "register_image", BlockDeviceMappings=mapping, **registered)["ImageId"]
    made = described(empty, second)
    assert (made["Architecture"], made["RootDeviceType"]) == ("arm64", "ebs")
    ec2(empty, "disable_image", ImageId=second)
    gone = ec2(empty, "deregister_image", ImageId=image, DeleteAssociatedSnapshots=True)
    assert gone["DeleteSnapshotResults"] == [{"SnapshotId": disk, "ReturnCode": "skipped"}]
    with pytest.raises(ClientError) as refused:
        empty.client("ec2").delete_snapshot(SnapshotId=disk)
    assert code(refused) == "InvalidSnapshot.InUse"


def template(emulator: Emulator, image: str, name: str = "web") -> str:
    made = ec2(emulator, "create_launch_template", LaunchTemplateName=name, LaunchTemplateData={"ImageId": image})
    return str(made["LaunchTemplate"]["LaunchTemplateId"])


def test_a_launch_template_with_an_alias_starts_the_ami_that_the_parameter_names_now(empty: Emulator) -> None:
    first, second, ssm = make_ami(empty, "one"), make_ami(empty, "two"), empty.client("ssm")
    parameter = {"Name": "/images/web/prod", "Type": "String", "DataType": "aws:ec2:image", "Overwrite": True}
    ssm.put_parameter(Value=first, **parameter)
    wanted = {"LaunchTemplateId": template(empty, "resolve:ssm:/images/web/prod")}
    begun = [started(empty, wanted)]
    ssm.put_parameter(Value=second, **parameter)
    begun.append(started(empty, wanted))
    assert begun == [first, second]
    shown = [
        ec2(empty, "describe_launch_template_versions", **wanted, ResolveAlias=resolve)["LaunchTemplateVersions"][0]
        for resolve in (False, True)
    ]
    images = [each["LaunchTemplateData"]["ImageId"] for each in shown]
    assert images == ["resolve:ssm:/images/web/prod", second]
    old = template(empty, "resolve:ssm:/images/web/prod:1", "old")
    assert started(empty, {"LaunchTemplateId": old}) == first


def started(emulator: Emulator, wanted: dict[str, str]) -> str:
    begun = emulator.client("ec2").run_instances(LaunchTemplate=wanted, MinCount=1, MaxCount=1)
    return str(begun["Instances"][0]["ImageId"])


def test_all_launch_templates_and_versions_are_on_pages(empty: Emulator) -> None:
    client, image = empty.client("ec2"), "ami-0123456789abcdef0"
    made = template(empty, image)
    for number in range(2, 21):
        template(empty, image, f"web{number}")
        client.create_launch_template_version(LaunchTemplateId=made, LaunchTemplateData={"ImageId": image})
    assert len(ec2(empty, "describe_launch_templates")["LaunchTemplates"]) == 20
    pages = list(client.get_paginator("describe_launch_templates").paginate(MaxResults=7))
    assert [len(each["LaunchTemplates"]) for each in pages] == [7, 7, 6]
    versions = ec2(empty, "describe_launch_template_versions", LaunchTemplateId=made)["LaunchTemplateVersions"]
    assert len(versions) == 20
    deleted = ec2(empty, "delete_launch_template_versions", LaunchTemplateId=made, Versions=["1", "3", "99"])
    assert [each["VersionNumber"] for each in deleted["SuccessfullyDeletedLaunchTemplateVersions"]] == [3]
    every = ec2(empty, "describe_launch_template_versions", Versions=["$Latest", "$Default"])
    assert len(every["LaunchTemplateVersions"]) == 21


def test_a_parameter_of_an_ami_takes_no_other_value(empty: Emulator) -> None:
    ssm, image = empty.client("ssm"), make_ami(empty)
    parameter = {"Name": "/images/web/prod", "Type": "String", "DataType": "aws:ec2:image", "Overwrite": True}
    with pytest.raises(ClientError) as refused:
        ssm.put_parameter(Value="nonsense", **parameter)
    assert code(refused) == "ValidationException"
    assert ssm.put_parameter(Value=image, **parameter)["Version"] == 1
    # AWS says yes, and finds out later that there is no such AMI.
    ssm.put_parameter(Value="ami-00000000000000000", **parameter)
    assert ssm.get_parameter(Name="/images/web/prod")["Parameter"]["Value"] == image
    ssm.put_parameter(Name="/other", Value="x", Type="String")
    wanted = [{"Key": "DataType", "Values": ["aws:ec2:image"]}]
    (found,) = asked("ssm", ssm, "describe_parameters", ParameterFilters=wanted)["Parameters"]
    assert found["Name"] == "/images/web/prod"


def test_references_reports_and_ancestry_name_who_uses_an_ami(empty: Emulator) -> None:
    image = make_ami(empty)
    share(empty, image)
    template(empty, image)
    empty.client("ec2", account=OTHER).run_instances(ImageId=image, MinCount=1, MaxCount=1)
    recipe = {
        "name": "web",
        "semanticVersion": "1.0.0",
        "components": [{"componentArn": "arn:aws:imagebuilder:eu-west-1:aws:component/x/1.0.0"}],
        "parentImage": image,
        "clientToken": "x",
    }
    builder = empty.client("imagebuilder")
    made = asked("imagebuilder", builder, "create_image_recipe", **recipe)["imageRecipeArn"]
    (listed,) = asked("imagebuilder", builder, "list_image_recipes")["imageRecipeSummaryList"]
    assert (listed["arn"], listed["parentImage"]) == (made, image)
    found = ec2(empty, "describe_image_references", ImageIds=[image], IncludeAllResourceTypes=True)
    kinds = [each["ResourceType"] for each in found["ImageReferences"]]
    assert kinds == ["ec2:LaunchTemplate", "imagebuilder:ImageRecipe"]
    wanted = [{"ResourceType": "ec2:Instance"}]
    report = ec2(empty, "create_image_usage_report", ImageId=image, ResourceTypes=wanted)["ReportId"]
    assert ec2(empty, "describe_image_usage_reports", ReportIds=[report])["ImageUsageReports"][0]["State"]
    (entry,) = ec2(empty, "describe_image_usage_report_entries", ReportIds=[report])["ImageUsageReportEntries"]
    assert (entry["AccountId"], entry["UsageCount"]) == (OTHER, 1)
    ec2(empty, "delete_image_usage_report", ReportId=report)
    assert len(ec2(empty, "get_image_ancestry", ImageId=image)["ImageAncestryEntries"]) == 2
    metadata = ec2(empty, "describe_instance_image_metadata")["InstanceImageMetadata"]
    assert [each["ImageMetadata"]["State"] for each in metadata] == ["available"]
    assert ec2(empty, "get_allowed_images_settings")["State"] == "disabled"


@pytest.mark.unknown_calls
@pytest.mark.parametrize(
    ("service", "operation", "arguments", "said"),
    [
        ("ec2", "describe_volume_status", {}, "ec2:DescribeVolumeStatus"),
        ("autoscaling", "describe_account_limits", {}, "autoscaling:DescribeAccountLimits"),
        ("dlm", "get_lifecycle_policies", {}, "dlm:/policies"),
        ("pricing", "get_products", {"ServiceCode": "AmazonEC2"}, "pricing:GetProducts"),
    ],
)
def test_an_unknown_call_is_an_error_at_once_and_told(
    empty: Emulator, service: str, operation: str, arguments: dict[str, Any], said: str
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(empty.client(service), operation)(**arguments)
    assert code(refused) == "UnknownToTheEmulator"
    assert refused.value.response["ResponseMetadata"]["RetryAttempts"] == 0
    assert empty.unknown == [said]
    empty.reset()
    assert empty.unknown == []


def test_fleets_refreshes_and_environments_say_what_they_start(empty: Emulator) -> None:
    image, scaling, beanstalk = make_ami(empty), empty.client("autoscaling"), empty.client("elasticbeanstalk")
    specification = {"ImageId": image, "InstanceType": "t3.micro"}
    fleet = {"IamFleetRole": "arn:aws:iam::123456789012:role/x", "TargetCapacity": 1}
    config = {**fleet, "LaunchSpecifications": [specification]}
    assert ec2(empty, "request_spot_fleet", SpotFleetRequestConfig=config)["SpotFleetRequestId"]
    where = {"LaunchTemplate": {"LaunchTemplateId": template(empty, image)}, "AvailabilityZones": ["eu-west-1a"]}
    scaling.create_auto_scaling_group(AutoScalingGroupName="web", MinSize=0, MaxSize=1, **where)
    begun = asked("autoscaling", scaling, "start_instance_refresh", AutoScalingGroupName="web")
    (told,) = asked("autoscaling", scaling, "describe_instance_refreshes", AutoScalingGroupName="web")[
        "InstanceRefreshes"
    ]
    assert (told["InstanceRefreshId"], told["Status"]) == (begun["InstanceRefreshId"], "InProgress")
    option = {"Namespace": "aws:autoscaling:launchconfiguration", "OptionName": "ImageId", "Value": image}
    names = {"ApplicationName": "shop", "EnvironmentName": "shop-prod"}
    beanstalk.create_application(ApplicationName="shop")
    beanstalk.create_environment(**names, SolutionStackName="x", OptionSettings=[option])
    (found,) = asked("elasticbeanstalk", beanstalk, "describe_configuration_settings", **names)["ConfigurationSettings"]
    assert found["OptionSettings"] == [option]
