"""tfgen as a process that needs no start: a server with everything imported forks a child for each command.

Python and the imports take 0.15 to 0.3 s of a command's processor time, and these tests run thousands of commands.
The child is a process of its own (arguments, environment, working folder, umask, streams, signals, exit code) and runs
what `python -m tfgen` runs. The tests of start-up, of pipes and of signals start the real command; so do all under
`--deep`.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import io
import json
import os
import pkgutil
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import types
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from tests import aws_models, kept

#: What Python reads at its start alone: a command that has others of them is started.
_AT_START = ("PYTHON", "LC_", "LANG", "LD_")
#: Packages that commands import when they need them.
_LATE = ("boto3", "botocore.httpsession", "botocore.signers", "botocore.retries.standard", "hcl2", "ijson", "tomlkit")
#: Loads moto, or Terraform as a library, whose threads no fork survives.
_NOT_FORKED = ("tfgen.emulator.", "tfgen.demo.", "tfgen.__main__", "tfgen.terraform.processes.standby")
_BYTES = 4  # of a number in an answer
_DESCRIPTORS = 6  # of a job: itself, three streams, the working folder (which may be gone), the socket for answers
_JOB, _LISTEN = b".", b"l"
#: A program that has its command run by the server, in its place: its streams, folder, environment and exit code.
_PROGRAM = """\
#!{python} -IS
import json, os, signal, socket, sys

if {hidden!r} is not None and sys.argv[1:2] != ["-"]:
    os.execv({python!r}, [{python!r}, *sys.argv[1:]])
umask = os.umask(0o077)
os.umask(umask)
job = os.memfd_create("job")
os.write(job, json.dumps([sys.argv[1:], dict(os.environ), umask, {hidden!r}]).encode())
answers, theirs = socket.socketpair()
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    passed = [job, 0, 1, 2, os.open(".", os.O_PATH), theirs.fileno()]
    socket.send_fds(server, [b"."], passed)
theirs.close()
_, code = (int.from_bytes(answers.recv(4, socket.MSG_WAITALL), "little", signed=True) for _ in range(2))
if code < 0:
    os.kill(os.getpid(), -code)
os._exit(code)
"""


def python_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """The part of an environment that cannot be changed after Python's start."""
    return {name: value for name, value in environment.items() if name.startswith(_AT_START)}


class ForkServer:
    """The server's client. The first command starts the server, which ends with the tests, however they end."""

    def __init__(self) -> None:
        self._ours: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._settings: dict[str, str] = {}
        self._address = ""

    def can_run(self, environment: Mapping[str, str]) -> bool:
        """Whether a forked command would be what a started one is: on this system, in this environment."""
        special = ("COVERAGE_", "PYTHONPROFILEIMPORTTIME")
        if not hasattr(os, "pidfd_open") or any(name.startswith(special) for name in environment):
            return False
        ours = python_settings(os.environ) if self._ours is None else self._settings
        return ours == python_settings(environment)

    def run(
        self, arguments: Sequence[str], environment: Mapping[str, str], timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """As `subprocess.run([python, "-m", "tfgen", *arguments], capture_output=True, text=True)` without stdin."""
        server = self._ours or self._start()
        answers, theirs = socket.socketpair()
        (out, out_end), (err, err_end) = os.pipe(), os.pipe()
        with answers, theirs, tempfile.TemporaryFile() as job, Path(os.devnull).open("rb") as nothing:
            job.write(json.dumps([list(arguments), dict(environment), _umask(), None]).encode())
            job.flush()
            folder = os.open(".", os.O_PATH)
            passed = [job.fileno(), nothing.fileno(), out_end, err_end, folder, theirs.fileno()]
            socket.send_fds(server, [_JOB], passed)
            for descriptor in (out_end, err_end, folder):
                os.close(descriptor)
            theirs.close()
            pid = _number(answers)
            try:
                said, talk = _read_to_the_end((out, err), time.monotonic() + timeout)
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                raise subprocess.TimeoutExpired(["tfgen", *arguments], timeout) from None
            code = _number(answers)
        return subprocess.CompletedProcess(["tfgen", *arguments], code, said, talk)

    def write_program(self, file: Path) -> None:
        """Makes `file` a `tfgen` for scripts, which starts a bare Python and has the rest done here."""
        self._write(file, None)

    def write_python(self, file: Path, *, hidden: Sequence[str] = ()) -> None:
        """Makes `file` the Python of the tests, for which a text of stdin finds everything imported.

        It cannot import what is `hidden`.
        """
        self._write(file, list(hidden))

    def _write(self, file: Path, hidden: list[str] | None) -> None:
        server = self._ours or self._start()
        if not self._address:
            self._address = f"\0tfgen-tests-{os.getpid()}"  # in no folder, as a path may be too long
            with socket.socket(socket.AF_UNIX) as listening:
                listening.bind(self._address)
                listening.listen()
                socket.send_fds(server, [_LISTEN], [listening.fileno()])
        text = _PROGRAM.format(python=sys.executable, address=self._address, hidden=hidden)
        file.write_text(text, encoding="utf-8")
        file.chmod(0o755)

    def close(self) -> None:
        """Ends the server; the next command starts another one."""
        if self._ours is not None and self._process is not None:
            self._ours.close()
            self._process.wait(timeout=30)
            self._ours = self._process = None
            self._address = ""

    def _start(self) -> socket.socket:
        self._ours, theirs = socket.socketpair()
        self._settings = python_settings(os.environ)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.fork_server", str(theirs.fileno())],
                cwd=Path(__file__).parents[1],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )
        return self._ours


