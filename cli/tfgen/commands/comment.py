"""`tfgen comment`: a plan as a pull request's comment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tfgen.completion import values

if TYPE_CHECKING:
    from tfgen.hosts.model import HostName
    from tfgen.hosts.post import Done
    from tfgen.plan.compared.behind import Behind
    from tfgen.plan.manifest import Manifest
    from tfgen.plan.markdown import Rendered
    from tfgen.workspace import Workspace

EXAMPLES = """\b
Examples:
  tfgen comment images.tfplan            in CI: create or update the pull request's comment
  tfgen comment images.tfplan --dry-run  print the comment
  tfgen comment images.tfplan --output plan.md
  tfgen comment --failed                 in CI: say that the plan failed
"""


def command(
    plan_file: Annotated[
        Path | None,
        typer.Argument(metavar="[PLANFILE]", show_default=False, help="A saved plan (default .tfgen/tfplan)."),
    ] = None,
    host: Annotated[
        Literal["github", "bitbucket", "codecommit"] | None,
        typer.Option(
            "--host", envvar="TFGEN_HOST", help="Host of the pull request (default: detected from CI's variables)."
        ),
    ] = None,
    target: Annotated[
        str,
        typer.Option(
            "--target",
            metavar="NAME",
            envvar="TFGEN_TARGET",
            help="Name of the plan; each name has its own comment (default: terraform_dir).",
        ),
    ] = "",
    allow_destroy: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-destroy",
            metavar="NAME",
            envvar="TFGEN_ALLOW_DESTROY",
            autocompletion=values.images,
            help="As in tfgen plan: do not mark this image as refused. Repeatable.",
        ),
    ] = None,
    allow_action: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-action",
            metavar="NAME",
            envvar="TFGEN_ALLOW_ACTION",
            autocompletion=values.images,
            help="As in tfgen plan: do not mark this image's actions as refused. Repeatable.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            metavar="FILE",
            envvar="TFGEN_COMMENT_OUTPUT",
            help="Write the Markdown to FILE instead of posting.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", envvar="TFGEN_DRY_RUN", help="Print the Markdown instead of posting.")
    ] = False,
    failed: Annotated[
        bool,
        typer.Option(
            "--failed",
            envvar="TFGEN_FAILED",
            help="Say in an existing comment that the plan failed.",
        ),
    ] = False,
) -> int:
    """Post a plan as a comment on its pull request.

    Reads the manifest that tfgen plan wrote next to the plan, never the plan itself. When nothing changes, an existing
    comment is updated and no new one is created. --output and --dry-run give the full Markdown; with --host, what
    fits in a comment of that host.
    """
    from tfgen.hosts.target import former_names, plan_name
    from tfgen.workspace import open_workspace
    from tfgen_generators.errors import UsageError

    if failed and plan_file:
        raise UsageError("--failed cannot be used with a plan file", fix=f"remove {plan_file}")
    workspace = _workspace() if failed else open_workspace()
    terraform_dir = workspace.settings.terraform_dir
    name = plan_name(workspace.root, terraform_dir, target)
    page: Page | Failed
    if failed:
        page = _failed(workspace, name)
    else:
        plan = plan_file or workspace.state_dir / "tfplan"
        page = _planned(plan, name, tuple(allow_destroy or ()), tuple(allow_action or ()), workspace)
    if output or dry_run:
        _write(page.compose(host).text, output, dry_run=dry_run)
    else:
        _post(workspace, page, host, former_names(workspace.root, terraform_dir, target))
    return 0


def _planned(plan: Path, target: str, allowed: tuple[str, ...], actions: tuple[str, ...], workspace: Workspace) -> Page:
    from tfgen.plan.compared.behind import find_behind
    from tfgen.plan.gate import acting_images, refused_images, renamed_images
    from tfgen.plan.manifest import read_manifest

    manifest = read_manifest(plan)
    refused = refused_images(manifest.summary, allowed, renamed_images(workspace.settings))
    names = tuple(image.name for image in refused)
    behind = find_behind(workspace, names) if names else None
    acting = tuple(image.name for image in acting_images(manifest.summary, actions))
    return Page(manifest=manifest, target=target, refused=names, acting=acting, behind=behind)


def _workspace() -> Workspace:
    """A tfgen.toml that cannot be read may be why the plan failed."""
    from tfgen.workspace import Workspace, find_root, open_workspace
    from tfgen_generators.errors import RefusedError, SettingsError

    try:
        return open_workspace()
    except (SettingsError, RefusedError):
        return Workspace(root=find_root(Path.cwd()))


def _failed(workspace: Workspace, target: str) -> Failed:
    from tfgen.git.repository import head_commit

    return Failed(commit=head_commit(workspace.root), target=target)


@dataclass(frozen=True, kw_only=True)
class Failed:
    """A plan that failed: why is in CI's log, whose words may not be for everybody."""

    commit: str
    target: str
    is_news = False

    def compose(self, host: HostName | None, *, link: str = "") -> Rendered:
        """The Markdown as `host` wants it."""
        from tfgen.hosts.model import STYLES, marker
        from tfgen.plan.markdown import WHOLE, compose_failed

        style = STYLES[host] if host else WHOLE
        return compose_failed(self.target, link=link, commit=self.commit, marker=marker(style, self.target))


