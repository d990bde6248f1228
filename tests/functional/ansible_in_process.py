"""`ansible-playbook` with all tasks in its one process, and not each in a fork of it: a third of the time."""
# mypy: disable-error-code="import-untyped,attr-defined"

from __future__ import annotations


def main() -> None:
    """Runs the command and exits."""
    from ansible.cli import playbook
    from ansible.executor.process.worker import WorkerProcess

    from tests.property.ansible_server import run_in_process

    WorkerProcess.start = run_in_process
    playbook.main()


if __name__ == "__main__":
    main()