def _umask() -> int:
    now = os.umask(0o077)  # the only way to read it
    os.umask(now)
    return now


def _number(answers: socket.socket) -> int:
    data = answers.recv(_BYTES, socket.MSG_WAITALL)
    assert len(data) == _BYTES, "the server of forked commands has died: see its words above"
    return int.from_bytes(data, "little", signed=True)


def _read_to_the_end(pipes: Sequence[int], deadline: float) -> list[str]:
    """What comes out of each pipe, which are closed. Raises TimeoutError at the deadline (of the monotonic clock)."""
    found = {pipe: bytearray() for pipe in pipes}
    with selectors.DefaultSelector() as selector:
        try:
            for pipe in pipes:
                selector.register(pipe, selectors.EVENT_READ)
            while selector.get_map():
                ready = selector.select(deadline - time.monotonic())
                if not ready:
                    raise TimeoutError
                for key, _ in ready:
                    data = os.read(key.fd, 65536)
                    found[key.fd] += data
                    if not data:
                        selector.unregister(key.fd)
        finally:
            for pipe in pipes:
                os.close(pipe)
    return [data.decode().replace("\r\n", "\n").replace("\r", "\n") for data in found.values()]


def _serve(jobs: socket.socket) -> Callable[[], None]:
    """Forks for each job until the client has gone; returns in the children, with what they are to run."""
    running: dict[int, tuple[int, socket.socket]] = {}
    listening: dict[int, socket.socket] = {}
    with selectors.PollSelector() as ready:
        ready.register(jobs, selectors.EVENT_READ)
        while True:
            for key, _ in ready.select():
                if key.fd in running:
                    ready.unregister(key.fd)
                    _tell_end(key.fd, *running.pop(key.fd))
                    continue
                message, descriptors = _receive(jobs, listening.get(key.fd))
                if message == _LISTEN:
                    ready.register(descriptors[0], selectors.EVENT_READ)
                    listening[descriptors[0]] = socket.socket(fileno=descriptors[0])
                if message != _JOB:
                    continue
                child = os.fork()
                if child == 0:
                    for other in (jobs, *listening.values(), *(answer for _, answer in running.values())):
                        other.detach()
                    return _become(descriptors)
                for descriptor in descriptors[:-1]:
                    os.close(descriptor)
                answer = socket.socket(fileno=descriptors[-1])
                answer.sendall(child.to_bytes(_BYTES, "little"))
                watched = os.pidfd_open(child)
                running[watched] = child, answer
                ready.register(watched, selectors.EVENT_READ)


