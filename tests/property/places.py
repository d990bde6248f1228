"""Where tasks are written."""

from __future__ import annotations

from tests.property.repository import Writer

FAMILIES = ("Debian", "RedHat")
DISTRIBUTIONS = {"Debian": ("Ubuntu", "Debian"), "RedHat": ("Rocky", "Amazon")}
SAY = "- ansible.builtin.debug:\n    msg: {}\n"


class Place:
    """Where tasks are written: a role's folder, or the folder of a playbook (`role` "")."""

    def __init__(self, writer: Writer, folder: str, role: str, later: list[str]) -> None:
        self.writer, self.folder, self.role, self.later = writer, folder, role, later
        self.count = 0

    def add(self, path: str, text: str) -> str:
        return self.writer.add(f"{self.folder}/{path}", text)

    def tasks(self, name: str, text: str) -> None:
        """A tasks file, which in a role stands in tasks/."""
        self.add(f"tasks/{name}" if self.role else name, text)

    def new(self, stem: str) -> str:
        self.count += 1
        return f"{stem}{self.count}"

    def pick(self) -> str:
        """A role that stands later in the order, so that nothing goes round in circles."""
        return self.writer.random.choice(self.later)

    def some(self) -> list[str]:
        return self.writer.random.sample(self.later, min(2, len(self.later)))
