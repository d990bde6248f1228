"""Rules about the image that a builder makes: its name, its source, its encryption, who may see it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from tfgen_generators.lint.model import Finding, Rule
from tfgen_generators.lint.templates.nodes import Node
from tfgen_generators.lint.templates.source import Component, Source, sources
from tfgen_generators.packer.syntax.values import Expression

if TYPE_CHECKING:
    from tfgen_generators.lint.scope import Scope

_DATA_DISK = re.compile(r"(/dev/)?(sd|xvd)[b-z][a-z]?$")


def _builders(scope: Scope) -> Iterator[tuple[Source, Component]]:
    for source in sources(scope):
        yield from ((source, builder) for builder in source.builders if builder.makes_ami)


def _found(rule: str, source: Source, node: Node, message: str, fix: str) -> Finding:
    return Finding(rule=rule, path=node.path, line=node.line, message=message, fix=fix, image=source.template.name)


def _ami_name(scope: Scope) -> Iterator[Finding]:
    for source, builder in _builders(scope):
        name = builder.node.find("ami_name")
        settings = [source.values.flag(builder.node.get(key)) for key in ("force_deregister", "skip_create_ami")]
        if name is None or any(flag is not False for flag in settings) or source.values.differs(name.value()):
            continue
        text = source.values.text(name.value())
        shown = f"{text!r}, the same" if text else "the same"
        yield _found(
            "ami-name-not-unique",
            source,
            name,
            f"ami_name is {shown} in every build, so the second build fails: AMI names must be unique in a region",
            'add a timestamp: HCL2 ${formatdate("YYYYMMDDhhmmss", timestamp())}, JSON {{timestamp}}',
        )


def _owners(scope: Scope) -> Iterator[Finding]:
    for source in sources(scope):
        filters: list[tuple[Node, Node]] = []
        for builder in source.builders:
            if builder.kind.startswith("amazon-") and builder.node.get("source_ami") in (None, ""):
                filters += [(builder.node, table) for table in builder.node.tables("source_ami_filter")]
        filters += [(data.node, data.node) for data in source.data_sources if data.kind == "amazon-ami"]
        for _, table in filters:
            owners = source.values.texts(table.get("owners"))
            if owners is None or any(owners):
                continue
            recent = source.values.flag(table.get("most_recent"))
            latest = "the most recent AMI of any account is used" if recent else "AMIs of any account match"
            yield _found(
                "most-recent-without-owners",
                source,
                table.near("owners"),
                f"the filter has no owners, so {latest}; Packer rejects it",
                'add owners: "amazon", "self", or the account that publishes the AMI',
            )


class _HardCoded:
    """One rule about ids that belong to one account or region."""

    def __init__(self, rule: str, what: str, keys: Iterable[str], pattern: str, variable: str) -> None:
        self.rule, self.what, self.keys, self.variable = rule, what, tuple(keys), variable
        self._pattern = re.compile(pattern)

    def __call__(self, scope: Scope) -> Iterator[Finding]:
        for source in sources(scope):
            for component in (*source.builders, *source.data_sources):
                if component.kind.startswith("amazon-"):
                    yield from self._of(source, component)

    def _of(self, source: Source, component: Component) -> Iterator[Finding]:
        for key in self.keys:
            node = component.node.find(key)
            value = source.values.fixed(node.value()) if node is not None else None
            for at, text in enumerate(value if isinstance(value, list) else [value]):
                if node is not None and isinstance(text, str) and self._pattern.fullmatch(text):
                    yield _found(
                        self.rule,
                        source,
                        node.near(at),
                        f"{key} is the fixed {self.what} {text!r}, so the template cannot be built elsewhere",
                        self._fix(source),
                    )

    def _fix(self, source: Source) -> str:
        known = sorted(one.name for one in source.variables if self._holds(source, one))
        if known:
            return f"use the variable {known[0]!r}"
        return f"use a variable with the default of the environment variable {self.variable.upper()}"

    def _holds(self, source: Source, variable: Component) -> bool:
        """Whether a variable is of this thing: `build_region`, not `skip_region_validation`, and no bool."""
        default = source.default(variable)
        if default is not None and isinstance(default.value(), bool):
            return False
        return variable.name.lower().replace("-", "_").endswith(self.variable)


def _encryption(scope: Scope) -> Iterator[Finding]:
    for source, builder in _builders(scope):
        if builder.kind == "amazon-instance" or source.values.flag(builder.node.get("encrypt_boot")) is not False:
            continue
        mappings = builder.node.find("launch_block_device_mappings")
        if _unknown(mappings) or any(_encrypted(source, builder, one) for one in _mappings(builder)):
            continue
        yield _found(
            "unencrypted-image",
            source,
            builder.node.near("encrypt_boot"),
            f"the root volume of {builder.kind}.{builder.name} is not encrypted",
            "set encrypt_boot = true, or encrypted = true in the root's launch_block_device_mappings",
        )


def _mappings(builder: Component) -> Iterator[Node]:
    yield from builder.node.tables("launch_block_device_mappings")
    for dynamic in builder.node.tables("dynamic"):
        if dynamic.labels == ("launch_block_device_mappings",):
            yield from dynamic.tables("content")


def _unknown(node: Node | None) -> bool:
    """Whether a setting stands there whose tables are not written out."""
    return node is not None and isinstance(node.scalar, Expression)


def _encrypted(source: Source, builder: Component, mapping: Node) -> bool:
    if source.values.flag(mapping.get("encrypted")) is False:
        return False
    device = source.values.text(mapping.get("device_name")) or ""
    root = next(builder.node.tables("ami_root_device"), None)
    wanted = source.values.text(root.get("source_device_name")) if root is not None else None
    return device == wanted if wanted and device else not _DATA_DISK.match(device)


#: Two settings as HCL2 writes them, and as JSON does.
_IMDSV2 = (
    ('metadata_options { http_tokens = "required" }', 'imds_support = "v2.0"'),
    ('"metadata_options": {"http_tokens": "required"}', '"imds_support": "v2.0"'),
)


def _imdsv2(scope: Scope) -> Iterator[Finding]:
    for source, builder in _builders(scope):
        lacking: list[tuple[str, str, Node]] = []
        options, support = _IMDSV2[source.template.path.endswith(".json")]
        table = next(builder.node.tables("metadata_options"), None)
        tokens = source.values.known(table.get("http_tokens")) if table is not None else None
        written = not _unknown(builder.node.find("metadata_options")) and builder.kind != "amazon-chroot"
        if written and _is_not(tokens, "required"):
            place = builder.node.near("metadata_options", 0, "http_tokens")
            lacking.append(("on its build instance", options, place))
        if _is_not(source.values.known(builder.node.get("imds_support")), "v2.0"):
            place = builder.node.near("imds_support")
            lacking.append(("on instances of its image", support, place))
        if lacking:
            yield _found(
                "no-imdsv2",
                source,
                lacking[0][2],
                f"{builder.kind}.{builder.name} does not require IMDSv2 {' and '.join(whom for whom, _, _ in lacking)}",
                f"add {' and '.join(what for _, what, _ in lacking)} (amazon plugin 1.2.2 or newer)",
            )


def _is_not(value: object, wanted: str) -> bool:
    return not isinstance(value, Expression) and value != wanted


def _public(scope: Scope) -> Iterator[Finding]:
    for source in sources(scope):
        imports = [one for one in source.post_processors if one.kind == "amazon-import"]
        for component in (*(one for one in source.builders if one.kind.startswith("amazon-")), *imports):
            for key in ("ami_groups", "snapshot_groups", "ami_users", "snapshot_users"):
                node = component.node.find(key)
                texts = source.values.texts(node.value()) if node is not None else None
                if node is not None and texts and "all" in texts:
                    what = "AMI" if key.startswith("ami") else "snapshot"
                    yield _found(
                        "public-ami",
                        source,
                        node.near(texts.index("all")),
                        f'{key} has "all": every AWS account can use the {what} and read its content',
                        "list the accounts in ami_users, or the organization in ami_org_arns",
                    )


_SECURITY_GROUP_KEYS = ("security_group_id", "security_group_ids")
_HARD_CODED = (
    _HardCoded("hard-coded-ami", "AMI", ("source_ami",), r"ami-[0-9a-f]{8,17}", "source_ami"),
    _HardCoded("hard-coded-region", "region", ("region",), r"[a-z]{2,}(-[a-z]+){1,3}-\d", "region"),
    _HardCoded("hard-coded-security-group", "group", _SECURITY_GROUP_KEYS, r"sg-[0-9a-f]{8,17}", "security_group"),
    _HardCoded("hard-coded-subnet", "subnet", ("subnet_id",), r"subnet-[0-9a-f]{8,17}", "subnet"),
    _HardCoded("hard-coded-vpc", "VPC", ("vpc_id",), r"vpc-[0-9a-f]{8,17}", "vpc"),
)
_SUMMARIES = {
    "hard-coded-ami": "source_ami is a fixed AMI id",
    "hard-coded-region": "The region is hard-coded in the template",
    "hard-coded-security-group": "A security group id is hard-coded in the template",
    "hard-coded-subnet": "A subnet id is hard-coded in the template",
    "hard-coded-vpc": "A VPC id is hard-coded in the template",
}

RULES = (
    Rule(
        id="ami-name-not-unique",
        severity="error",
        summary="ami_name is the same in every build",
        check=_ami_name,
        by_template=True,
    ),
    Rule(
        id="most-recent-without-owners",
        severity="error",
        summary="A filter for the source AMI has no owners",
        check=_owners,
        by_template=True,
    ),
    Rule(
        id="no-imdsv2",
        severity="warning",
        summary="The build instance or the image does not require IMDSv2",
        check=_imdsv2,
        by_template=True,
    ),
    Rule(
        id="public-ami",
        severity="error",
        summary="The AMI or its snapshot is public",
        check=_public,
        by_template=True,
    ),
    Rule(
        id="unencrypted-image",
        severity="warning",
        summary="The root volume of the image is not encrypted",
        check=_encryption,
        by_template=True,
    ),
    *(
        Rule(id=one.rule, severity="warning", summary=_SUMMARIES[one.rule], check=one, by_template=True)
        for one in _HARD_CODED
    ),
)
