"""The service imagebuilder, which moto does not have: recipes and what refers to them, kept and given back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult, BaseResponse

from tfgen.emulator.amis.pages import page
from tfgen.emulator.amis.refusals import refusal
from tfgen.emulator.amis.state import of


class Responses(BaseResponse):
    """The class that answers, as moto's own services have one."""

    def __init__(self) -> None:
        super().__init__(service_name="imagebuilder")
        self.automated_parameter_parsing = True

    @property
    def backend(self) -> Any:
        from moto.ec2.models import ec2_backends

        return ec2_backends[self.current_account][self.region]

    def _arn(self, kind: str, name: str, version: str = "") -> str:
        begin = f"arn:{self.backend.partition}:imagebuilder:{self.region}:{self.current_account}"
        return f"{begin}:{kind}/{name.lower().replace(' ', '-')}" + (f"/{version}" if version else "")

    def _create(self, kind: str, key: str, *names: str) -> ActionResult:
        arn = self._arn(kind, self._get_param("name"), self._get_param("semanticVersion") or "")
        kept = of(self.backend).builder
        if arn in kept:
            raise refusal("ResourceAlreadyExistsException", f"{arn} exists already")
        given = {name: self._get_param(name) for name in ("name", "description", "tags", *names)}
        made = {name: value for name, value in given.items() if value is not None}
        kept[arn] = {"arn": arn, "dateCreated": datetime.now(UTC).isoformat(), **made}
        if "semanticVersion" in self.params:
            kept[arn] |= {"version": self._get_param("semanticVersion"), "owner": self.current_account}
        return ActionResult({"requestId": "1", "clientToken": self._get_param("clientToken"), key: arn})

    def _of_kind(self, kind: str) -> list[dict[str, Any]]:
        kept = of(self.backend).builder
        return [made for arn, made in kept.items() if arn.split(":")[5].startswith(f"{kind}/")]

    def _list(self, kind: str, key: str, *names: str) -> ActionResult:
        found = self._of_kind(kind)
        if self._get_param("owner") in ("Shared", "Amazon", "ThirdParty", "AWSMarketplace"):
            found = []
        shown = [{name: made[name] for name in ("arn", "name", *names) if name in made} for made in found]
        return ActionResult({"requestId": "1", **page(self, key, shown, size=25, names="maxResults")})

    def _one(self, parameter: str, key: str) -> ActionResult:
        arn = self._get_param(parameter)
        if arn not in of(self.backend).builder:
            raise refusal("ResourceNotFoundException", f"The resource {arn} does not exist")
        return ActionResult({"requestId": "1", key: of(self.backend).builder[arn]})

    def create_image_recipe(self) -> ActionResult:
        names = ("parentImage", "components", "blockDeviceMappings", "workingDirectory")
        return self._create("image-recipe", "imageRecipeArn", *names)

    def create_container_recipe(self) -> ActionResult:
        names = ("parentImage", "components", "instanceConfiguration", "containerType", "targetRepository")
        return self._create("container-recipe", "containerRecipeArn", *names)

    def create_image_pipeline(self) -> ActionResult:
        names = ("imageRecipeArn", "containerRecipeArn", "infrastructureConfigurationArn", "status", "schedule")
        return self._create("image-pipeline", "imagePipelineArn", *names)

    def create_infrastructure_configuration(self) -> ActionResult:
        names = ("instanceTypes", "instanceProfileName", "subnetId", "resourceTags")
        return self._create("infrastructure-configuration", "infrastructureConfigurationArn", *names)

    def create_distribution_configuration(self) -> ActionResult:
        return self._create("distribution-configuration", "distributionConfigurationArn", "distributions")

    def list_image_recipes(self) -> ActionResult:
        names = ("owner", "parentImage", "dateCreated", "tags")
        return self._list("image-recipe", "imageRecipeSummaryList", *names)

    def list_container_recipes(self) -> ActionResult:
        names = ("owner", "parentImage", "dateCreated", "tags", "containerType")
        return self._list("container-recipe", "containerRecipeSummaryList", *names)

    def list_image_pipelines(self) -> ActionResult:
        names = ("imageRecipeArn", "containerRecipeArn", "infrastructureConfigurationArn", "status", "dateCreated")
        return self._list("image-pipeline", "imagePipelineList", *names)

    def list_infrastructure_configurations(self) -> ActionResult:
        names = ("instanceTypes", "instanceProfileName", "dateCreated", "tags")
        return self._list("infrastructure-configuration", "infrastructureConfigurationSummaryList", *names)

    def list_distribution_configurations(self) -> ActionResult:
        names = ("dateCreated", "tags", "description")
        return self._list("distribution-configuration", "distributionConfigurationSummaryList", *names)

    def get_image_recipe(self) -> ActionResult:
        return self._one("imageRecipeArn", "imageRecipe")

    def get_container_recipe(self) -> ActionResult:
        return self._one("containerRecipeArn", "containerRecipe")

    def get_image_pipeline(self) -> ActionResult:
        return self._one("imagePipelineArn", "imagePipeline")

    def get_infrastructure_configuration(self) -> ActionResult:
        return self._one("infrastructureConfigurationArn", "infrastructureConfiguration")

    def get_distribution_configuration(self) -> ActionResult:
        return self._one("distributionConfigurationArn", "distributionConfiguration")
