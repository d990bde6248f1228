"""AWS as `tfgen status` meets it, in a process of its own: N pipelines, ready answers, and a count of what was asked.

    python benchmarks/aws_answers.py IMAGES COMMIT[,COMMIT...] RED    prints its port; GET /count gives {action: number}

Every image has 20 executions and three AMIs, all of one commit, which are given out in turn; the first RED are red.
"""

from __future__ import annotations

import json
import re
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_NOW = time.time()
_ACCOUNT = "123456789012"


class Estate:
    """What the answers are made of."""

    def __init__(self, images: int, commit: str, red: int) -> None:
        self.names = [f"image-{number:04}" for number in range(images)]
        commits = commit.split(",")
        self.commits = {name: commits[number % len(commits)] for number, name in enumerate(self.names)}
        self.red = set(self.names[:red])
        self.asked: Counter[str] = Counter()
        self.lock = threading.Lock()

    def pipelines(self) -> list[dict[str, object]]:
        times = {"created": _NOW - 1e7, "updated": _NOW - 1e7}
        return [{"name": f"{name}-ami-pipeline", "version": 1, "pipelineType": "V2", **times} for name in self.names]

    def executions(self, name: str, most: int) -> dict[str, object]:
        image = name.removesuffix("-ami-pipeline")
        found = [self._execution(image, number) for number in range(most)]
        return {"pipelineExecutionSummaries": found, "nextToken": "more"}

    def _execution(self, image: str, number: int) -> dict[str, object]:
        began = _NOW - 86400 * (number + 1)
        status = "Failed" if number == 0 and image in self.red else "Succeeded"
        return {
            "pipelineExecutionId": f"{image}-{number}",
            "status": status,
            "startTime": began,
            "lastUpdateTime": began + 1200,
            "sourceRevisions": [
                {"actionName": "Source", "revisionId": self.commits[image], "revisionUrl": "https://x.example"}
            ],
            "trigger": {"triggerType": "CloudWatchEvent", "triggerDetail": "arn:aws:events:eu-west-1:1:rule/x"},
        }

    def state(self, name: str) -> dict[str, object]:
        image = name.removesuffix("-ami-pipeline")
        status = "Failed" if image in self.red else "Succeeded"
        stages = []
        for stage, external in (("Source", self.commits[image]), ("Build", f"{name}:build-0")):
            ended = status if stage == "Build" else "Succeeded"
            latest = {
                "actionExecutionId": "x",
                "status": ended,
                "lastStatusChange": _NOW,
                "externalExecutionId": external,
            }
            stages.append(
                {
                    "stageName": stage,
                    "inboundTransitionState": {"enabled": True},
                    "latestExecution": {"pipelineExecutionId": f"{image}-0", "status": ended},
                    "actionStates": [
                        {"actionName": stage, "latestExecution": latest, "entityUrl": "https://x.example"}
                    ],
                }
            )
        return {"pipelineName": name, "pipelineVersion": 1, "stageStates": stages, "created": _NOW, "updated": _NOW}

    def builds(self, ids: list[str]) -> dict[str, object]:
        return {"builds": [self._build(id_) for id_ in ids]}

    def _build(self, id_: str) -> dict[str, object]:
        project, _, stream = id_.partition(":")
        bad = project.removesuffix("-ami-pipeline") in self.red and stream == "build-0"
        contexts = [{"statusCode": "COMMAND_EXECUTION_ERROR", "message": "exit status 1"}]
        failed = [{"phaseType": "BUILD", "phaseStatus": "FAILED", "contexts": contexts}]
        return {
            "id": id_,
            "buildStatus": "FAILED" if bad else "SUCCEEDED",
            "phases": failed if bad else [{"phaseType": "BUILD", "phaseStatus": "SUCCEEDED"}],
            "resolvedSourceVersion": self.commits[project.removesuffix("-ami-pipeline")],
            "logs": {"groupName": f"/aws/codebuild/{project}", "streamName": stream},
        }

    def projects(self, names: list[str]) -> dict[str, object]:
        found = []
        for name in names:
            script = f"packer/{name.removesuffix('-ami-pipeline')}.pkr.hcl"
            variables = [{"name": "PACKER_SCRIPT", "value": script, "type": "PLAINTEXT"}]
            found.append({"name": name, "environment": {"type": "LINUX_CONTAINER", "environmentVariables": variables}})
        return {"projects": found}

    def rules(self, start: int) -> dict[str, object]:
        page = self.names[start : start + 100]
        found = [{"Name": f"{name}-ami-pipeline-source", "State": "ENABLED", "EventPattern": "{}"} for name in page]
        return {"Rules": found, **({"NextToken": str(start + 100)} if start + 100 < len(self.names) else {})}

    def images(self, start: int, most: int) -> str:
        """Three of each, as EC2's XML."""
        all_ = [(name, number) for name in self.names for number in range(3)]
        page = all_[start : start + most]
        items = "".join(self._image(name, number) for name, number in page)
        more = f"<nextToken>{start + most}</nextToken>" if start + most < len(all_) else ""
        return (
            '<DescribeImagesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
            f"<requestId>x</requestId><imagesSet>{items}</imagesSet>{more}</DescribeImagesResponse>"
        )

    def _image(self, name: str, number: int) -> str:
        tags = {
            "BuiltBy": "Packer",
            "CodeBuildProject": f"{name}-ami-pipeline:build-{number + 1}",
            "SourceVersion": self.commits[name],
            "Template": f"packer/{name}.pkr.hcl",
            "ParentAmi": "ami-0",
        }
        shown = "".join(f"<item><key>{key}</key><value>{value}</value></item>" for key, value in tags.items())
        created = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(_NOW - 86400 * (number + 2)))
        return (
            f"<item><imageId>ami-{name[-4:]}{number:013}</imageId><imageState>available</imageState>"
            f"<name>{name}-{number}</name><creationDate>{created}</creationDate><tagSet>{shown}</tagSet>"
            f"<imageOwnerId>{_ACCOUNT}</imageOwnerId><architecture>x86_64</architecture><blockDeviceMapping><item>"
            "<deviceName>/dev/xvda</deviceName><ebs><snapshotId>snap-1</snapshotId><volumeSize>8</volumeSize></ebs>"
            "</item></blockDeviceMapping></item>"
        )


