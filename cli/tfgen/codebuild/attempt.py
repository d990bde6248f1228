"""One run of a buildspec for one image, from the copy of the source to what is kept of it."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from tfgen.codebuild.artifacts import keep_artifacts
from tfgen.codebuild.environment import Facts, Job, build_environment
from tfgen.codebuild.outcome import BuildOutcome, LocalOptions
from tfgen.codebuild.processes import LogView, Processes, talk
from tfgen.codebuild.runner import Result, Run
from tfgen.codebuild.source import copy_source, not_committed, source_version
from tfgen.console import one_line
from tfgen.phrases import counted, some
from tfgen.terraform.processes.log import RunLog, open_log
from tfgen.terraform.processes.process import handling
from tfgen_generators.errors import InterruptedRunError, TfgenError

if TYPE_CHECKING:
    from tfgen.workspace import Workspace

#: A socket as plugins of Packer call it, and the longest path of one (macOS; Linux has four characters more).
_SOCKET = "packer-plugin1234567890"
_LONGEST_SOCKET = 103


def attempt_build(workspace: Workspace, job: Job, options: LocalOptions, attempt: int) -> tuple[Result, BuildOutcome]:
    """Builds `job` once; `attempt` counts the earlier ones. Raises TfgenError when it cannot start, and
    InterruptedRunError after Ctrl-C or SIGTERM.
    """
    base = Path(tempfile.mkdtemp(prefix=f"tfgen-build-{job.name[:12]}-")).resolve()
    source, temporary = base / "src", base / "t"
    temporary.mkdir()
    # Plugins of Packer listen on sockets in TMPDIR: where their paths would be too long, it stays the user's.
    is_short = len(f"{temporary}/{_SOCKET}".encode()) <= _LONGEST_SOCKET
    try:
        with open_log(workspace.make_state_dir("log"), f"build-{job.name}{f'-{attempt}' if attempt else ''}") as log:
            facts = Facts(
                project=job.project,
                uuid=str(uuid.uuid4()),
                number=_next_number(workspace, job.name),
                source=str(source),
                log=log.path.name,
                tools=str(workspace.make_state_dir("cache") / "tools"),
                temporary=str(temporary) if is_short else "",
                region=job.region,
                version=source_version(workspace.root),
            )
            environment = build_environment(job, facts, options.environment)
            talk(f"building {job.name}: {facts.build_id}, number {facts.number}; log: {log.path}")
            try:
                result = _run(workspace, job, options, environment, base, log, attempt)
            except (TfgenError, OSError) as error:  # a full disk, a file that cannot be read: this build, not the next
                result = Result(status="FAILED", reason=_world(error))
            return _finish(workspace, job, result, facts.build_id, source, log)
    finally:
        if options.keep:
            shutil.rmtree(temporary, ignore_errors=True)
            talk(f"kept the copy of the source: {source}")
        else:
            shutil.rmtree(base, ignore_errors=True)
            if base.exists():
                talk(f"warning: the copy of the source cannot be removed: {base}", "yellow")


def _copy(workspace: Workspace, source: Path) -> None:
    source.mkdir()
    copied = copy_source(workspace.root, source, lambda words: talk(one_line(f"warning: {words}"), "yellow"))
    talk(f"the source is a copy of the work tree: {counted(copied, 'file')}")
    if changed := not_committed(workspace.root):
        talk(one_line(f"uncommitted changes: {some(changed, 5)}"), style="yellow")


def _run(
    workspace: Workspace,
    job: Job,
    options: LocalOptions,
    environment: dict[str, str],
    base: Path,
    log: RunLog,
    attempt: int,
) -> Result:
    """Copies the source and runs the phases; should tfgen be killed, the supervisor removes `base`."""
    source, state = base / "src", base / "state"
    state.mkdir()
    view = LogView(log.path, log.kept.descriptor)
    processes = Processes(base, view, keep=options.keep, timeout=options.timeout_minutes * 60)
    run = Run(
        job.spec,
        processes,
        environment,
        source=source,
        state=state,
        shell=job.shell,
        env_program=job.env_program,
        attempt=attempt,
        path=job.spec_path,
    )
    try:
        _copy(workspace, source)
        with handling(processes.signalled):
            return run.run()
    finally:
        processes.end()
        view.close()


def _finish(
    workspace: Workspace, job: Job, result: Result, build_id: str, source: Path, log: RunLog
) -> tuple[Result, BuildOutcome]:
    """Keeps the artefacts, in whatever way the build has ended, and says how that was."""
    kept, trouble = workspace.make_state_dir("build") / job.name, ""

    def say(words: str) -> None:
        log.write(f"[tfgen] {words}\n".encode("utf-8", "backslashreplace"))
        talk(one_line(f"[tfgen] {words}"))

    shutil.rmtree(kept, ignore_errors=True)
    if job.spec.artifacts:
        try:
            say(f"Kept {counted(keep_artifacts(job.spec.artifacts, source, kept, say), 'artifact')} in {kept}")
        except (TfgenError, OSError) as error:
            trouble = f"UPLOAD_ARTIFACTS: {_world(error)}"
            say(trouble)
    if result.status == "STOPPED":
        raise InterruptedRunError("the build was interrupted", where=job.name, fix=f"log: {log.path}")
    succeeded = result.status == "SUCCEEDED" and not trouble
    return result, BuildOutcome(
        name=job.name,
        succeeded=succeeded,
        reason="" if succeeded else one_line(result.reason or trouble),
        ami_id=result.exported.get("AMI_ID", ""),
        region=job.region,
        build_id=build_id,
        log=str(log.path),
        artifacts=str(kept) if kept.is_dir() else "",
    )


def _world(error: TfgenError | OSError) -> str:
    """What went wrong, and where."""
    if isinstance(error, TfgenError):
        return str(error)
    where = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
    return f"{where}{error.strerror or error}"


def _next_number(workspace: Workspace, name: str) -> int:
    """The build's number: one more than that of the last one here. Raises TfgenError."""
    file = workspace.make_state_dir("build-numbers") / name
    number = 1
    with contextlib.suppress(OSError, ValueError):
        number = int(file.read_text()) + 1
    fresh = file.with_name(f".{name}.new")
    try:
        fresh.write_text(f"{number}\n")
        fresh.replace(file)
    except OSError as error:
        raise TfgenError(f"cannot be written: {error.strerror}", where=str(file)) from None
    return number
