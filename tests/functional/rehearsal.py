"""A role without its deeds: real Ansible decides and renders, with the facts of any system, and shows what it would do.

Every task keeps its name, conditions, loop and variables. What decides runs as it is (include_vars, set_fact, assert,
include_tasks); any other module becomes a `debug` that shows its arguments; what a task would have learned is given.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests import depth
from tests.e2e.tools import ROOT, bare_environment, require_tool, run

_ROLES = ROOT / "ansible/roles"
_DECIDES = {f"ansible.builtin.{name}" for name in ("include_vars", "include_tasks", "set_fact", "assert")}
_TEMPLATE = "ansible.builtin.template"
_SHOWN = re.compile(r"^(ok|changed|fatal): \[(.+?)\](?:: FAILED!)?(?: => \(item=.*\))? => (?=\{)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """What became of one machine: why it failed ("" when it did not), task -> its module's arguments for each round."""

    failure: str
    shown: Mapping[str, list[dict[str, Any]]]

    def expect(self) -> Rehearsal:
        """Itself, when nothing went wrong."""
        assert self.failure == ""
        return self

    def one(self, task: str) -> dict[str, Any]:
        """The arguments of a task that is there once."""
        (arguments,) = self.shown[task]
        return arguments


def deeds(role: str, module: str = "") -> Iterator[str]:
    """The names of the role's tasks and handlers that do something, and not only decide; with `module`, by that."""
    for file in (*(_ROLES / role).glob("tasks/*.yml"), *(_ROLES / role).glob("handlers/*.yml")):
        for task in yaml.safe_load(file.read_text(encoding="utf-8")):
            if _module(task) not in _DECIDES and module in ("", _module(task)):
                yield task["name"]


def rehearse(
    folder: Path, roles: list[str], machines: Mapping[str, Mapping[str, Any]], brief: Collection[str] = ()
) -> dict[str, Rehearsal]:
    """Goes through `roles`, in a copy below `folder`, for all machines at once; through the first alone for `brief`.

    `machines` is name -> variables: facts (as `facts`), the roles' settings, and what tasks register.
    """
    copy = folder / "ansible"
    shutil.copytree(_ROLES.parent, copy)
    for file in (*copy.glob("roles/*/tasks/*.yml"), *copy.glob("roles/*/handlers/*.yml")):
        tasks = [_tame(task) for task in yaml.safe_load(file.read_text(encoding="utf-8"))]
        file.write_text(yaml.safe_dump(tasks, sort_keys=False), encoding="utf-8")
    parts = {"whole": roles, "brief": roles[:1]}
    plays = [{"hosts": part, "gather_facts": False, "roles": names} for part, names in parts.items()]
    (copy / "play.yaml").write_text(json.dumps(plays))
    groups: dict[str, dict[str, Any]] = {part: {"hosts": {}} for part in parts}
    for name, variables in machines.items():
        groups["brief" if name in brief else "whole"]["hosts"][name] = variables
    (copy / "machines.yaml").write_text(json.dumps(groups))
    program = require_tool("ansible-playbook", "pip install -e '.[test]' brings")
    argv = [
        *([program] if depth.is_on() else [sys.executable, "-m", "tests.functional.ansible_in_process"]),
        "-i",
        "machines.yaml",
        "-c",
        "local",
        "play.yaml",
        "--extra-vars",
        '{"ansible_facts": "{{ facts }}"}',
    ]
    env = bare_environment(
        folder, {"ANSIBLE_CALLBACK_RESULT_FORMAT": "json", "ANSIBLE_NOCOLOR": "1", "PYTHONPATH": str(ROOT)}
    )
    done = run(argv, env=env, cwd=copy, timeout=300)
    assert done.returncode in (0, 2), done.stdout  # 2: some machines failed
    return _by_machine(done.stdout, machines)


def _module(task: Mapping[str, Any]) -> str:
    return next(key for key in task if key.startswith("ansible.builtin."))


def _tame(task: dict[str, Any]) -> dict[str, Any]:
    module = _module(task)
    if module in _DECIDES:
        return task
    arguments = task[module]
    if module == _TEMPLATE:
        source = arguments["src"].replace("{{ item }}", "' ~ item ~ '")  # it stands in an expression now
        arguments = {**arguments, "content": f"{{{{ lookup('{_TEMPLATE}', '{source}') }}}}"}
    kept = {key: value for key, value in task.items() if key not in (module, "register")}
    if "notify" in task:
        kept["changed_when"] = True  # so that its handler is shown too
    return {**kept, "ansible.builtin.debug": {"msg": {"module": module.rpartition(".")[2], **arguments}}}


def _by_machine(said: str, machines: Iterable[str]) -> dict[str, Rehearsal]:
    failures = dict.fromkeys(machines, "")
    shown: dict[str, dict[str, list[dict[str, Any]]]] = {machine: {} for machine in machines}
    for part in re.split(r"^(?:TASK|RUNNING HANDLER) \[", said, flags=re.MULTILINE)[1:]:
        task = part.partition("] ***")[0].rpartition(" : ")[2]
        for match in _SHOWN.finditer(part):
            how, machine = match.groups()
            result, _ = json.JSONDecoder().raw_decode(part, match.end())
            if how == "fatal":
                failures[machine] = f"{task}: {result['msg']}"
            elif isinstance(result.get("msg"), dict):
                shown[machine].setdefault(task, []).append(result["msg"])
    return {machine: Rehearsal(failure=failures[machine], shown=shown[machine]) for machine in machines}