def _receive(jobs: socket.socket, listening: socket.socket | None) -> tuple[bytes, list[int]]:
    """What is asked for, and descriptors: by the tests, whose end is the end, or by a program that connects."""
    if listening is not None:
        with listening.accept()[0] as connection:
            message, descriptors, *_ = socket.recv_fds(connection, 1, _DESCRIPTORS)
        return message, descriptors
    message, descriptors, *_ = socket.recv_fds(jobs, 1, _DESCRIPTORS)
    if not message:
        sys.exit(0)
    return message, descriptors


def _tell_end(watched: int, child: int, answer: socket.socket) -> None:
    os.close(watched)
    _, status = os.waitpid(child, 0)
    with answer:
        answer.sendall(os.waitstatus_to_exitcode(status).to_bytes(_BYTES, "little", signed=True))


def _become(descriptors: Sequence[int]) -> Callable[[], None]:
    """Makes this process what a command finds at its start; gives the command."""
    with os.fdopen(descriptors[0], "rb", closefd=False) as job:
        job.seek(0)
        arguments, environment, umask, hidden = json.load(job)
    for number, descriptor in enumerate(descriptors[1:4]):
        os.dup2(descriptor, number)
    os.fchdir(descriptors[4])
    os.umask(umask)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    for name, number in (("stdout", 1), ("stderr", 2)):
        setattr(sys, name, _stream(number, getattr(sys, f"__{name}__")))
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    with contextlib.suppress(FileNotFoundError):
        sys.path[0] = str(Path.cwd())
    if hidden is not None:
        sys.argv = arguments
        sys.modules.update(dict.fromkeys(hidden))  # Python's own way to say that it has none
        return _text_of_stdin
    sys.argv = [str(Path(sys.modules["tfgen"].__path__[0], "__main__.py")), *arguments]
    return _tfgen


def _tfgen() -> None:
    from tfgen.start import main

    main()


def _text_of_stdin() -> None:
    """As `python -` does it."""
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 as Python makes it
    exec(compile(sys.stdin.read(), "<stdin>", "exec"), vars(main))


def _stream(descriptor: int, before: io.TextIOWrapper) -> io.TextIOWrapper:
    """As Python makes one at its start: whether a stream can seek is only found out then."""
    return io.TextIOWrapper(
        os.fdopen(descriptor, "wb", closefd=False),
        encoding=before.encoding,
        errors=before.errors,
        newline="\n",
        line_buffering=before.line_buffering,
    )


def _import_everything() -> None:
    gc.disable()  # nothing of it is garbage
    for package in ("tfgen", "tfgen_generators"):
        for module in pkgutil.walk_packages(import_module(package).__path__, f"{package}."):
            if not f"{module.name}.".startswith(_NOT_FORKED):
                import_module(module.name)
    for name in _LATE:
        import_module(name)
    aws_models.remember()
    aws_models.read()
    kept.keep_commands()
    kept.keep_versions()
    kept.keep_reader_versions()
    kept.know_version()
    kept.build_commands()
    kept.use_commands()
    tasks = os.listdir("/proc/self/task")  # noqa: PTH208 names alone
    assert len(tasks) == 1, "an import has started a thread, which no fork survives"
    gc.collect()
    gc.freeze()  # or a child's collection would copy every page
    gc.enable()


def _run(command: Callable[[], None]) -> NoReturn:
    """The command from its entry point to its end, but for the interpreter's: that looks at every module (30 ms)."""
    code = 0
    try:
        command()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:  # noqa: BLE001 the end of a process: what Python would say, and its exit code
        code = 1
        traceback.print_exc()
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            code = 120
    os._exit(code)


if __name__ == "__main__":
    _import_everything()
    _run(_serve(socket.socket(fileno=int(sys.argv[1]))))
