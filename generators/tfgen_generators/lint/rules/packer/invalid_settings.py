"""A rule about settings of the amazon plugin that `packer validate` refuses: their value, or how they are written.

Source: plugin 1.8.2, `common/run_config.go`, `common/ami_config.go` and the builders' HCL2 specifications.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tfgen_generators.lint.model import Finding, Rule
from tfgen_generators.lint.templates.source import AMI_BUILDERS, Component, sources
from tfgen_generators.packer.syntax.values import Expression, Value

if TYPE_CHECKING:
    from tfgen_generators.lint.scope import Scope
    from tfgen_generators.lint.templates.nodes import Key, Node
    from tfgen_generators.lint.templates.source import Source

_INSTANCES = frozenset({"amazon-ebs", "amazon-ebssurrogate", "amazon-ebsvolume", "amazon-instance"})
_IMAGES = AMI_BUILDERS | {"amazon-import"}
_SWITCH = ("enabled", "disabled")
#: A setting -> who has it, and the only values that are taken besides none and an empty text.
VALUES: dict[tuple[str, ...], tuple[frozenset[str], tuple[str, ...]]] = {
    ("capacity_reservation_preference",): (_INSTANCES, ("none", "open")),
    ("imds_support",): (_IMAGES, ("v2.0",)),
    ("metadata_options", "http_endpoint"): (_INSTANCES, _SWITCH),
    ("metadata_options", "http_tokens"): (_INSTANCES, ("optional", "required")),
    ("metadata_options", "instance_metadata_tags"): (_INSTANCES, _SWITCH),
    ("shutdown_behavior",): (_INSTANCES, ("stop", "terminate")),
    ("ssh_interface",): (
        _INSTANCES,
        ("public_ip", "private_ip", "public_dns", "private_dns", "ipv6", "session_manager"),
    ),
    ("tenancy",): (_INSTANCES, ("default", "dedicated", "host")),
}
_HOPS = ("metadata_options", "http_put_response_hop_limit")
_MOST_HOPS = 64
_OF_SPOT = ("fleet_tag", "fleet_tags", "spot_tag", "spot_tags")
#: Settings that are blocks in HCL2: one, which is an object in legacy JSON, or several.
ONE_BLOCK = frozenset(
    {
        "ami_root_device",
        "assume_role",
        "aws_polling",
        "deregistration_protection",
        "fast_launch",
        "metadata_options",
        "placement",
        "security_group_filter",
        "source_ami_filter",
        "subnet_filter",
        "temporary_iam_instance_profile_policy_document",
        "vault_aws_engine",
        "vpc_filter",
    }
)
BLOCKS = ONE_BLOCK | frozenset(
    {
        "ami_block_device_mappings",
        "ebs_volumes",
        "fleet_tag",
        "launch_block_device_mappings",
        "license_specifications",
        "root_volume_tag",
        "run_tag",
        "run_volume_tag",
        "snapshot_tag",
        "spot_tag",
        "tag",
    }
)
#: Settings that are maps, by `=`.
MAPS = frozenset(
    {
        "fleet_tags",
        "region_kms_key_ids",
        "root_volume_tags",
        "run_tags",
        "run_volume_tags",
        "snapshot_tags",
        "spot_tags",
        "tags",
    }
)


def _invalid(scope: Scope) -> Iterator[Finding]:
    for source in sources(scope):
        seen: set[tuple[str, int]] = set()  # several builders of one source
        for component in (*source.builders, *source.data_sources, *source.post_processors):
            for node, said, fix in _of(source, component) if component.kind.startswith("amazon-") else ():
                if (node.path, node.start) not in seen:
                    seen.add((node.path, node.start))
                    yield Finding(
                        rule="invalid-setting",
                        path=node.path,
                        line=node.line,
                        message=f"{said}, and Packer refuses it",
                        fix=fix,
                        image=source.template.name,
                    )


def _of(source: Source, component: Component) -> Iterator[tuple[Node, str, str]]:
    """Each setting of a component that is refused, what is wrong with it, and what to do."""
    node = component.node
    written = (node.kids or {}).keys()
    for key in sorted(str(key) for key in written & (BLOCKS | MAPS)):
        yield from _form(source, key, node.kids[key]) if node.kids else ()
    for (first, *rest), (kinds, allowed) in VALUES.items() if not written.isdisjoint(_NAMES) else ():
        for found in _written(source, node, first, rest) if component.kind in kinds else ():
            value = source.values.known(found.value())
            if not _is_open(value) and str(value) not in allowed:
                shown = " or ".join(f'"{one}"' for one in allowed)
                yield found, f"{(rest or [first])[0]} is {_shown(value)}", f"set it to {shown}"
    yield from _of_spot(source, component)
    for found in _written(source, node, _HOPS[0], list(_HOPS[1:])) if component.kind in _INSTANCES else ():
        hops = _number(source.values.known(found.value()))
        if hops is not None and not 0 <= hops <= _MOST_HOPS:
            yield found, f"{_HOPS[1]} is {hops}", f"set it to a number from 1 to {_MOST_HOPS}"


def _of_spot(source: Source, component: Component) -> Iterator[tuple[Node, str, str]]:
    """Tags of a spot request that is none."""
    no_price = source.values.known(component.node.get("spot_price")) in (None, "", "0", 0)
    for key in _OF_SPOT if no_price and component.kind in _INSTANCES else ():
        found = component.node.find(key)
        if found is not None and found.kids:
            yield found, f"{key} is there without a spot_price", f"set spot_price, or remove {key}"


_NAMES: frozenset[Key] = frozenset({"dynamic", *(names[0] for names in VALUES)})


def _written(source: Source, node: Node, first: str, rest: list[str]) -> Iterator[Node]:
    """The nodes of a setting; of one in a block, those of all that are written."""
    for inner in (*node.tables(first), *_dynamic(source, node, first)) if rest else (node,):
        found = inner.find(rest[0] if rest else first)
        if found is not None:
            yield found


def _dynamic(source: Source, node: Node, kind: str) -> Iterator[Node]:
    """What stands in the `dynamic` blocks of this kind that are certainly there."""
    for block in node.tables("dynamic"):
        each = source.values.known(block.get("for_each"))
        if block.labels == (kind,) and each and isinstance(each, list | dict):
            yield from block.tables("content")


def _form(source: Source, key: str, node: Node) -> Iterator[tuple[Node, str, str]]:
    """A block that is written as an attribute, or the reverse. HCL2's JSON has one form for both."""
    if source.legacy:
        if key in ONE_BLOCK and node.is_list and node.kids:
            yield (
                node,
                f"{key} is a list",
                f"write one object, without the brackets: {key!r}: {{...}}".replace("'", '"'),
            )
        return
    if not node.path.endswith(".hcl"):
        return
    by_sign = not node.is_list or node.start != node.key[0]
    if key in ONE_BLOCK and not by_sign and len(node.kids or ()) > 1:
        yield list((node.kids or {}).values())[1], f"{key} is there twice", "write one block"
    if key in BLOCKS and by_sign:
        yield node, f"{key} is a block, and here an attribute", f"write {key} {{ ... }}, without the equals sign"
    if key in MAPS and not by_sign:
        yield node, f"{key} is an attribute, and here a block", f"write {key} = {{ ... }}"


def _is_open(value: Value) -> bool:
    """Whether a value is not known, or is that of a setting which is not there."""
    return value is None or value == "" or isinstance(value, Expression | list | dict)


def _shown(value: Value) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def _number(value: Value) -> int | float | None:
    if isinstance(value, str):
        return int(value) if value.strip().lstrip("-").isdecimal() else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


RULES = (
    Rule(
        id="invalid-setting",
        severity="error",
        summary="A setting of a builder has a value or a form that Packer refuses",
        check=_invalid,
        by_template=True,
    ),
)
