"""What the input `network` of the module `codepipeline` adds to a build, and a rule: a template that does not use it.

Source: local.network in the module's codebuild.tf. Another module may have an input of that name for another thing, but
a build whose network is named has these variables or does without them.
"""

from __future__ import annotations

from collections.abc import Iterator

from tfgen_generators.lint.model import Finding, Rule
from tfgen_generators.lint.rules.pipeline.module_inputs import given_input, module_input
from tfgen_generators.lint.scope import Scope
from tfgen_generators.lint.templates.source import Component, Source, sources
from tfgen_generators.packer.model import Template
from tfgen_generators.settings.model import FILE_NAME

#: A template reads them; where the network does not set one, empty is its meaning: as the subnet and the image have it.
VARIABLES = frozenset({"ASSOCIATE_PUBLIC_IP", "IAM_INSTANCE_PROFILE", "SSH_INTERFACE", "SSH_SOURCE_CIDR"})
VARIABLES |= {"USER_DATA_FILE"}
_INTERFACE = "SSH_INTERFACE"
#: What a builder connects to in a network: values of ssh_interface.
_FITTING = {"private": ("private_ip", "private_dns"), "session-manager": ("session_manager",)}
_INSTANCES = frozenset({"amazon-ebs", "amazon-ebssurrogate", "amazon-ebsvolume", "amazon-instance"})


def has_network(scope: Scope, template: Template) -> bool:
    """Whether the pipeline of a template has the input: its module declares it, or it is given."""
    return given_input(scope, template, "network") is not None or module_input(scope, template, "network") is not None


def features_of_network(scope: Scope, template: Template) -> list[str]:
    """What the network adds to build_features."""
    return ["session_manager"] if module_input(scope, template, "network") == "session-manager" else []


def _not_used(scope: Scope) -> Iterator[Finding]:
    for source in sources(scope) if scope.has_settings else ():
        network = str(module_input(scope, source.template, "network"))
        if network not in _FITTING or _INTERFACE in scope.described(source.template).environment:
            continue
        for builder in source.builders:
            if builder.kind in _INSTANCES and _is_otherwise(source, builder, network):
                yield Finding(
                    rule="network-not-used",
                    path=builder.node.path,
                    line=builder.node.line,
                    message=f'does not connect by network = "{network}", which its pipeline has',
                    fix=f'set ssh_interface = "{_FITTING[network][0]}", or to the environment variable {_INTERFACE}; '
                    f"or change network in {FILE_NAME}",
                    image=source.template.name,
                )


def _is_otherwise(source: Source, builder: Component, network: str) -> bool:
    """Whether a builder certainly connects to something else.

    Without the option Packer takes the public address if there is one, else the private one.
    """
    if builder.node.find("ssh_host") is not None or builder.node.find("communicator") is not None:
        return False
    found = builder.node.find("ssh_interface")
    interface = source.values.text(found.value()) if found is not None else ""
    if not interface:
        return interface is not None and network == "session-manager"
    return interface not in _FITTING[network]


RULES = (
    Rule(
        id="network-not-used",
        severity="warning",
        summary="A template does not connect by the network of its pipeline",
        check=_not_used,
        by_template=True,
    ),
)
