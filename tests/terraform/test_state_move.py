"""Moving the state: nothing is overwritten, nothing is lost, whatever fails and whenever."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import JSON, TOY, Command, Repo, Result, read_tree
from tests.prepared import prepared
from tests.terraform.aws_proxy import Answer, Call, proxy, s3_error
from tests.terraform.state_estate import BACKEND, BUCKET, KEY, LOCAL, ROOT, STATE, Aws, applied, state_text
from tests.terraform.toy import faulty_terraform, start, wait_for
from tfgen.terraform.binary import find_terraform
from tfgen.terraform.version import read_version

FILES = {**TOY, "packer/web.json": JSON, BACKEND: LOCAL}
INIT = ("state", "init", "--bucket", BUCKET)


@pytest.fixture
def estate(repo: Repo, cli: Command, aws: Aws) -> Path:
    """One image, applied on local state."""

    def make() -> Path:
        root = repo(FILES)
        cli("sync").expect(0)
        applied(root)
        return root

    return prepared(repo, make, "applied on local state")


def local(root: Path) -> dict[str, Any]:
    state: dict[str, Any] = json.loads((root / STATE).read_text())
    return state


def moved(root: Path, tfgen: Command, aws: Aws, before: dict[str, Any]) -> None:
    """All that Terraform knew is in the bucket, and it says so."""
    assert json.loads(aws.body())["resources"] == before["resources"]
    assert not (root / STATE).exists()
    tfgen("plan", "--detailed-exitcode").expect(0)
    assert tfgen(*INIT).expect(0).out.startswith("unchanged:")


def refused(root: Path, cli: Command, *arguments: str) -> Result:
    """Exit 3; no file has changed."""
    before = read_tree(root)
    done = cli(*INIT, *arguments).expect(3)
    assert read_tree(root) == before
    return done


@pytest.mark.parametrize(
    ("changes", "how"),
    [
        ({"lineage": "other"}, "has another state (1 resource, serial 3, lineage other)"),
        ({"serial": 0}, "has an older state (1 resource, serial 0"),
        ({"serial": 1}, "has another state (1 resource, serial 1"),
        ({"lineage": "other", "resources": []}, "has another state (0 resources"),
    ],
)
def test_a_state_in_the_bucket_is_never_overwritten(
    estate: Path, cli: Command, aws: Aws, changes: dict[str, object], how: str
) -> None:
    theirs = state_text(**{"lineage": local(estate)["lineage"], **changes})
    aws.make()
    aws.put(KEY, theirs)
    for flags in ((), ("--adopt",)):
        assert how in refused(estate, cli, *flags).err
    assert aws.body() == theirs
    assert aws.configuration()["Status"] is None, "the bucket is not touched either"


def test_the_same_state_in_the_bucket_needs_no_move(estate: Path, tfgen: Command, aws: Aws) -> None:
    before = local(estate)
    aws.make()
    aws.put(KEY, json.dumps({**before, "serial": before["serial"] + 4}))
    done = tfgen(*INIT).expect(0)
    assert "moved 1 resource" not in done.out
    assert json.loads(aws.body())["serial"] == before["serial"] + 4
    moved(estate, tfgen, aws, before)


def test_a_state_there_and_none_here_needs_adopt(repo: Repo, tfgen: Command, aws: Aws) -> None:
    root = repo(FILES)
    tfgen("sync").expect(0)
    aws.make()
    aws.put(KEY, state_text(resources=[], outputs={"x": {"value": "1", "type": "string"}}))
    assert f"s3://{BUCKET}/{KEY}: already has a state" in refused(root, tfgen).err
    tfgen(*INIT, "--adopt").expect(0)
    assert json.loads(aws.body())["outputs"]


@pytest.mark.parametrize("text", ["{", "[]", '{"lineage": "x"}', "\x00", "<html>"])
def test_what_is_no_state_is_refused(estate: Path, cli: Command, aws: Aws, text: str) -> None:
    aws.make()
    aws.put(KEY, text)
    assert f"s3://{BUCKET}/{KEY}: is not a Terraform state" in refused(estate, cli).err
    aws.s3.delete_object(Bucket=BUCKET, Key=KEY)
    (estate / STATE).write_text(text)
    assert f"{STATE}: is not a Terraform state" in refused(estate, cli).err


def backend(text: str) -> str:
    return f"terraform {{\n{text}\n}}\n"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {BACKEND: backend('  backend "s3" {\n    bucket = "other"\n  }')},
            f"{BACKEND}:2: an S3 backend of another bucket",
        ),
        ({BACKEND: backend('\n  backend "gcs" {\n  }')}, f"{BACKEND}:3: the backend 'gcs' is in use"),
        ({BACKEND: backend("  cloud {\n  }")}, f"{BACKEND}:2: a cloud block is in use"),
        ({f"{ROOT}/a.tf": LOCAL}, f"more than one backend ({ROOT}/a.tf:2, {BACKEND}:2)"),
        (
            {f"{ROOT}/a.tf.json": '{"terraform": {"backend": {"local": {}}}}', BACKEND: ""},
            "the backend is in a JSON file",
        ),
        ({BACKEND: backend('  backend "local" {\n    workspace_dir = "x"\n  }')}, "has more than a plain path"),
        ({BACKEND: backend('  backend "local" {\n    path = "${path.module}/x"\n  }')}, "has more than a plain path"),
        ({f"{ROOT}/a.tf": 'terraform {\n  backend "s3" {\n'}, f"{ROOT}/a.tf:"),
        ({f"{ROOT}/errored.tfstate": "{}"}, "errored.tfstate"),
        (
            {f"{ROOT}/terraform.tfstate.d/blue/terraform.tfstate": "{}"},
            "other Terraform workspaces have local state: blue",
        ),
        ({f"{ROOT}/.terraform/environment": "blue"}, "the Terraform workspace 'blue' is selected"),
        (
            {f"{ROOT}/.terraform/terraform.tfstate": '{"backend": {"type": "http", "config": {}}}'},
            "terraform init recorded the backend 'http'",
        ),
        (
            {f"{ROOT}/.terraform/terraform.tfstate": '{"backend": {"type": "local", "config": {"path": "x"}}}'},
            "terraform init recorded local state in x, but the backend block has terraform.tfstate",
        ),
        (
            {f"{ROOT}/.terraform/terraform.tfstate": '{"backend": {"type": "s3", "config": {"bucket": "x"}}}'},
            "terraform init recorded another S3 backend",
        ),
    ],
)
def test_what_cannot_simply_be_moved_is_refused_before_aws_changes(
    repo: Repo, cli: Command, aws: Aws, files: dict[str, str], said: str
) -> None:
    root = repo({**FILES, **files})
    assert said in refused(root, cli).err
    assert aws.buckets() == []


def test_the_workspace_of_the_environment_counts(
    repo: Repo, cli: Command, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_WORKSPACE", "blue")
    assert "'blue'" in refused(repo(FILES), cli).err
    assert aws.buckets() == []


def test_a_move_that_aws_refuses_leaves_all_as_it_was(
    estate: Path, tfgen: Command, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = read_tree(estate)

    def refuse(call: Call) -> Answer:
        is_state = call.method == "PUT" and call.path.startswith(f"/{BUCKET}/{KEY}?")
        return (403, s3_error("AccessDenied", "not you")) if is_state else None

    with proxy(aws.emulator.endpoint, refuse) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        done = tfgen(*INIT).expect(1)
    assert "AccessDenied" in done.err
    assert f"restored {BACKEND}" in done.out
    assert read_tree(estate) == before
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.emulator.endpoint)
    assert KEY not in aws.objects()
    state = local(estate)
    tfgen(*INIT).expect(0)
    moved(estate, tfgen, aws, state)


NO_MODULE = 'module "more" {\n  source = "./nowhere"\n}\n'
NO_PROVIDER = 'terraform {\n  required_providers {\n    none = {\n      source = "x/none"\n    }\n  }\n}\n'


@pytest.mark.parametrize("fault", [NO_MODULE, NO_PROVIDER])
def test_an_init_that_fails_beside_the_move_leaves_the_state_in_one_place(
    estate: Path, tfgen: Command, aws: Aws, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """Terraform 1.11 moves before it looks for modules and providers, 1.15 after: the answer fits what it did."""
    before = local(estate)
    (estate / "rc").write_text('provider_installation {\n  filesystem_mirror {\n    path = "/nonexistent"\n  }\n}\n')
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(estate / "rc"))
    more = estate / ROOT / "more.tf"
    more.write_text(fault)
    done = tfgen(*INIT).expect(1)
    if tuple(map(int, read_version(find_terraform()).split(".")[:2])) < (1, 15):
        assert f"the backend is now s3://{BUCKET}/{KEY}" in done.out
        assert json.loads(aws.body())["resources"] == before["resources"]
        assert 'backend "s3"' in (estate / BACKEND).read_text()
    else:
        assert f"restored {BACKEND}; the state was not moved" in done.out
        assert KEY not in aws.objects()
        assert local(estate) == before
    more.unlink()
    tfgen(*INIT).expect(0)
    moved(estate, tfgen, aws, before)


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_the_move_the_next_run_finishes(estate: Path, tfgen: Command, aws: Aws, when: str) -> None:
    before = local(estate)
    real = find_terraform().argv[0]
    fault = f"""{f'"{real}" "$@" >/dev/null; ' if when == "after" else ""}kill -9 $PPID; exit 1"""
    assert tfgen(*INIT, "--terraform", faulty_terraform(estate, "init", fault)).code == -signal.SIGKILL
    assert 'backend "s3"' in (estate / BACKEND).read_text()
    assert local(estate) == before
    assert bool(aws.objects()) == (when == "after")
    tfgen(*INIT).expect(0)
    moved(estate, tfgen, aws, before)


def test_an_init_that_only_says_yes_is_found_out(estate: Path, tfgen: Command, aws: Aws) -> None:
    before = read_tree(estate)
    done = tfgen(*INIT, "--terraform", faulty_terraform(estate, "init", "exit 0")).expect(1)
    assert "the moved state is not in the bucket" in done.err
    (estate / "faulty").unlink()
    assert read_tree(estate) == before


def test_interrupted_all_is_as_it_was(estate: Path, aws: Aws) -> None:
    before = read_tree(estate)
    slow = faulty_terraform(estate, "init", "touch ../../begun; exec sleep 60")
    process = start(*INIT, "--terraform", slow)
    wait_for(estate / "begun")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, "Traceback" in err) == (130, False), err
    assert f"restored {BACKEND}" in out
    (estate / "faulty").unlink()
    (estate / "begun").unlink()
    assert read_tree(estate) == before


def test_a_left_over_state_is_said_and_not_touched(estate: Path, tfgen: Command, aws: Aws) -> None:
    tfgen(*INIT).expect(0)
    (estate / STATE).write_text(state_text())
    done = tfgen(*INIT).expect(0)
    assert f"warning: {STATE} is not used" in done.err
    assert (estate / STATE).read_text() == state_text()


def test_state_that_is_gone_from_the_bucket_is_not_replaced_unasked(estate: Path, tfgen: Command, aws: Aws) -> None:
    tfgen(*INIT).expect(0)
    aws.s3.delete_object(Bucket=BUCKET, Key=KEY)
    (estate / STATE).write_text(state_text())
    assert "is not in the bucket, although terraform init recorded the bucket" in refused(estate, tfgen).err


def test_two_at_once(estate: Path, tfgen: Command, aws: Aws) -> None:
    before = local(estate)
    processes = [start(*INIT) for _ in range(2)]
    codes = []
    for process in processes:
        out, err = process.communicate(timeout=60)
        assert "Traceback" not in err, out + err
        codes.append(process.returncode)
    assert sorted(codes) in ([0, 0], [0, 75])
    moved(estate, tfgen, aws, before)
