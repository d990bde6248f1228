"""The emulator as a process of its own with a large estate for `tfgen prune`; prints its URL, ends with its stdin.

python benchmarks/prune_estate.py AMIS TEMPLATES VERSIONS PARAMETERS
"""

from __future__ import annotations

import io
import sys
from datetime import timedelta
from typing import Any

from tfgen.emulator.server import Emulator

_TAGS = {"BuiltBy": "Packer", "SourceVersion": "4b825dc642cb6eb9a060e54bf8d69288fbee4904", "BuildDate": "2026-01-31"}


def _no_file(name: str) -> None:
    raise FileNotFoundError(name)


def fill(ec2: Any, ssm: Any, sizes: list[int]) -> None:
    """By moto's own models: calls would take minutes. A version names one of the AMIs, a parameter in ten, too."""
    from moto.core.utils import utcnow

    amis, templates, versions, parameters = sizes
    ids = []
    for number in range(amis):
        image = ec2.register_image(name=f"web-{number:05}", description="")
        image.architecture = "x86_64"
        image.creation_date = utcnow() - timedelta(hours=number)
        template = number % 60
        image.add_tags(
            {
                **_TAGS,
                "Template": f"packer/web{template}.json",
                "CodeBuildProject": f"web{template}-ami-pipeline:{number:08}-0000-4000-8000-000000000000",
                "BuildNumber": str(number),
            }
        )
        ids.append(image.id)
    for number in range(templates):
        data = {
            "ImageId": ids[number % amis],
            "InstanceType": "t3.micro",
            "KeyName": "key",
            "SecurityGroupIds": ["sg-0123456789abcdef0"],
            "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 8, "VolumeType": "gp3"}}],
            "UserData": "x" * 400,
        }
        made = ec2.create_launch_template(f"template-{number}", "", data, {})
        for version in range(1, versions):
            made.create_version({**data, "ImageId": ids[(number + version) % (amis // 2)]}, "")
    for number in range(parameters):
        for value in ("x", "y") if number % 2 else ("x",):
            text = ids[number] if number % 10 == 0 else value
            ssm.put_parameter(Name=f"/estate/p{number}", Value=text, Type="String", Overwrite=True)


def remember() -> None:
    """Gives the same bytes again for the same question: moto needs a minute for all of them."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication

    real, known = DomainDispatcherApplication.__call__, dict[tuple[str, ...], tuple[Any, ...]]()

    def call(self: Any, environ: dict[str, Any], start_response: Any) -> Any:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        service = environ.get("HTTP_AUTHORIZATION", "").split("/aws4_request")[0].rpartition("/")[2]
        key = (service, environ.get("HTTP_X_AMZ_TARGET", ""), environ["PATH_INFO"], environ["QUERY_STRING"], str(body))
        if key not in known:
            head: list[Any] = []
            answer = b"".join(real(self, environ, lambda *given: head.append(given)))
            status, headers = head[0][:2]
            kept = [(name, value) for name, value in headers if name.lower() != "content-length"]
            known[key] = status, [*kept, ("Content-Length", str(len(answer)))], answer
        status, headers, answer = known[key]
        start_response(status, headers)
        return [answer]

    setattr(DomainDispatcherApplication, "__call__", call)  # noqa: B010


def main() -> None:
    from moto.ec2.models import amis, ec2_backends

    setattr(amis, "load_resource", _no_file)  # noqa: B010  # the newest AMIs of a region take a second
    with Emulator() as emulator:
        backend = ec2_backends[emulator.account_id][emulator.region]
        fill(backend, emulator.client("ssm"), [int(each) for each in sys.argv[1:]])
        remember()
        print(emulator.endpoint, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
