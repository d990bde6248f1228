"""Real ansible-playbook, loaded once and forked for each run: which files of the repository it opens.

A program of its own (`python -m tests.property.ansible_server`): a job as JSON on each line of stdin, its answer as
JSON on a line of stdout. Modules are not executed (nothing is installed or written); all else is Ansible's own:
parsing, templating, lookups, search paths, action plugins.
"""
# mypy: disable-error-code="import-untyped,attr-defined"

from __future__ import annotations

import gc
import json
import os
import shutil
import sys
import tempfile
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.property.watching import watch

_WARM = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.set_fact: {x: "{{ lookup('file', 'x.yml') }}{{ query('fileglob', '*.yml') }}"}
    - ansible.builtin.assert: {that: x is defined}
    - ansible.builtin.copy: {src: x.yml, dest: /nowhere}
    - ansible.builtin.template: {src: x.j2, dest: /nowhere}
    - ansible.builtin.script: x.yml
    - ansible.builtin.include_vars: x.yml
    - ansible.builtin.include_tasks: tasks.yml
    - ansible.builtin.debug: msg="{{ item }}"
      with_first_found: [x.yml]
"""
#: What an ansible.cfg or the environment sets in the repositories of these tests.
_SETTINGS = ("DEFAULT_ROLES_PATH", "COLLECTIONS_PATHS", "CONFIG_FILE")


def main() -> None:
    """Answer jobs until stdin ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    _prepare()
    for line in sys.stdin:
        answers.write(json.dumps(_answer(json.loads(line))) + "\n")
        answers.flush()


def _prepare() -> None:
    """Everything that a run imports, and the modules' stand-ins."""
    sys.dont_write_bytecode = True
    os.environ["ANSIBLE_NOCOLOR"] = "1"
    import ansible.cli.playbook
    import ansible.executor.process.worker
    from ansible.plugins.action import ActionBase

    def execute(self: Any, module_name: str | None = None, module_args: Any = None, **rest: Any) -> dict[str, Any]:
        return {"changed": False, "rc": 0, "stat": {"exists": False}, "msg": "", "ansible_facts": {}}

    def transfer(self: Any, local_path: str, remote_path: str) -> str:
        Path(os.fsdecode(local_path)).read_bytes()
        return remote_path

    def make_tmp(self: Any, *rest: Any) -> str:
        self._connection._shell.tmpdir = "/nowhere/"
        return "/nowhere/"

    stand_ins = {
        "_execute_module": execute,
        "_transfer_file": transfer,
        "_make_tmp_path": make_tmp,
        "_remove_tmp_path": lambda self, *rest, **more: None,
        "_fixup_perms2": lambda self, *rest, **more: None,
        "_low_level_execute_command": lambda self, *rest, **more: {
            "rc": 0,
            "stdout": "",
            "stderr": "",
            "stdout_lines": [],
        },
        "_execute_remote_stat": lambda self, *rest, **more: {"exists": False, "checksum": "1"},
        "_remote_expand_user": lambda self, path, **more: path,
    }
    for name, stand_in in stand_ins.items():
        assert hasattr(ActionBase, name), name
        setattr(ActionBase, name, stand_in)
    ansible.executor.process.worker.WorkerProcess.start = run_in_process
    _warm()
    gc.collect()
    gc.disable()  # else a child would write to, and so copy, nearly every page
    gc.freeze()


def run_in_process(worker: Any) -> None:
    """A task in this process and not in a fork of it: what it opens is the same, and seven times as fast."""
    from ansible.executor.process import worker as module
    from ansible.executor.task_executor import TaskExecutor

    module.current_worker = worker
    task = worker._task.copy()
    with module._task.TaskContext(task):
        result = TaskExecutor(
            worker._host,
            task,
            worker._task_vars,
            worker._play_context,
            worker._loader,
            worker._shared_loader_obj,
            worker._final_q,
            worker._variable_manager,
        ).run()
        fields = task.dump_attrs()
    worker._final_q.send_task_result(
        module._RawTaskResult(host=worker._host, task=task, return_data=result, task_fields=fields)
    )


def _warm() -> None:
    """One whole run in this process, so that a child finds everything imported and every definition read."""
    folder = Path(tempfile.mkdtemp())
    files = {
        "site.yml": _WARM,
        "x.j2": "{{ 1 }}",
        "x.yml": "a: 1",
        "host_vars/localhost.yml": "b: 1",
        "tasks.yml": "[]",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    code = _command(["-i", "localhost,", "-c", "local", str(folder / "site.yml")])
    shutil.rmtree(folder)
    assert code == 0, "the warm-up failed"


def _command(argv: list[str]) -> int:
    from ansible.cli.playbook import PlaybookCLI
    from ansible.errors import AnsibleError

    try:
        cli = PlaybookCLI(["ansible-playbook", *argv])
        cli.parse()
        return int(cli.run() or 0)
    except SystemExit as error:
        return int(error.code or 0)
    except AnsibleError as error:  # as CLI.cli_executor, which ends the process, has it
        print(error)
        return int(error._exit_code)


def _forget(environment: Mapping[str, str]) -> None:
    """What a process reads once (ansible.cfg, the environment, collection paths) is to be read again."""
    from ansible.config.manager import find_ini_config_file
    from ansible.parsing.vault import VaultSecretsContext
    from ansible.utils import context_objects
    from ansible.utils.collection_loader._collection_finder import _AnsibleCollectionFinder

    from ansible import constants

    context_objects.GlobalCLIArgs._Singleton__instance = None
    VaultSecretsContext._current = None
    config = constants.config
    config._parsers.clear()
    config._get_ini_config_value.cache_clear()
    config._config_file = find_ini_config_file(config.WARNINGS)
    if config._config_file:
        config._parse_config_file()
    if config._config_file or any(name.startswith("ANSIBLE_") for name in environment):
        known = vars(constants)
        for setting in _SETTINGS:
            constants.set_constant(setting, config.get_config_value(setting, variables=known))
    _AnsibleCollectionFinder._remove()


def _answer(job: dict[str, Any]) -> dict[str, Any]:
    """Runs one job in a child. `trace` are pairs: how ("open", "look", "list"), path."""
    record = os.memfd_create("trace", 0)
    said = os.memfd_create("said", 0)
    child = os.fork()
    if child == 0:
        code = 70
        try:
            code = _play(job, record, said)
        except BaseException:  # noqa: BLE001 - whatever it is, the parent is told
            os.write(said, traceback.format_exc().encode())
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    trace = _slurp(record).decode(errors="surrogateescape").split("\0")[:-1]
    found = sorted({tuple(line.split(" ", 1)) for line in trace})
    return {"code": os.waitstatus_to_exitcode(status), "said": _slurp(said).decode(errors="replace"), "trace": found}


def _slurp(descriptor: int) -> bytes:
    os.lseek(descriptor, 0, 0)
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


def _play(job: dict[str, Any], record: int, said: int) -> int:
    for descriptor in (1, 2):
        os.dup2(said, descriptor)
    sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
    os.environ.update(job["env"])
    os.chdir(job["cwd"])
    watch(job["below"], record)
    try:
        _forget(job["env"])
        return _command(job["argv"])
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


if __name__ == "__main__":
    main()
