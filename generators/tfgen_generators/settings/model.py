"""`tfgen.toml`: what may stand in it, its defaults, and errors that name the line."""

from __future__ import annotations

from typing import Literal

import msgspec

from tfgen_generators.settings.inputs import Input
from tfgen_generators.settings.lifecycle.retention import Retention
from tfgen_generators.settings.lines import Path, line_of, own_line_of
from tfgen_generators.settings.lint_tables import LintSettings
from tfgen_generators.settings.publish.tables import Publish
from tfgen_generators.settings.secrets import Variable
from tfgen_generators.settings.variants import NO_VARIANTS, Variants

FILE_NAME = "tfgen.toml"

#: As the modules have it: what an account with one build at a time, and a queue of five, takes.
MAX_IN_FLIGHT = 5

Removed = Literal["destroy", "keep"]
Trigger = Literal["push", "affected"]
Form = Literal["auto", "path", "path-without-ending", "file", "file-without-ending"]
ArtefactBucket = Literal["own", "shared"]


class Origin:
    """The text that settings were read from, and the variants that it names; no part in comparing settings."""

    def __init__(self, text: str = "", variants: Variants = NO_VARIANTS) -> None:
        self.text, self.variants = text, variants

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Origin)

    def __hash__(self) -> int:
        return 0


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Module(_Strict, frozen=True, kw_only=True):
    """Which Terraform module each pipeline calls. `inputs` is None where the seed's six names hold."""

    source: str = "../modules/codepipeline"
    version: str | None = None
    inputs: dict[str, Input] | None = None
    providers: dict[str, str] = {}


class PackerScript(_Strict, frozen=True, kw_only=True):
    """The variable that tells a build its template, and in which form; "auto": as the buildspec takes it.

    A path is seen from the repository's root, a file from `packer_dir`.
    """

    variable: str = "PACKER_SCRIPT"
    form: Form = "auto"


class Names(_Strict, frozen=True, kw_only=True):
    """Patterns of the names in AWS: `{name}` is the template's, `{account_id}` Terraform's to fill in."""

    project_name: str = "{name}-ami-pipeline"
    artefact_bucket_name: str = "{name}-ami-builder-artefacts-{account_id}"
    account_id: str = "local.account_id"


class TemplateNames(_Strict, frozen=True, kw_only=True):
    """What one template has otherwise than [names]."""

    project_name: str | None = None
    artefact_bucket_name: str | None = None
    account_id: str | None = None


class Variant(_Strict, frozen=True, kw_only=True):
    """One of several images of a template: its file of values, and what it has otherwise than the template."""

    var_file: str | None = None
    environment: dict[str, Variable] = {}
    inputs: dict[str, Input] = {}


class TemplateSettings(_Strict, frozen=True, kw_only=True):
    """What one template has otherwise than all; `path` pins the table's name to the template that stands there.

    With `var_files` (paths and patterns) or `variants` the template is not one image, but one for each of them.
    """

    path: str | None = None
    var_files: str | list[str] = []
    variants: dict[str, Variant] = {}
    working_dir: str = ""
    moved_from: list[str] = []
    removed: Removed | None = None
    environment: dict[str, Variable] = {}
    inputs: dict[str, Input] = {}
    providers: dict[str, str] = {}
    names: TemplateNames = TemplateNames()

    @property
    def patterns(self) -> list[str]:
        """`var_files` as a list."""
        return [self.var_files] if isinstance(self.var_files, str) else self.var_files

    @property
    def has_variants(self) -> bool:
        """Whether the template is several images."""
        return bool(self.var_files or self.variants)


class Remote(_Strict, frozen=True, kw_only=True):
    """git's remote for the CodeCommit repository; where `region` or `profile` is empty, AWS's own settings hold.

    `repository` is its name where the pipelines read another one.
    """

    name: str = "codecommit"
    repository: str = ""
    region: str = ""
    profile: str = ""


