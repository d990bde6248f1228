"""Reports of `tfgen status` to be shown: twelve states, many images, names that are meant to break a page."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from tfgen.status.model import (
    Behind,
    Drift,
    Execution,
    ImageStatus,
    Orphan,
    Pipeline,
    Report,
    State,
    Unreadable,
    Verdict,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
_REASON = (
    "amazon-ebs.web: Script exited with non-zero exit status: 100. E: Unable to fetch some archives, "
    "maybe run apt-get update or try with --fix-missing? "
)
_SIGNS = (
    *(
        "<script>alert(1)</script>",
        "</script><script>alert(2)</script>",
        "<img src=x onerror=alert(3)>",
        "</td></tr></table>",
    ),
    *(
        '" onmouseover="alert(4)',
        "' autofocus onfocus='alert(5)",
        "`${alert(6)}`",
        "{{ 7 * 7 }}",
        "{% raw %}",
        "<!--",
        "]]>",
    ),
    *("javascript:alert(8)", "</style><style>*{display:none}", "&lt;b&gt;&amp;&#0;", "</title><b>", "</svg><script>"),
    *(
        "\u202eetirw\u202c",
        "\u2066\u05e9\u05dc\u05d5\u05dd\u2069",
        "\u05e9\u05dc\u05d5\u05dd \u0639\u0631\u0628\u064a",
        "\u200b\u200d\ufeff",
    ),
    *(
        "two\nlines",
        "\x00",
        "\x1b[31m",
        "\x7f\x85",
        "\u2028",
        "\ud800",
        "\ufffe",
        "\U0001f4a9",
        "\U0001f469\u200d\U0001f4bb",
    ),
    *(
        "w" * 200,
        "\u4e2d" * 200,
        "a b " * 50,
        "-" * 200,
        "z\u0301\u0302\u0303" * 20,
        " ",
        "../../etc/passwd",
        "a'b\"c\\d",
    ),
)


def at(days: float) -> str:
    """The time that many days ago."""
    return (NOW - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def hostile_names(count: int) -> list[str]:
    """That many, no two the same, all with something that a page must not obey."""
    return [
        sign if number < len(_SIGNS) else f"{sign}{number}"
        for number, sign in zip(range(count), itertools.cycle(_SIGNS), strict=False)
    ]


def executions(statuses: Sequence[str]) -> tuple[Execution, ...]:
    """One a day, the newest first, as CodePipeline lists them."""
    return tuple(
        Execution(
            id=f"e{number}",
            status=status,
            started_at=at(number),
            ended_at=at(number - (5 + number * 7 % 11) / 1440),
            commit="c" * 40,
        )
        for number, status in enumerate(statuses)
    )


def image(
    name: str,
    state: State = "green",
    *,
    age: float | None = 12,
    behind: Verdict = "no",
    file: str = "",
    why: str = "",
    **more: object,
) -> ImageStatus:
    """One row; `more` are fields of ImageStatus and, as `pipeline_...`, of its pipeline."""
    pipeline = {key.removeprefix("pipeline_"): more.pop(key) for key in list(more) if key.startswith("pipeline_")}
    pipeline.setdefault("next_start", "a push to main")
    pipeline.setdefault(
        "executions", executions(["Succeeded"] * 8 + ["Failed", "Succeeded", "Stopped"] + ["Succeeded"] * 9)
    )
    more.setdefault("ami", None if age is None else f"ami-0{abs(hash_of(name)):016x}"[:21])
    return ImageStatus(
        image=name,
        age_days=age,
        built_at="" if age is None else at(age),
        commit="" if age is None else "3f2a9c1d5e",
        behind=Behind(verdict=behind, file=file, why=why),
        pipeline=Pipeline(name=f"{name}-ami-pipeline", state=state, **pipeline),  # type: ignore[arg-type]
        **{"region": "eu-west-1", "template": f"packer/{name}.pkr.hcl", **more},  # type: ignore[arg-type]
    )


def hash_of(text: str) -> int:
    """A number of a text that is the same in every process."""
    return sum((number + 1) * ord(sign) * 2654435761 for number, sign in enumerate(text)) % (1 << 62)


def drift(count: int, text: str = "") -> tuple[Drift, ...]:
    """Differences of all three kinds."""
    kinds = ("template/file", "file/aws", "ami/code")
    return tuple(
        Drift(
            between=kinds[number % 3],  # type: ignore[arg-type]
            what=text or "CodeBuild project",
            field=text or "environment.computeType",
            expected=text or "BUILD_GENERAL1_SMALL",
            found=text or "BUILD_GENERAL1_LARGE",
        )
        for number in range(count)
    )


def twelve() -> Report:
    """An estate in twelve states."""
    images = (
        image("base", age=3, channels={"production": "ami-0123456789abcdef0", "canary": "ami-0fedcba9876543210"}),
        image("bastion", age=131, parents=("base",), parent_stale=True),
        image("batch", "running", age=20, behind="no", parents=("base",), parent_stale=False),
        image(
            "cache",
            "red",
            age=44,
            parents=("base",),
            parent_stale=True,
            pipeline_since=at(6),
            pipeline_reason=_REASON * 2,
            pipeline_executions=executions(["Failed"] * 5 + ["Succeeded"] * 7),
        ),
        image(
            "database",
            age=30,
            behind="yes",
            file="ansible/roles/postgresql/tasks/main.yml",
            why="role postgresql, of playbook database.yml",
            superseded_at=at(9),
            parents=("hardened",),
            parent_stale=False,
        ),
        image("gone", age=None, pipeline_executions=executions(["Succeeded"]), behind="unknown", why="there is no AMI"),
        image("forged", age=8, drift=drift(3), behind="unknown", why="tag Commit names no commit of this repository"),
        image("hardened", "waiting", age=15, parents=("base",), parent_stale=False),
        image("legacy", "disabled", age=400, behind="unknown", why="commit 0badc0ffee is not in this clone"),
        image("new", "never-ran", age=None, behind="unknown", pipeline_executions=()),
        image("nowhere", "missing", age=None, behind="unknown", pipeline_executions=(), pipeline_next_start=""),
        image("queue", "superseded", age=2, parents=("hardened",), parent_stale=None),
        image(
            "web",
            "unknown",
            age=12,
            parents=("hardened",),
            parent_stale=None,
            region="us-east-1",
            account="210987654321",
            unreadable=(
                Unreadable(
                    cell="pipeline",
                    action="codepipeline:GetPipelineState",
                    error="AccessDeniedException: not authorized",
                ),
            ),
        ),
    )
    return Report(
        made_at=at(0),
        commit="9a1b2c3d4e5f60718293a4b5c6d7e8f901234567",
        images=images,
        orphans=(
            Orphan(kind="pipeline", name="old-ami-pipeline", region="eu-west-1", reason="no template is called old"),
            Orphan(kind="image", name="nowhere", region="eu-west-1", reason="its pipeline is not in AWS"),
            Orphan(
                kind="duplicate",
                name="base-copy",
                region="eu-west-1",
                reason="packer/base.pkr.hcl has base-ami-pipeline",
            ),
        ),
        drift=(
            Drift(
                between="file/aws",
                what="role ami-pipelines-build",
                field="permissions_boundary",
                expected="arn:aws:iam::123456789012:policy/boundary",
                found="nothing",
            ),
            Drift(
                between="template/file",
                what="terraform/pipelines/tfgen_old.tf",
                expected="does not exist",
                found="exists",
            ),
        ),
        unreadable=(
            Unreadable(cell="channels", action="ssm:GetParametersByPath", error="ThrottlingException: Rate exceeded"),
        ),
    )


def many(count: int) -> Report:
    """Two parents and what starts from them, each with twenty executions, a long reason and differences."""
    states: tuple[State, ...] = ("green", "green", "red", "running", "green", "waiting", "superseded")
    images = tuple(
        image(
            f"service-{number:03d}",
            states[number % len(states)],
            age=number * 37 % 180,
            behind=("no", "yes", "unknown")[number % 3],
            file=f"ansible/roles/service_{number}/tasks/main.yml",
            why=f"role service_{number}, of playbook service.yml",
            superseded_at=at(number * 37 % 180 / 3),
            pipeline_since=at(4),
            pipeline_reason=_REASON * 6,
            parents=()
            if number < 2
            else (f"service-{number % 2:03d}",)
            if number < 12
            else (f"service-{number % 10 + 2:03d}",),
            parent_stale=None if number < 2 else number % 4 == 0,
            drift=drift(number % 5),
            channels={"production": f"ami-{number:017x}"},
        )
        for number in range(count)
    )
    return Report(made_at=at(0), commit="9a1b2c3d4e5f60718293a4b5c6d7e8f901234567", images=images)


def named(names: Sequence[str]) -> Report:
    """Each name in every text of a row, a list and a graph; the shape is the same for as many other names."""
    images = tuple(
        image(
            name,
            ("red", "green")[number % 2],
            age=number % 50,
            behind="yes",
            file=name,
            why=name,
            region=name,
            account=name,
            template=name,
            superseded_at=at(1),
            ami=name,
            ami_name=name,
            execution=name,
            parents=(names[0],) if number < 6 else (names[number % 5 + 1],),
            parent_stale=True,
            channels={name: name},
            drift=drift(1, name),
            unreadable=(Unreadable(cell=name, action=name, error=name),),
            pipeline_since=name,
            pipeline_reason=name,
            pipeline_next_start=name,
            pipeline_executions=tuple(
                Execution(id=name, status=name, started_at=name, ended_at=name, commit=name) for _ in range(2)
            ),
        )
        for number, name in enumerate(names)
    )
    return Report(
        made_at=names[-1],
        commit=names[-1],
        images=images,
        orphans=tuple(Orphan(kind="pipeline", name=name, region=name, account=name, reason=name) for name in names),
        drift=tuple(one for name in names for one in drift(1, name)),
        unreadable=(Unreadable(cell=names[0], action=names[0], error=names[0]),),
    )


def rows_named(names: Sequence[str]) -> Report:
    """Each name as that of an image, its template, file, reason and channel: rows and the graph alone."""
    images = tuple(
        image(
            name,
            age=number % 50,
            behind="yes",
            file=name,
            why=name,
            template=name,
            parents=() if number < 5 else (names[number % 5],),
            channels={name: name},
            pipeline_reason=name,
            pipeline_executions=(),
        )
        for number, name in enumerate(names)
    )
    return Report(made_at=at(0), images=images)
