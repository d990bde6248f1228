"""What each vendored file was in each release, and is in this one: by the place where a repository has it."""

from __future__ import annotations

import os
import posixpath
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tfgen.hosts.recipe import RECIPES, for_tool, template
from tfgen.init.shipped import BUILDSPEC, MODULES, MODULES_DIR, module_texts, text_of
from tfgen.init.updating.recipe_values import filled, of_requirement, of_settings, values_in
from tfgen.init.updating.released import releases
from tfgen_generators.module.interface import module_folder
from tfgen_generators.settings.model import Module, Settings
from tfgen_generators.settings.requirement import Requirement
from tfgen_generators.settings.schema.make import FILE_NAME as SCHEMA_FILE
from tfgen_generators.settings.schema.make import schema_text
from tfgen_generators.trees.files import read_bytes

#: Of the lines of a file and of what it may come from, so many at most may differ.
_FOREIGN = 0.6


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """What a file was in the release `version`; "" is this tfgen's own."""

    version: str
    text: str


class Vendored(msgspec.Struct, frozen=True, kw_only=True):
    """A file that may be ours, at `path` of the repository; `text` (with LF) is None where it is not there.

    `raw` is the text as it is, `group` the module's folder ("" for others). `candidates` are its texts in the releases,
    the oldest first; `new` is this release's, None where it has none. `unknown` says why a recipe's cannot be made.
    """

    path: str
    text: str | None
    raw: str = ""
    group: str = ""
    candidates: tuple[Candidate, ...] = ()
    new: str | None = None
    unknown: str = ""

    @property
    def crlf(self) -> bool:
        """Whether most of its lines end in CRLF."""
        return 2 * self.raw.count("\r\n") > self.raw.count("\n")

    @property
    def own(self) -> Candidate | None:
        """The text of this release."""
        return None if self.new is None else Candidate(version="", text=self.new)

    @property
    def texts(self) -> tuple[Candidate, ...]:
        """All texts, the oldest first."""
        return (*self.candidates, *([self.own] if self.own else []))

    @property
    def exact(self) -> Candidate | None:
        """The release that has exactly this text, the newest of several; None where none has."""
        return next((each for each in reversed(self.texts) if each.text == self.text), None)

    def nearest(self, *, is_new: bool | None) -> Candidate | None:
        """What it comes from; None where it is not like any text of ours.

        Of an edited file: the release most like it, or this one, as `is_new` says, where the files beside it tell; else
        what it is more like.
        """
        if self.text is None or self.exact:
            return self.exact
        old = min(reversed(self.candidates), key=self._far, default=None)
        own = self.own
        if own and (old is None or (self._far(own) <= self._far(old) if is_new is None else is_new)):
            return own if self._is_like(own) else None
        return old if old and self._is_like(old) else None

    def _far(self, other: Candidate) -> int:
        return distance(self.text or "", other.text)

    def _is_like(self, other: Candidate) -> bool:
        lines = (self.text or "").count("\n") + other.text.count("\n") + 1
        return self._far(other) <= _FOREIGN * lines


def distance(one: str, other: str) -> int:
    """How many lines only one of two texts has."""
    if one == other:
        return 0
    first, second = Counter(one.splitlines()), Counter(other.splitlines())
    return max(1, (first - second).total() + (second - first).total())


def vendored(root: Path, settings: Settings, install: Requirement | None) -> Iterator[Vendored]:
    """All files that can be ours: modules beside those that tfgen.toml calls, the buildspec, recipes.

    `install` is what recipes install; None: what they say.
    """
    for folder, name in _module_folders(root, settings):
        yield from _module(root, folder, name)
    was = [Candidate(version=version, text=files[BUILDSPEC]) for version, files in releases().items()]
    text, raw = _read(root, BUILDSPEC)
    if text is not None:
        yield Vendored(path=BUILDSPEC, text=text, raw=raw, candidates=tuple(was), new=text_of(BUILDSPEC))
    text, raw = _read(root, SCHEMA_FILE)
    if text is not None:  # nobody edits it: whatever it is, it is an earlier one
        earlier = Candidate(version="earlier", text=text)
        yield Vendored(path=SCHEMA_FILE, text=text, raw=raw, candidates=(earlier,), new=schema_text())
    for host, (_, path) in RECIPES.items():
        text, raw = _read(root, path)
        if text is not None:
            item = Vendored(path=path, text=text, raw=raw)
            yield min((_recipe(item, host, tool, settings, install) for tool in ("terraform", "tofu")), key=_off)


def _off(item: Vendored) -> int:
    near = item.nearest(is_new=None)
    return distance(item.text or "", near.text) if near else 1_000_000


def _module_folders(root: Path, settings: Settings) -> Iterator[tuple[str, str]]:
    """Folder -> the module's name. One that this release does not have stays as it is."""
    above: dict[str, None] = {}
    for source in (settings.module.source, settings.dispatcher.source, settings.shared.source):
        folder = module_folder(root, msgspec.structs.replace(settings, module=Module(source=source)))
        if folder is not None:
            above[Path(os.path.relpath(folder.parent, root.resolve())).as_posix()] = None
    for parent in above:
        for name in MODULES:
            if not parent.startswith("..") and (root / parent / name).is_dir():
                yield posixpath.normpath(f"{parent}/{name}"), name


def _module(root: Path, folder: str, name: str) -> Iterator[Vendored]:
    prefix = f"{MODULES_DIR}/{name}/"
    was: dict[str, list[Candidate]] = {}
    for version, files in releases().items():
        for path, text in files.items():
            if path.startswith(prefix):
                was.setdefault(path.removeprefix(prefix), []).append(Candidate(version=version, text=text))
    new = module_texts(name)
    found = []
    for path in sorted({*was, *new}):
        place, candidates = f"{folder}/{path}", tuple(was.get(path, ()))
        now, raw = _read(root, place)
        found.append(Vendored(path=place, text=now, raw=raw, group=folder, candidates=candidates, new=new.get(path)))
    if any(item.nearest(is_new=None) for item in found):  # else it is somebody else's, who calls it as we do
        yield from found


def _recipe(item: Vendored, host: str, tool: str, settings: Settings, install: Requirement | None) -> Vendored:
    """The recipe with its texts, were it one for `tool`."""
    name = RECIPES[host][0]
    templates = {version: for_tool(files[f"recipes/{name}"], tool) for version, files in releases().items()}
    own = for_tool(template(host), tool)
    values = of_settings(settings.branch)
    for each in (*templates.values(), own):
        values |= values_in(each, item.text or "")
    was = ((version, filled(each, values)) for version, each in templates.items())
    new = filled(own, values | (of_requirement(install, tool) if install else {}))
    return msgspec.structs.replace(
        item,
        candidates=tuple(Candidate(version=version, text=each) for version, each in was if each is not None),
        new=new,
        unknown="" if new is not None else "what CI is to install is not known: use --install",
    )


def _read(root: Path, path: str) -> tuple[str | None, str]:
    """The text with LF, and as it is; (None, "") without such a file. What is no UTF-8 is like nothing of ours."""
    try:
        raw = read_bytes(root / path).decode("utf-8", "replace")
    except OSError:
        return None, ""
    return raw.replace("\r\n", "\n") if "\ufffd" not in raw else "\ufffd", raw
