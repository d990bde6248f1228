"""The names of a repository's images and channels, in the time that a person waits for a Tab.

First those of the last look, if nothing has changed since; else a look with what is known of each template. Where that
takes too long, the names of the generated files, and those of the last look, whatever has changed since.
"""

from __future__ import annotations

import re
from pathlib import Path

from tfgen.completion.patience import TooLongError, at_most
from tfgen.workspace import Workspace, find_root, look_into
from tfgen_generators.errors import RefusedError, SettingsError, TfgenError

#: Seconds for a look at the templates.
_PATIENCE = 0.06
_GENERATED = re.compile(r"pipeline_([A-Za-z_][A-Za-z0-9_-]*)\.gen\.tf")


def image_names(folder: Path) -> list[str]:
    """The names, sorted; none where there is no repository that can be read. Writes nothing."""
    workspace = Workspace(root=find_root(folder))
    try:
        with at_most(_PATIENCE):
            workspace = look_into(workspace.root)
            return sorted(_kept(workspace) or _found(workspace))
    except (SettingsError, RefusedError):
        return []
    except (TooLongError, TfgenError, OSError):
        return sorted({*_generated(workspace), *_kept(workspace, stale=True)})


def channel_names(folder: Path) -> list[str]:
    """Those of `[publish]`; none where tfgen.toml cannot be read."""
    try:
        return list(look_into(find_root(folder)).settings.publish.channels)
    except (TfgenError, OSError):
        return []


def _kept(workspace: Workspace, *, stale: bool = False) -> list[str]:
    from tfgen.cache.template_store import kept_names

    return kept_names(workspace, stale=stale) or []


def _found(workspace: Workspace) -> list[str]:
    from tfgen.git.repository import tracked_although_ignored
    from tfgen_generators.packer.discovery.facts_cache import FactsCache
    from tfgen_generators.sync.survey import Outside, find_templates

    cache = FactsCache(workspace.cache_file("facts"), details=False)  # not kept: nothing is written
    outside = Outside(is_tracked=tracked_although_ignored(workspace.root), cache=cache)
    settings = workspace.settings if workspace.settings_text else None
    found = find_templates(workspace.root, workspace.settings.packer_dir, settings, outside)
    return [template.name for template in found.templates]


def _generated(workspace: Workspace) -> list[str]:
    try:
        files = [file.name for file in workspace.terraform_dir.iterdir()]
    except OSError:
        return []
    return [match[1] for match in map(_GENERATED.fullmatch, files) if match]
