"""The repository that a command works on: its root, its settings, and the folder `.tfgen/`."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from errno import ENOTDIR
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tfgen_generators.errors import BusyError, SettingsError, TfgenError
from tfgen_generators.settings.model import FILE_NAME, Settings
from tfgen_generators.settings.read import parse_settings
from tfgen_generators.trees.files import read_bytes
from tfgen_generators.trees.outside import require_inside

if TYPE_CHECKING:
    from tfgen_generators.packer.discovery.facts_cache import FactsCache

#: How long a sync waits for another one, in seconds.
LOCK_TIMEOUT = 10.0


class Workspace(msgspec.Struct, frozen=True, kw_only=True):
    """An opened repository. `settings_text` is "" when there is no tfgen.toml.

    Where `root` is a copy (an untrusted plan's), `original` is what it was made from, which keeps state, logs and
    caches, and `scratch` the folder for what is gone with it.
    """

    root: Path
    settings: Settings = msgspec.field(default_factory=Settings)
    settings_text: str = ""
    original: Path | None = None
    scratch: Path | None = None

    @property
    def terraform_dir(self) -> Path:
        return self.root / self.settings.terraform_dir

    @property
    def state_dir(self) -> Path:
        """`.tfgen/`: caches, logs, locks, `backup/`, `prune/`. All but these two is safe to delete; never committed."""
        return (self.original or self.root) / ".tfgen"

    def shown(self, path: Path) -> str:
        """A place in the repository as messages name it."""
        root = self.original or self.root
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)

    def cache_file(self, name: str) -> Path | None:
        """A file in `.tfgen/cache/`; None without tfgen.toml, and where a link stands in the place of that folder."""
        from tfgen.own_folder.foreign import kind_of

        folders = (self.state_dir, self.state_dir / "cache")
        if not self.settings_text or any(kind_of(folder) not in (None, "folder") for folder in folders):
            return None
        return self.state_dir / "cache" / name

    def make_state_dir(self, name: str = "") -> Path:
        """`.tfgen/` (or a folder in it), made if need be. Raises TfgenError."""
        from tfgen.own_folder.foreign import clean, kind_of

        folder = self.state_dir / name
        clean(self.state_dir)
        try:
            for place in dict.fromkeys((self.state_dir, folder)):
                place.mkdir(parents=True, exist_ok=True)
                if kind_of(place) != "folder":
                    raise NotADirectoryError(ENOTDIR, "a symlink is in its place")
            self._ignore()
        except OSError as error:
            raise TfgenError(
                f"cannot be created: {error.strerror}",
                where=self.shown(folder),
                fix="make the repository writable, or remove what is in its place",
            ) from None
        return folder

    def _ignore(self) -> None:
        """Raises OSError."""
        ignore = self.state_dir / ".gitignore"
        if not os.path.lexists(ignore):
            descriptor = os.open(ignore, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
            with os.fdopen(descriptor, "wb") as file:
                file.write(b"*\n")


def find_root(start: Path) -> Path:
    """The nearest folder, from `start` upwards, with a tfgen.toml or a .git; else `start` itself."""
    for folder in [start, *start.parents]:
        if (folder / FILE_NAME).is_file() or (folder / ".git").exists():
            return folder
    return start


def open_workspace(*, need_settings: bool = True) -> Workspace:
    """The workspace around the current folder; what is foreign in its `.tfgen/` is removed.

    Raises SettingsError, and RefusedError where a link at tfgen.toml, or at a folder that it names, leads out of the
    repository.
    """
    from tfgen.own_folder.foreign import clean

    root = find_root(Path.cwd())
    file = root / FILE_NAME
    require_inside(root, FILE_NAME)
    clean(root / ".tfgen")
    if (root / ".tfgen" / "backup" / "adopt" / "pending").is_dir():
        _complete(root)
    try:
        text = read_bytes(file).decode()
    except FileNotFoundError:
        if need_settings:
            raise SettingsError(
                f"{FILE_NAME} not found in {root}",
                fix="run: tfgen init",
            ) from None
        return _inside(Workspace(root=root))
    except UnicodeDecodeError as error:
        raise SettingsError("not UTF-8 text", where=f"{FILE_NAME}:{_line(error)}", fix="save it as UTF-8") from None
    except OSError as error:
        raise SettingsError(f"cannot be read: {error.strerror}", where=FILE_NAME) from None
    return _inside(Workspace(root=root, settings=settings_at(root, text), settings_text=text))


def settings_at(root: Path, text: str) -> Settings:
    """The settings that `text` is in a repository, whose files make variants. Raises SettingsError."""
    settings = parse_settings(text)
    if not settings.has_variants:
        return settings
    from tfgen.git.repository import tracked_although_ignored
    from tfgen_generators.packer.discovery.variants import ignored_by_git, with_variants
    from tfgen_generators.trees.disk import DiskTree

    return with_variants(settings, DiskTree(root), ignored_by_git(root, tracked_although_ignored(root)))


def look_into(root: Path) -> Workspace:
    """As `open_workspace`, of a root that is known, without a change in its `.tfgen/` and without a message."""
    require_inside(root, FILE_NAME)
    try:
        text = read_bytes(root / FILE_NAME).decode()
    except FileNotFoundError:
        return _inside(Workspace(root=root))
    return _inside(Workspace(root=root, settings=parse_settings(text), settings_text=text))


def _complete(root: Path) -> None:
    """What a killed adopt has begun is done by whoever comes next, unless it is at work: then it holds the lock."""
    from tfgen.journal.files import complete

    with contextlib.suppress(BusyError), locked(Workspace(root=root), "sync", timeout=0):
        complete(root)


def _inside(workspace: Workspace) -> Workspace:
    """The workspace with its templates where they are. Raises RefusedError."""
    from tfgen_generators.packer.discovery.place import folder_on_disk

    packer_dir = folder_on_disk(workspace.root, workspace.settings.packer_dir)
    if packer_dir != workspace.settings.packer_dir:
        settings = msgspec.structs.replace(workspace.settings, packer_dir=packer_dir)
        workspace = msgspec.structs.replace(workspace, settings=settings)
    require_inside(workspace.root, workspace.settings.packer_dir, workspace.settings.terraform_dir)
    return workspace


@contextlib.contextmanager
def facts_cache(workspace: Workspace, *, details: bool = False) -> Iterator[FactsCache]:
    """What was read of the templates before; afterwards what was read now is kept, where there is a tfgen.toml."""
    from tfgen_generators.packer.discovery.facts_cache import FactsCache

    cache = FactsCache(workspace.cache_file("facts"), details=details)
    say_damaged(workspace, "facts", damaged=cache.damaged)
    yield cache
    if cache.is_due:
        with contextlib.suppress(TfgenError):  # a cache that cannot be kept costs time, no more
            workspace.make_state_dir("cache")
            cache.save()


def say_damaged(workspace: Workspace, name: str, *, damaged: bool) -> None:
    """Says that a cache has other bytes than tfgen has written: it is not used."""
    if damaged:
        from tfgen.own_folder.foreign import discard

        discard(workspace.state_dir / "cache" / name, "is damaged, or of another version")


@contextlib.contextmanager
def locked(workspace: Workspace, name: str, *, timeout: float | None = None) -> Iterator[None]:
    """Holds `.tfgen/NAME.lock`; a killed holder releases it. Raises BusyError after `timeout` seconds."""
    path = workspace.make_state_dir() / f"{name}.lock"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
    except OSError as error:
        fix = "make the repository writable, or remove what is in its place"
        raise TfgenError(f"cannot be opened: {error.strerror}", where=workspace.shown(path), fix=fix) from None
    try:
        _acquire(descriptor, name, time.monotonic() + (LOCK_TIMEOUT if timeout is None else timeout))
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def private_folder(parent: Path, stem: str) -> Iterator[Path]:
    """A new folder in `parent`, its owner's alone and gone at the end.

    It is locked as long as it is in use, so what a killed run has left is known, and deleted. Raises OSError.
    """
    import shutil
    import tempfile

    for left in parent.glob(f"{stem}*"):
        remove_unused(left)
    folder = Path(tempfile.mkdtemp(prefix=stem, dir=parent))
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def remove_unused(left: Path) -> None:
    """Deletes what a killed run may have left, a file or a folder, unless somebody at work in it holds its lock."""
    import shutil

    try:
        descriptor = os.open(left, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return
    try:
        with contextlib.suppress(OSError):
            if os.fstat(descriptor).st_uid != os.getuid():
                return  # somebody else's, in a folder for everybody
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, name: str, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() >= deadline:
                raise BusyError(
                    f"another tfgen {name} is running in this repository", fix="try again when it has finished"
                ) from None
            time.sleep(0.05)
        else:
            return


def _line(error: UnicodeDecodeError) -> int:
    return error.object.count(b"\n", 0, error.start) + 1
