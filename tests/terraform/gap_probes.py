"""Probes of moto's gaps: asked of our emulator in this process, and of plain moto in one of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from tests.e2e.emulator import SOURCE_AMI
from tfgen.aws.clients import AwsClient

Make = Callable[[str], AwsClient]
Probes = Mapping[str, Callable[[], str]]


def raw(client: Any, target: str, **parameters: object) -> Any:
    """The JSON that a service of the protocol awsJson1.1 answers; boto3 takes more than other SDKs do."""
    asked = urllib.request.Request(
        client.meta.endpoint_url,
        data=json.dumps(parameters).encode(),
        headers={
            "X-Amz-Target": target,
            "Content-Type": "application/x-amz-json-1.1",
            "Authorization": f"AWS4-HMAC-SHA256 Credential=test/20260101/{client.meta.region_name}/"
            f"{client.meta.service_model.signing_name}/aws4_request, SignedHeaders=host, Signature=x",
        },
    )
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return json.load(answer)


def answers(probes: Probes) -> dict[str, str]:
    """What each probe answers, or what moto does instead."""
    found = {}
    for name, probe in probes.items():
        try:
            found[name] = probe()
        except Exception as error:  # noqa: BLE001 - whatever moto does instead is the observation
            found[name] = f"{type(error).__name__}: {error}"[:200]
    return found


def of_plain_moto(test_file: str, home: Path) -> dict[str, str]:
    """The answers of moto without our gaps filled: they are filled for a whole process, so `test_file` is run."""
    amis = home / "amis.json"  # one and not the hundreds that moto has, which take seconds to list
    amis.write_text(json.dumps([{**SOURCE_AMI, "owner_alias": "amazon"}]), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, test_file],
        env={
            "HOME": str(home),
            "PATH": "",
            "PYTHONPATH": ":".join(filter(None, sys.path)),
            "MOTO_AMIS_PATH": str(amis),
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])  # moto prints of a service that it does not have
    assert isinstance(found, dict)
    return found


def serve_plain_moto(probes: Callable[[Make], Probes]) -> None:
    """What `test_file` does when it is run."""
    from moto.server import ThreadedMotoServer

    from tfgen.aws.clients import client

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    port = server.get_host_and_port()[1]
    make = partial(client, region="eu-west-1", endpoint_url=f"http://127.0.0.1:{port}")
    print(json.dumps(answers(probes(make))))
    server.stop()
