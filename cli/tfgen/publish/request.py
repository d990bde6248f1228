"""From the command line's words to a request: the image's pipeline, the channel, and the account in each region."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgen.publish.model import Request
from tfgen_generators.errors import SettingsError, UsageError
from tfgen_generators.nearest import did_you_mean
from tfgen_generators.settings.model import FILE_NAME

if TYPE_CHECKING:
    from tfgen.workspace import Workspace
    from tfgen_generators.settings.publish.tables import Publish


def make_request(workspace: Workspace, image: str, channel: str, *, former: str = "") -> Request:
    """Raises UsageError for a name that there is not, SettingsError without channels, AwsError."""
    from tfgen.aws.session import open_account
    from tfgen.sync.chosen_pipelines import chosen_pipelines, name_in_aws

    publish = required(workspace)
    for name in (channel, *([former] if former else [])):
        if name not in publish.channels:
            fix = did_you_mean(name, publish.channels)
            raise UsageError(f"channel {name!r} is not in publish.channels of {FILE_NAME}", fix=fix)
    (pipeline,) = chosen_pipelines(workspace, [image])
    opened = [open_account(region or None) for region in publish.regions or [""]]
    accounts = {account.region: account for account in opened}
    home = next(iter(accounts.values()))
    return Request(
        root=workspace.root,
        image=image,
        project=name_in_aws(workspace, pipeline, home.id),
        channel=channel,
        publish=publish,
        accounts=accounts,
        template=pipeline.template_path,
        former=former,
    )


def required(workspace: Workspace) -> Publish:
    """`[publish]`. Raises SettingsError without."""
    publish = workspace.settings.publish
    if not publish.is_on:
        fix = 'add [publish] with channels = ["dev", "staging", "prod"] (docs/publish.md)'
        raise SettingsError("no channels: there is no [publish]", where=FILE_NAME, fix=fix)
    return publish
