"""What the repository holds, read once: templates, generated files, the modules that the pipelines call."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from tfgen_generators.errors import TfgenError
from tfgen_generators.packer.discovery.discover import find_unnamed
from tfgen_generators.packer.discovery.naming import name_templates
from tfgen_generators.packer.discovery.nothing_found import elsewhere, require_some
from tfgen_generators.packer.model import Discovery
from tfgen_generators.pipeline import shared
from tfgen_generators.pipeline.shared_module import read_shared
from tfgen_generators.settings.model import Settings
from tfgen_generators.sync import pins
from tfgen_generators.sync.hand_written.files import read_root
from tfgen_generators.sync.identity import Answers, AskGit, GitFacts

if TYPE_CHECKING:
    from tfgen_generators.generated.files import Generated
    from tfgen_generators.module.interface import ModuleInterface
    from tfgen_generators.packer.discovery.facts_cache import FactsCache
    from tfgen_generators.root_module.hand_written import HandWritten


class Outside(msgspec.Struct, frozen=True, kw_only=True):
    """What the survey is told and does not find out by itself: git's knowledge, a person's answers, the caches."""

    ask_git: AskGit = lambda _gone, _new: GitFacts()
    is_tracked: Callable[[str], bool] = lambda _path: False
    answers: Answers = msgspec.field(default_factory=Answers)
    cache: FactsCache | None = None
    module_cache: Path | None = None
    #: The calls as they will be, where their files are about to change; None: as they stand.
    hand_written: HandWritten | None = None


ALONE = Outside()


class Sources(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that sync reads. `found` has templates without names: names are settings, which may change.

    `generated` are the files of templates, `dispatcher_text` and `shared_text` the two that have none ("" without).
    Modules are None where they are not local. `read_details` reads the templates again, with details.
    """

    root: Path
    settings: Settings
    settings_text: str
    found: Discovery
    generated: Generated
    dispatcher_text: str
    shared_text: str
    module: ModuleInterface | None
    dispatcher_module: ModuleInterface | None
    shared_module: ModuleInterface | None
    hand_written: HandWritten
    read_details: Callable[[], Discovery]


def survey(root: Path, settings: Settings, settings_text: str = "", outside: Outside = ALONE) -> Sources:
    """Reads templates, generated files and modules below `root`; writes nothing. Raises TfgenError."""
    # Only here: whoever wants the templates alone starts sooner without.
    from tfgen_generators.dispatcher.inputs import apart
    from tfgen_generators.dispatcher.module import read_dispatcher
    from tfgen_generators.generated.files import read_generated
    from tfgen_generators.module.cache import remembered_module

    generated, dispatcher_text = apart(read_generated(root, settings.terraform_dir), settings)
    generated, shared_text = apart(generated, settings, shared.FILE)
    return Sources(
        root=root,
        settings=settings,
        settings_text=settings_text,
        found=require_some(root, unnamed_templates(root, settings.packer_dir, settings, outside), settings.packer_dir),
        generated=generated,
        dispatcher_text=dispatcher_text,
        shared_text=shared_text,
        module=remembered_module(root, settings, outside.module_cache),
        dispatcher_module=read_dispatcher(root, settings),
        shared_module=read_shared(root, settings),
        hand_written=outside.hand_written or read_root(root, settings),
        read_details=lambda: with_details(root, settings, outside),
    )


def some_templates(root: Path, settings: Settings, outside: Outside = ALONE, *, has_file: bool = True) -> Discovery:
    """The templates of a repository, as `find_templates`. Raises TfgenError also where `require_some` does."""
    found = find_templates(root, settings.packer_dir, settings if has_file else None, outside)
    return require_some(root, found, settings.packer_dir)


def find_templates(
    root: Path, packer_dir: str, settings: Settings | None = None, outside: Outside = ALONE
) -> Discovery:
    """What stands in `packer_dir`, by the names that `settings` give. Raises TfgenError without that folder."""
    found = unnamed_templates(root, packer_dir, settings, outside)
    return name_templates(found, packer_dir, pins.by_path(settings) if settings else {}, settings)


def unnamed_templates(root: Path, packer_dir: str, settings: Settings | None, outside: Outside) -> Discovery:
    """What stands in `packer_dir`, without names. Raises TfgenError without that folder."""
    if not (root / packer_dir).is_dir():
        there = elsewhere(root)
        fix = f"set packer_dir in tfgen.toml: {there}" if there else "create it, or set packer_dir in tfgen.toml"
        raise TfgenError(
            "folder of Packer templates not found", where=packer_dir, fix=f"{fix} (for list: --packer-dir)"
        )
    return find_unnamed(
        root,
        packer_dir,
        ignore=settings.ignore if settings else (),
        cache=outside.cache,
        is_tracked=outside.is_tracked,
    )


def with_details(root: Path, settings: Settings, outside: Outside) -> Discovery:
    """The templates without names, with details."""
    from tfgen_generators.packer.discovery.facts_cache import FactsCache

    return unnamed_templates(root, settings.packer_dir, settings, replace(outside, cache=FactsCache(details=True)))
