"""`tfgen status` on 60 and 1,000 images: what it asks of AWS, its own CPU time and memory.

    python benchmarks/bench_status.py

AWS is a process of its own with ready answers (aws_answers.py), so what is measured is tfgen with botocore, and git.
The peer is a script that makes the same calls through boto3, one after the other, and prints nothing. Nothing here
fails a build.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from measure import Contender, Row, compare

_HERE = Path(__file__).resolve().parent
_GIT = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false"]
#: Images -> at most so many seconds of CPU, so many MB, a bound of calls.
_LIMITS = {60: (1.0, None, 1 + 3 * 60), 1000: (4.0, 120.0, 1 + 3 * 1000)}
_PEER = """\
import sys, boto3
pipelines = boto3.client("codepipeline")
names = [each["name"] for page in pipelines.get_paginator("list_pipelines").paginate() for each in page["pipelines"]]
for name in names:
    pipelines.list_pipeline_executions(pipelineName=name, maxResults=20)
    pipelines.get_pipeline_state(name=name)
for page in boto3.client("ec2").get_paginator("describe_images").paginate(Owners=["self"]):
    pass
"""


def bench_status(sizes: tuple[tuple[int, int], ...] = ((60, 1), (1000, 1), (1000, 300)), rounds: int = 3) -> list[Row]:
    """Images, and how many distinct commits their AMIs are of; a tenth of the images is red."""
    rows: list[Row] = []
    for size, commits in sizes:
        with tempfile.TemporaryDirectory() as folder:
            made = _repository(Path(folder), size, commits)
            with _aws(size, made) as port:
                rows += _rows(Path(folder), size, port, rounds, commits)
    return rows


def _rows(folder: Path, size: int, port: int, rounds: int, commits: int) -> list[Row]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHONDONT"))}
    env |= {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    status = [sys.executable, "-m", "tfgen", "status", "--format", "json"]
    subprocess.run(status, cwd=folder, env=env, check=False, stdout=subprocess.DEVNULL)
    _count(port)
    subprocess.run(status, cwd=folder, env=env, check=True, stdout=subprocess.DEVNULL)
    calls = _count(port)
    found = compare(
        [
            Contender(name="status", argv=status, cwd=folder),
            Contender(name="peer", argv=[sys.executable, "-c", _PEER], cwd=folder),
        ],
        rounds=rounds,
        env=env,
    )
    if commits > 1:
        return [
            Row(name=f"tfgen status, {size} images of {commits} commits, CPU s", measured=found["status"].cpu),
            Row(name=f"tfgen status, {size} images of {commits} commits, peak MB", measured=found["status"].peak),
        ]
    cpu, memory, most = _LIMITS.get(size, (None, None, None))
    return [
        Row(
            name=f"calls, {size} images: {json.dumps(calls, sort_keys=True)}", measured=sum(calls.values()), limit=most
        ),
        Row(name=f"tfgen status, {size} images, CPU s", measured=found["status"].cpu, limit=cpu),
        Row(name=f"tfgen status, {size} images, peak MB", measured=found["status"].peak, limit=memory),
        Row(
            name=f"tfgen status / its calls alone by boto3, {size} images (CPU)",
            measured=found["status"].cpu / found["peer"].cpu,
        ),
        Row(name="the same (wall)", measured=found["status"].wall / found["peer"].wall),
    ]


def _repository(folder: Path, size: int, commits: int = 1) -> str:
    """Templates with a common script, generated files; the commits of AMIs, and what has changed since each."""
    (folder / "packer").mkdir()
    (folder / "terraform" / "pipelines").mkdir(parents=True)
    (folder / "packer" / "setup.sh").write_text("true\n")
    for number in range(size):
        (folder / "packer" / f"image-{number:04}.pkr.hcl").write_text(_template(f"image-{number:04}"))
    (folder / "tfgen.toml").write_text(
        'source_repository = "r"\n\n[module]\nsource = "git::https://modules.example/x"\n'
    )
    (folder / "buildspec.yml").write_text("version: 0.2\nphases:\n  build:\n    commands: [true]\n")
    subprocess.run([sys.executable, "-m", "tfgen", "sync"], cwd=folder, check=True, capture_output=True)
    subprocess.run([*_GIT, "init", "-q"], cwd=folder, check=True)
    made = [_commit(folder)]
    for number in range(1, commits):
        _change(folder, number, size)
        made.append(_commit(folder))
    (folder / "README.md").write_text("images\n")
    _commit(folder)
    return ",".join(made)


def _change(folder: Path, number: int, size: int) -> None:
    """In turn words, a template and its own script; in the middle the script of all."""
    name = f"image-{number % size:04}"
    if number % 100 == 50:
        (folder / "packer" / "setup.sh").write_text(f"echo {number}\n")
    elif number % 3 == 0:
        (folder / "README.md").write_text(f"{number}\n")
    elif number % 3 == 1:
        (folder / "packer" / f"{name}.pkr.hcl").write_text(f"# {number}\n{_template(name)}")
    else:
        (folder / "packer" / f"{name}.sh").write_text(f"echo {number}\n")


def _commit(folder: Path) -> str:
    for arguments in (["add", "-A"], ["commit", "-qm", "change"]):
        subprocess.run([*_GIT, *arguments], cwd=folder, check=True)
    done = subprocess.run([*_GIT, "rev-parse", "HEAD"], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _template(name: str) -> str:
    return f"""\
source "amazon-ebs" "{name}" {{
  ami_name = "{name}-{{{{timestamp}}}}"
  source_ami_filter {{
    filters     = {{ name = "debian-12-amd64-*" }}
    owners      = ["136693071363"]
    most_recent = true
  }}
}}

build {{
  sources = ["source.amazon-ebs.{name}"]
  provisioner "shell" {{
    script = "packer/setup.sh"
  }}
}}
"""


@contextmanager
def _aws(size: int, commit: str) -> Iterator[int]:
    argv = [sys.executable, str(_HERE / "aws_answers.py"), str(size), commit, str(size // 10)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield int(server.stdout.readline())
        finally:
            server.kill()


def _count(port: int) -> dict[str, int]:
    """What was asked since the last time."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/count", timeout=30) as answer:
        found: dict[str, int] = json.load(answer)
        return found


if __name__ == "__main__":
    print("| figure | measured | at most |\n|---|---|---|")
    for row in bench_status():
        print(row)
