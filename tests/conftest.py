"""What every test has: no real AWS, no real home, no network; and a repository made of a dict."""

from __future__ import annotations

import gc
import itertools
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import aws_models, collection, depth, kept, memory, prepared
from tests.fork_server import ForkServer
from tfgen.main import run

#: A port on which nothing listens: whoever asks the network fails at once, and says whom it asked.
_NOWHERE = "http://127.0.0.1:9"
_HIDDEN = (
    *("AWS_", "TF_", "TFGEN_", "PKR_", "PACKER_", "GIT_", "ANSIBLE_"),
    *("GITHUB_", "GH_", "BITBUCKET_", "CODEBUILD_"),
    "PYTHONUNBUFFERED",  # which users have not, and which hides what is left in a stream
    "PYTHONDONTWRITEBYTECODE",  # with which each of thousands of processes compiles tfgen again
    *("CHANGE_TARGET", "CI_MERGE_REQUEST_", "DESTINATION_COMMIT"),
)
_NUMBERS = itertools.count()
_TIMEOUT = 180.0  # seconds that a command may take
_LOCAL = ("127.", "::1", "localhost")

#: For Terraform, Packer and their plugins, which start a thousand times: a third less of the processor's time.
GO = {"GOGC": "800", "GOMAXPROCS": "1"}

#: Garbage is collected less often: Python's own numbers are for processes with less memory.
_GC = (10_000, 20, 20)
#: Nothing of what is imported and collected is garbage.
_GC_OF_COLLECTION = (1_000_000, 20, 20)

TOML = 'source_repository = "ami-builder"\n'
JSON = '{"builders": [{"type": "amazon-ebs"}]}\n'
HCL2 = 'source "amazon-ebs" "x" {\n}\n\nbuild {\n  sources = ["source.amazon-ebs.x"]\n}\n'

#: A module with Terraform's built-in resource: real plans and applies that need no provider.
TOY_MODULE = """\
variable "project_name" { type = string }
variable "project_description" { type = string }
variable "artefact_bucket_name" { type = string }
variable "source_repository" { type = string }
variable "environment_vars" { type = map(string) }

resource "terraform_data" "pipeline" {
  input            = var.environment_vars
  triggers_replace = [var.project_name, var.artefact_bucket_name]
}
"""
TOY = {
    "tfgen.toml": TOML,
    "terraform/modules/codepipeline/main.tf": TOY_MODULE,
    "terraform/pipelines/locals.tf": 'locals {\n  account_id = "123456789012"\n}\n',
}

Files = Mapping[str, str | bytes]


def pytest_addoption(parser: pytest.Parser) -> None:
    depth.add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    gc.set_threshold(*_GC_OF_COLLECTION)
    _heed_signals()
    memory.use()
    depth.begin(config)
    collection.begin(config)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    depth.select(config, items)
    collection.order(config, items)
    items.sort(key=lambda item: item.get_closest_marker("guest") is None)  # the longest file first


def pytest_collection_finish() -> None:
    """What was collected stays to the end: garbage is not looked for in it, now or later."""
    gc.freeze()
    gc.set_threshold(*_GC)


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: some tests wait for a server or a signal."""
    return len(os.sched_getaffinity(0)) + 1 if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1) + 1


def pytest_report_header(config: pytest.Config) -> list[str]:
    return depth.headline(config)


def _heed_signals() -> None:
    """Processes that are started take signals as from a terminal, however these tests were started (nohup).

    What is ignored here is so in each of them; what has a handler is not. As a `preexec_fn` it would copy this process.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda number, frame: None)