class Dispatcher(_Strict, frozen=True, kw_only=True):
    """The module that starts the pipelines of affected images, where `trigger` is "affected"; its inputs are values."""

    source: str = "../modules/dispatcher"
    version: str | None = None
    inputs: dict[str, Input] = {}


class Shared(_Strict, frozen=True, kw_only=True):
    """What the pipelines have together, and the module that makes it; its inputs are values."""

    artefact_bucket: bool = False
    roles: bool = False
    notifications: bool = False
    source: str = "../modules/shared"
    version: str | None = None
    inputs: dict[str, Input] = {}

    @property
    def is_on(self) -> bool:
        """Whether anything is shared."""
        return self.artefact_bucket or self.roles or self.notifications


class Quota(_Strict, frozen=True, kw_only=True):
    """The account's quotas where they are not AWS's defaults: what `tfgen lint` counts against; None is the default."""

    event_rules: int | None = None
    iam_roles: int | None = None
    iam_policies: int | None = None
    policies_per_role: int | None = None
    pipelines: int | None = None
    build_projects: int | None = None
    buckets: int | None = None
    concurrent_builds: int | None = None


class StatusAccount(_Strict, frozen=True, kw_only=True):
    """An account that `tfgen status` looks at; without both it is the one that one is signed in to."""

    profile: str = ""
    role_arn: str = ""
    regions: list[str] = []


class Status(_Strict, frozen=True, kw_only=True):
    """Where `tfgen status` looks; without regions in that of AWS_REGION or the profile."""

    regions: list[str] = []
    accounts: dict[str, StatusAccount] = {}


class Settings(_Strict, frozen=True, kw_only=True):
    """The whole of tfgen.toml. `source_repository` is empty when there is no file."""

    source_repository: str = ""
    #: The ARN (a text or an expression) of the connection to the host of OWNER/NAME; None for CodeCommit.
    connection_arn: Input | None = None
    branch: str = "main"
    packer_dir: str = "packer"
    #: Where `packer build` runs; "": what the repository says is found out.
    working_dir: str = ""
    terraform_dir: str = "terraform/pipelines"
    ignore: list[str] = []
    removed: Removed = "destroy"
    trigger: Trigger = "push"
    #: "shared" is what `artefact_bucket = true` says in `[shared]`.
    artefact_bucket: ArtefactBucket = "own"
    #: How many executions may be started together, by the dispatcher and by a first apply; 0: any number.
    max_in_flight: int = MAX_IN_FLIGHT
    module: Module = Module()
    dispatcher: Dispatcher = Dispatcher()
    shared: Shared = Shared()
    quota: Quota = Quota()
    #: None: `tfgen prune` plans nothing.
    retention: Retention | None = None
    packer_script: PackerScript = PackerScript()
    names: Names = Names()
    remote: Remote = Remote()
    environment: dict[str, Variable] = {}
    inputs: dict[str, Input] = {}
    templates: dict[str, TemplateSettings] = {}
    publish: Publish = Publish()
    lint: LintSettings = LintSettings()
    status: Status = Status()
    origin: Origin = Origin()

    @property
    def codecommit_repository(self) -> str:
        """The CodeCommit repository for `tfgen remote`; "" where none is named."""
        return self.remote.repository or ("" if "/" in self.source_repository else self.source_repository)

    @property
    def has_variants(self) -> bool:
        """Whether a template is several images."""
        return any(own.has_variants for own in self.templates.values())

    def line(self, *path: str) -> int:
        """The line of tfgen.toml on which the setting `path`, or the nearest table around it, stands."""
        places = tuple(self.origin.variants.places(path))
        return self.own_line(path) or line_of(self.origin.text, places[-1])

    def own_line(self, path: Path) -> int:
        """The line on which the setting `path` itself stands, 0 without; what a variant gets may be its template's."""
        lines = (own_line_of(self.origin.text, place) for place in self.origin.variants.places(path))
        return next((line for line in lines if line), 0)
