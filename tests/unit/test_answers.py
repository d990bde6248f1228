"""botocore's files and answers, read with less work: what comes out is what botocore itself makes of them."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from pprint import pformat
from random import Random
from typing import Any

import botocore.session
import msgspec
import pytest
from botocore.loaders import JSONFileLoader, Loader
from botocore.parsers import ResponseParserError, ResponseParserFactory

from tfgen.aws.accounts import _time as _own_time
from tfgen.aws.answers import Answers
from tfgen.aws.models import Files

_ASKED = {
    "codepipeline": ("ListPipelines", "ListPipelineExecutions", "GetPipelineState", "GetPipeline"),
    "codebuild": ("BatchGetBuilds", "BatchGetProjects"),
    "events": ("ListRules", "ListTargetsByRule"),
    "logs": ("GetLogEvents",),
    "ssm": ("GetParameters",),
    "ec2": ("DescribeImages", "DescribeSnapshots"),
}
_OPERATIONS = [(service, name) for service, names in _ASKED.items() for name in names]
_ROUNDS = 12


@pytest.fixture(scope="module")
def models() -> dict[str, Any]:
    session = botocore.session.Session()
    loader = session.get_component("data_loader")
    loader.file_loader = Files(loader.file_loader)
    return {service: session.get_service_model(service) for service in _ASKED}


def _time(value: object) -> datetime:
    number = isinstance(value, int | float)
    return datetime.fromtimestamp(float(str(value)), UTC) if number else datetime.fromisoformat(str(value))


def _both(protocol: str, shape: Any, body: bytes, status: int = 200) -> tuple[Any, Any]:
    """What botocore says and what we say: an answer, or what is raised."""
    said: list[Any] = []
    usual = ResponseParserFactory()
    for factory in (usual, Answers(usual, _time)):
        headers = {"X-Amzn-RequestId": "r", "x-amzn-requestid": "r"}
        response = {"status_code": status, "headers": headers, "body": body, "context": {}}
        try:
            said.append(factory.create_parser(protocol).parse(response, shape))
        except (ResponseParserError, ValueError, AttributeError, TypeError) as error:
            said.append(f"{type(error).__name__} {error}")
    return said[0], said[1]


@pytest.mark.parametrize(("service", "name"), _OPERATIONS, ids=str)
def test_any_answer_is_as_botocore_reads_it(models: dict[str, Any], service: str, name: str) -> None:
    shape, protocol = models[service].operation_model(name).output_shape, models[service].resolved_protocol
    random = Random(name)
    seen = 0
    for _ in range(_ROUNDS):
        value = _made(shape, random, depth=0)
        body = _xml("Response", shape, value).encode() if protocol == "ec2" else json.dumps(value).encode()
        theirs, ours = _both(protocol, shape, body)
        assert ours == theirs
        seen += len(theirs) - 1
    assert seen > _ROUNDS // 2


_BODIES = (
    b"",
    b"{",
    b"<a><b></a>",
    b"<Response><?p i?><imagesSet><item><name>a<!--c--><![CDATA[<b>]]>&#x41;</name></item></imagesSet></Response>",
    b"<!DOCTYPE x [<!ENTITY e 'ee'><!ENTITY f '&e;&e;'>]><Response><requestId>&f;</requestId></Response>",
    b"<!DOCTYPE x SYSTEM 'file:///etc/passwd'><Response><requestId>&out;</requestId></Response>",
    b"<?xml version='1.0' encoding='utf-16'?><Response/>",
    b'{"pipelines": [{"name": "a", "name": "b", "version": 123456789012345678901234567890}]}',
    b'{"pipelines": null}',
    b'{"pipelines": [{"name": "\\ud800", "version": 1e400}]}',
    b'{"pipelines": {"name": "x"}}',
    b'{"pipelines": [{"name": "x", "created": "soon"}]}',
    b'{"pipelines": [{"version": NaN}]}',
    b"<Response><imagesSet><item><stateReason><code>a</code></stateReason><stateReason/></item></imagesSet></Response>",
    b"<Response xmlns='urn:x'><requestId>q</requestId><imagesSet/><imagesSet><item/></imagesSet></Response>",
    b"<Response><imagesSet><item><blockDeviceMapping><item><ebs><volumeSize/></ebs></item></blockDeviceMapping></item></imagesSet></Response>",
    b"<Response><imagesSet>text<item><isPublic>TRUE</isPublic><name> x </name></item></imagesSet></Response>",
)


@pytest.mark.parametrize("body", _BODIES, ids=repr)
@pytest.mark.parametrize("status", [200, 400, 503])
def test_an_odd_answer_is_as_botocore_reads_it(models: dict[str, Any], body: bytes, status: int) -> None:
    for service, name in (("codepipeline", "ListPipelines"), ("ec2", "DescribeImages")):
        if status == 200 and body[:1] == b"<" and service != "ec2":
            continue  # no answer at all: see below
        model = models[service]
        theirs, ours = _both(model.resolved_protocol, model.operation_model(name).output_shape, body, status)
        assert pformat(ours) == pformat(theirs)  # NaN is not equal to itself


@pytest.mark.parametrize(
    "body", [b"null", b"[]", b'"x"', b"<html>portal</html>", b"\xff\xfe", b"1", b"\xef\xbb\xbf{}"], ids=repr
)
def test_a_body_that_is_no_answer_is_an_error_and_no_empty_answer(models: dict[str, Any], body: bytes) -> None:
    for service, name in (("codepipeline", "ListPipelines"), ("ec2", "DescribeImages")):
        model = models[service]
        _, ours = _both(model.resolved_protocol, model.operation_model(name).output_shape, body)
        assert str(ours).startswith("ResponseParserError ")


def test_a_null_among_structures_is_left_out(models: dict[str, Any]) -> None:
    shape = models["codepipeline"].operation_model("ListPipelines").output_shape
    _, ours = _both("json", shape, b'{"pipelines": [null, {"name": "x"}, null]}')
    assert ours["pipelines"] == [{"name": "x"}]


@pytest.mark.parametrize("value", [1e30, float("inf"), float("nan"), -1e18])
def test_a_number_that_is_no_time(value: float) -> None:
    with pytest.raises(ValueError, match=r"no time|year|NaN"):
        _own_time(value)


def test_what_has_blobs_or_no_shape_is_left_to_botocore(models: dict[str, Any]) -> None:
    shape = models["ec2"].operation_model("GetConsoleOutput").output_shape
    theirs, ours = _both("ec2", shape, b"<Response><output>eA==</output></Response>")
    assert ours == theirs
    theirs, ours = _both("json", None, b"{}")
    assert ours == theirs
    assert type(Answers(ResponseParserFactory(), _time).create_parser("query")).__name__ == "QueryParser"


def _made(shape: Any, random: Random, depth: int) -> Any:
    """A value of the shape as it stands in JSON; members may lack, be null or be unknown to it."""
    kind = shape.type_name
    if kind == "structure":
        found = {
            one.serialization.get("name", name): None if random.random() < 0.1 else _made(one, random, depth + 1)
            for name, one in shape.members.items()
            if depth < 2 or random.random() < 0.5
        }
        return found | ({"newMember": 1} if random.random() < 0.2 else {})
    if kind == "list":
        return [_made(shape.member, random, depth + 1) for _ in range(random.randrange(3))]
    if kind == "map":
        return {f"k{number}": _made(shape.value, random, depth + 1) for number in range(random.randrange(3))}
    simple = {"timestamp": 1.7e9 + random.randrange(10**6), "boolean": True, "string": f"é{random.randrange(99)} <&"}
    return simple.get(kind, random.randrange(2**31))


def _xml(tag: str, shape: Any, value: Any) -> str:
    if value is None:
        return ""
    if shape is not None and shape.type_name == "structure":
        members = {one.serialization.get("name", name): one for name, one in shape.members.items()}
        inside = "".join(_xml(name, members.get(name), one) for name, one in value.items())
    elif shape is not None and shape.type_name == "list":
        inside = "".join(_xml("item", shape.member, one) for one in value)
    elif shape is not None and shape.type_name == "timestamp":
        inside = f"{datetime.fromtimestamp(value, UTC):%Y-%m-%dT%H:%M:%S}Z"
    else:
        inside = str(value).replace("&", "&amp;").replace("<", "&lt;") if value is not True else "true"
    return f"<{tag}>{inside}</{tag}>"


def _files() -> Iterator[str]:
    loader = Loader()
    for service, kind in (("ec2", "service-2"), ("ec2", "paginators-1"), ("codepipeline", "service-2")):
        version = loader.determine_latest_version(service, kind)
        yield f"{loader.BUILTIN_DATA_PATH}/{service}/{version}/{kind}"
    yield from (f"{loader.BUILTIN_DATA_PATH}/{name}" for name in ("endpoints", "_retry"))


@pytest.mark.parametrize("file", [*_files()], ids=lambda path: "/".join(Path(path).parts[-3:]))
def test_a_file_of_botocore_says_the_same(file: str) -> None:
    usual = JSONFileLoader()
    theirs, files = _as_it_stands(file), Files(usual)
    assert files.exists(file)
    for whole in (lambda found: found, dict, lambda found: {**found}):
        assert _plain(whole(files.load_file(file))) == theirs
    assert list(files.load_file(file)) == list(theirs)
    found = files.load_file(file)
    assert found.get("nothing", 1) == 1
    assert all(found.get(name) is found[name] for name in found)


def _as_it_stands(file: str) -> Any:
    """Not by botocore: what other tests keep of its models, it has changed."""
    packed = Path(f"{file}.json.gz")
    return json.loads(gzip.decompress(packed.read_bytes()) if packed.exists() else Path(f"{file}.json").read_bytes())


def _plain(found: Any) -> Any:
    assert not isinstance(found, msgspec.Raw)
    if isinstance(found, dict):
        assert len(list(found.values())) == len(found)
        return {name: _plain(value) for name, value in found.items()}
    return [_plain(value) for value in found] if isinstance(found, list) else found


def test_a_file_that_is_none(tmp_path: Path) -> None:
    files = Files(JSONFileLoader())
    assert files.load_file(str(tmp_path / "nothing")) is None
    assert not files.exists(str(tmp_path / "nothing"))
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(ValueError, match="line 1"):
        files.load_file(str(tmp_path / "bad"))


def test_a_table_may_be_changed() -> None:
    loader = Loader()
    found = Files(JSONFileLoader()).load_file(f"{loader.BUILTIN_DATA_PATH}/endpoints")
    found["partitions"][0]["services"]["ec2"]["endpoints"]["new"] = {}
    assert "new" in copy.deepcopy(found)["partitions"][0]["services"]["ec2"]["endpoints"]