@dataclass(frozen=True, kw_only=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str

    def expect(self, code: int) -> Result:
        assert self.code == code, f"exit code {self.code}, not {code}\n--- stdout\n{self.out}--- stderr\n{self.err}"
        assert "Traceback" not in self.out + self.err
        return self


Command = Callable[..., Result]
Repo = Callable[..., Path]
Program = Callable[[Path], None]
#: Arguments, the whole environment and a timeout -> how tfgen ended in the current folder.
Execute = Callable[[Sequence[str], Mapping[str, str], float], "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where each test's home is: pytest itself looks through all folders that it has made for the next one's number."""
    return tmp_path_factory.mktemp("homes")


@pytest.fixture(autouse=True)
def _nothing_outside(monkeypatch: pytest.MonkeyPatch, _homes: Path) -> None:
    """Real AWS, the real home and the network are out of reach, here and in every process started."""
    for name in list(os.environ):
        if name.startswith(_HIDDEN) and name != "TFGEN_GOLDEN":
            monkeypatch.delenv(name)
    home = _homes / str(next(_NUMBERS))
    home.mkdir()
    settings = {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_CONFIG_FILE": str(home / "aws-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(home / "aws-credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "CHECKPOINT_DISABLE": "1",
        **GO,
        "HTTP_PROXY": _NOWHERE,
        "HTTPS_PROXY": _NOWHERE,
        "http_proxy": _NOWHERE,
        "https_proxy": _NOWHERE,
        "NO_PROXY": "127.0.0.1,localhost,::1",
        "no_proxy": "127.0.0.1,localhost,::1",
        "NO_COLOR": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(socket.socket, "connect", _only_local(socket.socket.connect))


def _only_local(connect: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(self: socket.socket, address: Any) -> Any:
        host = address[0] if isinstance(address, tuple) else ""
        if self.family in (socket.AF_INET, socket.AF_INET6) and not str(host).startswith(_LOCAL):
            raise OSError(f"a test asked for the network: {address}")
        return connect(self, address)

    return guarded


def write_tree(root: Path, files: Files) -> Path:
    """Writes `files` (path -> text) below `root`."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def read_tree(root: Path) -> dict[str, bytes]:
    """Path -> bytes of all files below `root` but tfgen's and Terraform's own folders."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not {".tfgen", ".terraform", ".git"} & set(path.relative_to(root).parts)
    }


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """Makes a repository of a dict and works in it: `repo({"packer/web.json": JSON})`."""

    def make(files: Files, *, name: str = "ami-builder") -> Path:
        root = tmp_path / name
        root.mkdir(exist_ok=True)
        write_tree(root, files)
        monkeypatch.chdir(root)
        return root

    return make


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str]) -> Command:
    """tfgen in this process: `cli("sync", "--check")`."""

    def call(*arguments: str) -> Result:
        capfd.readouterr()
        code = run(list(arguments))
        captured = capfd.readouterr()
        return Result(code=code, out=captured.out, err=captured.err)

    return call


@pytest.fixture(scope="session", autouse=True)
def _made_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    aws_models.remember()
    kept.keep_commands()
    kept.keep_versions()
    kept.keep_reader_versions()
    prepared.keep_in(tmp_path_factory.mktemp("prepared"))


@pytest.fixture(scope="session")
def fork_server() -> Iterator[ForkServer]:
    server = ForkServer()
    yield server
    server.close()


@pytest.fixture
def tfgen(fork_server: ForkServer) -> Command:
    """The command, as a process of its own."""

    def call(*arguments: str, **environment: str) -> Result:
        whole = {**os.environ, **environment}
        execute = fork_server.run if not depth.is_on() and fork_server.can_run(whole) else started
        done = execute(arguments, whole, _TIMEOUT)
        return Result(code=done.returncode, out=done.stdout, err=done.stderr)

    return call


@pytest.fixture
def execute(fork_server: ForkServer) -> Execute:
    """The command in an environment of its own."""
    return fork_server.run if not depth.is_on() and fork_server.can_run(os.environ) else started


@pytest.fixture
def forked_python(fork_server: ForkServer) -> ForkServer | None:
    """What makes a Python whose texts of stdin find boto3 imported, where commands are forked."""
    return fork_server if not depth.is_on() and fork_server.can_run(os.environ) else None


@pytest.fixture
def forked_program(fork_server: ForkServer) -> Program:
    """Makes a file a `tfgen` that scripts may call: it is forked, where the fixture `tfgen` is."""

    def write(file: Path) -> None:
        if not depth.is_on() and fork_server.can_run(os.environ):
            fork_server.write_program(file)

    return write


def started(
    arguments: Sequence[str], environment: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tfgen", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