@dataclass(frozen=True, kw_only=True)
class Page:
    """What a comment is about: a plan's manifest, whose it is, and the images that it must not destroy.

    `acting` are the images whose actions it must not invoke; `behind` says which of `refused` come from commits of the
    base that the branch lacks.
    """

    manifest: Manifest
    target: str
    refused: tuple[str, ...]
    acting: tuple[str, ...] = ()
    behind: Behind | None = None

    @property
    def is_news(self) -> bool:
        """Whether it is worth a first comment: one that says "No changes" would only be noise."""
        summary = self.manifest.summary
        return summary.changed or bool(summary.not_planned or summary.deferred or summary.not_understood)

    def compose(self, host: HostName | None, *, link: str = "") -> Rendered:
        """The Markdown as `host` wants it; for none, as GitHub would, and whole."""
        from tfgen.hosts.model import STYLES, marker
        from tfgen.plan.markdown import WHOLE, compose

        style = STYLES[host] if host else WHOLE
        return compose(
            self.manifest.summary,
            target=self.target,
            refused=self.refused,
            acting=self.acting,
            behind=self.behind,
            link=link,
            commit=self.manifest.commit,
            style=style,
            marker=marker(style, self.target),
        )


def _write(text: str, output: Path | None, *, dry_run: bool) -> None:
    from tfgen.console import note, out
    from tfgen_generators.errors import TfgenError

    if output:
        try:
            output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise TfgenError(f"cannot be written: {error.strerror}", where=str(output)) from None
        note(f"wrote {output}")
    if dry_run:
        out(text.removesuffix("\n"))


def _post(workspace: Workspace, page: Page | Failed, host: HostName | None, former: tuple[str, ...]) -> None:
    import os

    from tfgen.console import note
    from tfgen.hosts.ci import detect_host, open_host, run_link
    from tfgen.hosts.model import STYLES, marker
    from tfgen.hosts.post import post
    from tfgen_generators.errors import TfgenError

    name = host or detect_host(os.environ)
    request, link = open_host(name, os.environ), run_link(os.environ)
    comment, whole = page.compose(name, link=link), page.compose(None, link=link).text
    mark, former = marker(STYLES[name], page.target), tuple(marker(STYLES[name], one) for one in former)
    try:
        done = post(request, comment.text, marker=mark, create=page.is_news, former=former)
    except TfgenError as error:
        note(whole)
        raise TfgenError(f"the comment was not posted: {error}", fix=f"its text is {_keep(workspace, whole)}") from None
    if comment.cut:
        note(whole)
    note(_told(done, request.title))


def _told(done: Done, title: str) -> str:
    said = {
        "created": "commented on",
        "updated": "updated the comment on",
        "unchanged": "the comment is up to date on",
        "unneeded": "no changes and no comment to update on",
    }
    return f"{said[done]} {title}"


def _keep(workspace: Workspace, text: str) -> str:
    """Writes the Markdown to the log folder; says where it is."""
    from tfgen.phrases import stamp
    from tfgen_generators.errors import TfgenError

    name = f"comment-{stamp()}.md"
    try:
        (workspace.make_state_dir("log") / name).write_text(text, encoding="utf-8")
    except (OSError, TfgenError):
        return "above"
    return f"above and in .tfgen/log/{name}"