class Handler(BaseHTTPRequestHandler):
    """JSON 1.1 by its target, EC2 and STS by their form."""

    protocol_version = "HTTP/1.1"
    estate: Estate

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        target = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        if target:
            asked = json.loads(body or b"{}")
            self._count(target)
            self._send(json.dumps(self._json(target, asked)).encode(), "application/x-amz-json-1.1")
            return
        form = dict(re.findall(rb"([^&=]+)=([^&]*)", body))
        action = form[b"Action"].decode()
        self._count(action)
        self._send(
            self._xml(action, int(form.get(b"NextToken", b"0")), int(form.get(b"MaxResults", b"1000"))).encode(),
            "text/xml",
        )

    def do_GET(self) -> None:
        self._send(json.dumps(self.estate.asked).encode(), "application/json")
        self.estate.asked.clear()

    def _json(self, target: str, asked: dict[str, object]) -> object:
        name, start = str(asked.get("pipelineName") or asked.get("name")), int(str(asked.get("NextToken") or 0))
        answers: dict[str, Callable[[], object]] = {
            "ListPipelines": lambda: {"pipelines": self.estate.pipelines()},
            "ListPipelineExecutions": lambda: self.estate.executions(name, int(str(asked["maxResults"]))),
            "GetPipelineState": lambda: self.estate.state(name),
            "BatchGetBuilds": lambda: self.estate.builds(list(asked["ids"])),  # type: ignore[call-overload]
            "BatchGetProjects": lambda: self.estate.projects(list(asked["names"])),  # type: ignore[call-overload]
            "ListRules": lambda: self.estate.rules(start),
            "GetLogEvents": lambda: {"events": [{"timestamp": 1, "message": "buildspec: no AMI"}]},
        }
        return answers[target]()

    def _xml(self, action: str, start: int, most: int) -> str:
        if action == "DescribeImages":
            return self.estate.images(start, most)
        return (
            '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
            f"<Arn>arn:aws:iam::{_ACCOUNT}:user/x</Arn><UserId>x</UserId><Account>{_ACCOUNT}</Account>"
            "</GetCallerIdentityResult></GetCallerIdentityResponse>"
        )

    def _count(self, action: str) -> None:
        with self.estate.lock:
            self.estate.asked[action] += 1

    def _send(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 http.server's name
        pass


def main(images: str, commit: str, red: str) -> None:
    """Serves until it is ended."""
    Handler.estate = Estate(int(images), commit, int(red))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
