"""AMIs on the emulator, each used in one way and one not at all: what the tests of `tfgen prune` begin with."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tfgen.aws.clients import AwsClient
from tfgen.emulator.server import Emulator

TOML = """\
source_repository = "ami-builder"

[retention]
keep_last = 0
"""
OTHER_ACCOUNT = "222233334444"
_TEMPLATE = "packer/web.json"
_ROLE = "arn:aws:iam::123456789012:role/some"


def tags(commit: str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904", **more: str) -> list[dict[str, str]]:
    """As the buildspec sets them."""
    values = {
        "Template": _TEMPLATE,
        "BuiltBy": "Packer",
        "CodeBuildProject": "web-ami-pipeline:4f7c7a6e-0000-4000-8000-000000000000",
        "SourceVersion": commit,
        **more,
    }
    return [{"Key": key, "Value": value} for key, value in values.items()]


@dataclass(kw_only=True)
class UsedAmis:
    """The emulator's account. `users`: AMI -> kind and id of what uses it."""

    emulator: Emulator
    users: dict[str, tuple[str, str]] = field(default_factory=dict)
    number: int = 0

    def client(self, service: str) -> AwsClient:
        return self.emulator.client(service)

    def ami(self, *, days: float = 100, given: list[dict[str, str]] | None = None, source: str = "") -> str:
        """An AMI of that age with its own snapshot."""
        ec2 = self.client("ec2")
        self.number += 1
        volume = ec2.create_volume(AvailabilityZone="eu-west-1a", Size=8)["VolumeId"]
        snapshot = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
        image = ec2.register_image(
            Name=f"web-{self.number:04d}",
            Architecture="x86_64",
            RootDeviceName="/dev/xvda",
            BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot, "VolumeSize": 8}}],
        )["ImageId"]
        ec2.create_tags(Resources=[image, snapshot], Tags=tags() if given is None else given)
        self.age(image, days)
        return str(image)

    def age(self, image: str, days: float, *, region: str = "") -> None:
        self.backend(region).amis[image].creation_date = datetime.now(UTC) - timedelta(days=days)

    def backend(self, region: str = "") -> Any:
        from moto.ec2.models import ec2_backends

        return ec2_backends[self.emulator.account_id][region or self.emulator.region]

    def use(self, kind: str, make: Callable[[str], str]) -> None:
        """One more AMI, and what `make` makes that uses it and gives the id of."""
        image = self.ami()
        self.users[image] = kind, make(image)

    def instance(self, image: str) -> str:
        ec2 = self.client("ec2")
        id_ = str(ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"])
        ec2.stop_instances(InstanceIds=[id_])
        return id_

    def template(self, image: str, *more: str) -> str:
        """A launch template; its later versions have the AMIs `more`."""
        ec2 = self.client("ec2")
        self.number += 1
        id_ = ec2.create_launch_template(LaunchTemplateName=f"lt-{self.number}", LaunchTemplateData={"ImageId": image})[
            "LaunchTemplate"
        ]["LaunchTemplateId"]
        for other in more:
            ec2.create_launch_template_version(LaunchTemplateId=id_, LaunchTemplateData={"ImageId": other})
        return str(id_)

    def old_version(self, image: str) -> str:
        """An early version of many: neither the default one nor the latest."""
        newest = "ami-00000000000000001"
        return f"{self.template(newest, image, *[newest] * 20)}:2"

    def launch_configuration(self, image: str) -> str:
        autoscaling = self.client("autoscaling")
        autoscaling.create_launch_configuration(
            LaunchConfigurationName="old-way", ImageId=image, InstanceType="t3.micro"
        )
        return "old-way"

    def group(self, image: str) -> str:
        """A group whose mixed instances policy has the AMI in an override's launch template."""
        other = self.template("ami-00000000000000001")
        override = self.template(image)
        zones = ["eu-west-1a"]
        self.client("autoscaling").create_auto_scaling_group(
            AutoScalingGroupName="mixed",
            MinSize=0,
            MaxSize=0,
            AvailabilityZones=zones,
            MixedInstancesPolicy={
                "LaunchTemplate": {
                    "LaunchTemplateSpecification": {"LaunchTemplateId": other, "Version": "$Latest"},
                    "Overrides": [
                        {
                            "InstanceType": "t3.micro",
                            "LaunchTemplateSpecification": {"LaunchTemplateId": override, "Version": "1"},
                        }
                    ],
                }
            },
        )
        return "mixed"

    def parameter(self, name: str, *values: str, label: tuple[int, str] | None = None) -> str:
        ssm = self.client("ssm")
        for value in values:
            ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)
        if label:
            ssm.label_parameter_version(Name=name, ParameterVersion=label[0], Labels=[label[1]])
        return name

    def stack(self, name: str, *, parameter: str = "", literal: str = "") -> str:
        template = {
            "Parameters": {"Image": {"Type": "String", "Default": "none"}},
            "Mappings": {"Images": {"eu-west-1": {"id": literal or "none"}}},
            "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        }
        given = [{"ParameterKey": "Image", "ParameterValue": parameter}] if parameter else []
        self.client("cloudformation").create_stack(StackName=name, TemplateBody=json.dumps(template), Parameters=given)
        return name

    def node_group(self, image: str) -> str:
        eks = self.client("eks")
        eks.create_cluster(name="apps", roleArn=_ROLE, resourcesVpcConfig={"subnetIds": ["subnet-1"]})
        eks.create_nodegroup(
            clusterName="apps",
            nodegroupName="workers",
            subnets=["subnet-1"],
            nodeRole=_ROLE,
            launchTemplate={"id": self.template(image), "version": "1"},
        )
        return "apps/workers"

    def compute_environment(self, image: str) -> str:
        ec2, iam = self.client("ec2"), self.client("iam")
        subnet = ec2.describe_subnets()["Subnets"][0]
        group = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
        role = iam.create_role(RoleName="batch", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        profile = iam.create_instance_profile(InstanceProfileName="batch")["InstanceProfile"]["Arn"]
        self.client("batch").create_compute_environment(
            computeEnvironmentName="jobs",
            type="MANAGED",
            state="ENABLED",
            serviceRole=role,
            computeResources={
                "type": "EC2",
                "minvCpus": 0,
                "maxvCpus": 2,
                "instanceTypes": ["m5.large"],
                "imageId": image,
                "subnets": [subnet["SubnetId"]],
                "securityGroupIds": [group],
                "instanceRole": profile,
            },
        )
        return "jobs"

    def spot_fleet(self, image: str) -> str:
        subnet = self.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
        return str(
            self.client("ec2").request_spot_fleet(
                SpotFleetRequestConfig={
                    "IamFleetRole": _ROLE,
                    "TargetCapacity": 0,
                    "SpotPrice": "0.1",
                    "AllocationStrategy": "lowestPrice",
                    "LaunchSpecifications": [{"ImageId": image, "InstanceType": "t3.micro", "SubnetId": subnet}],
                }
            )["SpotFleetRequestId"]
        )

    def fleet(self, image: str) -> str:
        return str(
            self.client("ec2").create_fleet(
                Type="maintain",
                TargetCapacitySpecification={"TotalTargetCapacity": 0, "DefaultTargetCapacityType": "on-demand"},
                LaunchTemplateConfigs=[
                    {
                        "LaunchTemplateSpecification": {"LaunchTemplateId": self.template(image), "Version": "$Latest"},
                        "Overrides": [{"InstanceType": "t3.micro"}],
                    }
                ],
            )["FleetId"]
        )

    def beanstalk(self, image: str) -> str:
        beanstalk = self.client("elasticbeanstalk")
        beanstalk.create_application(ApplicationName="shop")
        option = {"Namespace": "aws:autoscaling:launchconfiguration", "OptionName": "ImageId", "Value": image}
        beanstalk.create_environment(
            ApplicationName="shop",
            EnvironmentName="shop-prod",
            SolutionStackName="64bit Amazon Linux 2023",
            OptionSettings=[option],
        )
        return self.only_id(
            "elasticbeanstalk", "describe_environments", "Environments", "EnvironmentId", "EnvironmentName"
        )

    def only_id(self, service: str, operation: str, key: str, *names: str) -> str:
        """The id of the one thing that the answer has; moto leaves some empty."""
        (found,) = getattr(self.client(service), operation)()[key]
        return next(str(found[name]) for name in names if found.get(name))

    def recipe(self, image: str) -> str:
        return str(
            self.client("imagebuilder").create_image_recipe(
                name="base",
                semanticVersion="1.0.0",
                components=[{"componentArn": "arn:aws:imagebuilder:eu-west-1:aws:component/x/1.0.0"}],
                parentImage=image,
                clientToken="token",
            )["imageRecipeArn"]
        )

    def share(self, image: str) -> str:
        self.client("ec2").modify_image_attribute(ImageId=image, LaunchPermission={"Add": [{"UserId": OTHER_ACCOUNT}]})
        return OTHER_ACCOUNT

    def by_alias(self, image: str) -> str:
        """A launch template that names a parameter's old version, which has a label."""
        self.parameter("/aliased", image, "none", "none")
        return f"{self.template('resolve:ssm:/aliased:1')}:1"

    def each_way(self) -> Iterator[tuple[str, Callable[[str], str]]]:
        """Kind of user -> what makes one."""
        newest = "ami-00000000000000001"
        yield "instance", self.instance
        yield "launch-template", self.old_version
        yield "launch-configuration", self.launch_configuration
        yield "auto-scaling-group", self.group
        yield "ssm-parameter", lambda image: self.parameter("/now", image)
        yield (
            "ssm-parameter",
            lambda image: self.parameter("/marked", image, *[newest] * 9, label=(1, "good")) + ":good",
        )
        yield "ssm-parameter", lambda image: self.parameter("/before", image, newest) + ":1"
        yield "launch-template", self.by_alias
        yield "cloudformation-stack", lambda image: self.stack("by-parameter", parameter=image)
        yield "cloudformation-stack", lambda image: self.stack("by-literal", literal=image)
        yield "eks-node-group", self.node_group
        yield "batch-compute-environment", self.compute_environment
        yield "spot-fleet", self.spot_fleet
        yield "ec2-fleet", self.fleet
        yield "beanstalk-environment", self.beanstalk
        yield "image-builder-recipe", self.recipe
        yield "shared", self.share
