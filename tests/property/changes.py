"""Changes of a repository: edits, deletions, renames, and files that come to stand in front of others."""

from __future__ import annotations

import posixpath
from random import Random

import msgspec

from tests.property.oracle import Evidence
from tests.property.repository import Content, Repository

_VARS = {"vars", "defaults", "group_vars", "host_vars"}
_FOLDERS = _VARS | {"tasks", "handlers", "meta", "templates", "files"}
_STAGE = 'STAGE = "test"'


class Change(msgspec.Struct, kw_only=True):
    """`files` are new contents (None: gone); `by_key` are images that a key of tfgen.toml changes."""

    files: dict[str, Content | None] = {}
    by_key: set[str] = set()
    kinds: list[str] = []


def make_change(seed: int, repository: Repository, evidence: Evidence) -> Change:
    """One to three changes, always the same ones for a seed; most of them concern what `evidence` is of."""
    maker = _Maker(Random(f"change {seed}"), repository, evidence)
    wanted = maker.random.choice([1, 1, 1, 2, 3])
    kinds = [maker.edit, maker.edit, maker.edit_any, maker.stand_in_front, maker.stand_in_front, maker.stand_in_front]
    kinds += [
        maker.add_beside,
        maker.delete,
        maker.rename,
        maker.move_role,
        maker.key,
        maker.beside_the_point,
        maker.relink,
    ]
    while len(maker.change.kinds) < wanted:
        kind = maker.random.choice(kinds)
        if kind():
            maker.change.kinds.append(kind.__name__.replace("_", " "))
    return maker.change


class _Maker:
    def __init__(self, random: Random, repository: Repository, evidence: Evidence) -> None:
        self.random, self.repository = random, repository
        self.files = repository.files
        self.opened = sorted(path for path in evidence.opened if path in self.files)
        self.templates = {path for image in repository.images for path in image.members}
        self.seen = sorted(evidence.seen)
        self.change = Change(files={}, by_key=set(), kinds=[])

    def edit(self) -> bool:
        """A file that is opened."""
        path = self._opened()
        return self._edit(path)

    def edit_any(self) -> bool:
        path = self.random.choice(sorted(self.files))
        return path != "tfgen.toml" and self._edit(path)

    def beside_the_point(self) -> bool:
        """Something of which no image is made."""
        path = self.random.choice(["README.md", "docs/how-to.md", "docs/new.md", ".editorconfig", "tfgen.toml"])
        if path in self.files:
            return self._edit(path)
        return self._put(path, b"new\n")

    def stand_in_front(self) -> bool:
        """A file where Ansible has looked in vain."""
        around = {posixpath.dirname(path) for path in self.files}
        free = [path for path in self.seen if path not in self.files and path not in around and path != "."]
        free = [path for path in free if not any(above in self.files for above in _above(path))]
        if not free:
            return False
        path = self.random.choice(free)
        name = path.rpartition("/")[2]
        if name.startswith(".") or path in ("inventory", "ansible_collections"):
            return False
        if name.startswith("packer-provisioner-"):  # Packer's own inventory, whose name ends in a random number
            return False
        if name.endswith("_plugins") or name in ("library", "module_utils"):
            return self._put(f"{path}/extra.py", b"")
        if path.rpartition("/")[0].endswith("roles"):
            return self._put(f"{path}/tasks/main.yml", b"- debug: {msg: shadow}\n")
        if name in _FOLDERS and not any(one.startswith(path + "/") for one in self.files):
            path += "/main.yml"
        return self._put(path, self._text(path))

    def add_beside(self) -> bool:
        """A new file beside one that is opened, with its ending."""
        path = self.random.choice(self.opened)
        folder, _, name = path.rpartition("/")
        if path in self.templates or not folder:
            return False
        stem = self.random.choice(["zz-new", "Ubuntu", "default", "main"])
        new = f"{folder}/{stem}{posixpath.splitext(name)[1]}"
        return new not in self.files and self._put(new, self._text(new))

    def delete(self) -> bool:
        path = self._opened()
        return path != "buildspec.yml" and self._put(path, None)

    def rename(self) -> bool:
        path = self._opened()
        new = f"{posixpath.dirname(path)}/renamed{posixpath.splitext(path)[1]}"
        if path == "buildspec.yml" or "/" not in path or new in self.files or path in self.change.files:
            return False
        return self._put(new, self.files[path]) and self._put(path, None)

    def move_role(self) -> bool:
        """Another role of the same name, in another folder of roles."""
        mains = [path for path in sorted(self.files) if "/roles/" in path and path.endswith("tasks/main.yml")]
        homes = sorted({path.split("/roles/")[0] + "/roles" for path in mains})
        if not mains:
            return False
        main = self.random.choice(mains)
        role = main.split("/roles/")[1].split("/")[0]
        home = self.random.choice([*homes, f"{posixpath.dirname(homes[0])}/roles"])
        new = f"{home}/{role}/tasks/main.yml".removeprefix("/")
        if any(path == f"{home}/{role}" or path.startswith(f"{home}/{role}/") for path in self.files):
            return False
        return self._put(new, b"- debug: {msg: another}\n")

    def relink(self) -> bool:
        """A symbolic link that leads elsewhere."""
        links = [path for path, content in sorted(self.files.items()) if isinstance(content, str)]
        if not links:
            return False
        target = "vendor/another"
        path = self.random.choice(links)
        self._put(f"{target}/tasks/main.yml", b"- debug: {msg: another}\n")
        return self._put(path, posixpath.relpath(target, posixpath.dirname(path)))

    def key(self) -> bool:
        """A value of tfgen.toml that concerns some images."""
        text = self.files["tfgen.toml"]
        assert isinstance(text, bytes)
        if "tfgen.toml" in self.change.files:
            return False
        images = {image.name for image in self.repository.images}
        own = sorted(name for name in images if f"[templates.{name}]".encode() in text)
        if own and self.random.random() < 0.5:
            name = self.random.choice(own)
            before, section, after = text.partition(f"[templates.{name}]".encode())
            self.change.by_key.add(name)
            return self._put("tfgen.toml", before + section + after.replace(b'"small"', b'"large"', 1))
        self.change.by_key |= images
        return self._put("tfgen.toml", text.replace(_STAGE.encode(), b'STAGE = "live"'))

    def _opened(self) -> str:
        return self.random.choice([path for path in self.opened if path not in self.templates])

    def _edit(self, path: str) -> bool:
        content = self.files[path]
        if isinstance(content, str) or path in self.change.files:
            return False
        return self._put(path, content + (b"\n" if path.endswith(".json") else b"\n# edited\n"))

    def _put(self, path: str, content: Content | None) -> bool:
        if any(above in self.change.files or above in self.files for above in _above(path)):
            return False
        if path in self.change.files or any(one.startswith(path + "/") for one in (*self.files, *self.change.files)):
            return False
        self.change.files[path] = content
        return True

    def _text(self, path: str) -> bytes:
        parts = set(path.split("/"))
        if path.endswith(".cfg"):
            return b"[defaults]\n"
        if parts & _VARS:
            return b"added: 1\n"
        if parts & {"templates", "files"}:
            return b"added\n"
        if "meta" in parts:
            return b"dependencies: []\n"
        return b"- debug: {msg: added}\n"


def _above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:length]) for length in range(1, len(parts))]
