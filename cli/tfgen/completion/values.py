"""The values of arguments and options that commands name as `autocompletion`: names from the repository.

Every command imports this module, so it imports no more than they do. Typer evaluates the annotations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from pathlib import Path


def images(ctx: typer.Context, incomplete: str) -> list[str]:
    """The names of the images that are not on the command line already."""
    from tfgen.completion.images import image_names

    given = {word for value in ctx.params.values() if isinstance(value, list | tuple) for word in value}
    return [name for name in image_names(_folder(ctx)) if name not in given]


def channels(ctx: typer.Context, incomplete: str) -> list[str]:
    """The channels in tfgen.toml, in their order."""
    from tfgen.completion.images import channel_names

    return channel_names(_folder(ctx))


def refs(ctx: typer.Context, incomplete: str) -> list[str]:
    """Branches, those of the remotes, and tags."""
    from tfgen.completion.refs import names

    return names(_folder(ctx), incomplete, "refs/heads", "refs/remotes", "refs/tags")


def branches(ctx: typer.Context, incomplete: str) -> list[str]:
    """The local branches."""
    from tfgen.completion.refs import names

    return names(_folder(ctx), incomplete, "refs/heads")


def rules(ctx: typer.Context, incomplete: str) -> list[str]:
    """The ids of the rules of lint: each has a page."""
    from tfgen.manual.pages import topics

    return [topic.removeprefix("rules/") for topic in topics("rules") if topic != "rules/README"]


def topics(ctx: typer.Context, incomplete: str) -> list[str]:
    """The pages of the documentation."""
    from tfgen.manual import pages

    return [*pages.topics(), *pages.topics("reference")]


def _folder(ctx: typer.Context) -> Path:
    """Where the command would run: each -C is relative to the one before."""
    import os
    from pathlib import Path

    given = ctx.find_root().params.get("directory") or [folder for folder in [os.environ.get("TFGEN_DIR")] if folder]
    return Path.cwd().joinpath(*given)
