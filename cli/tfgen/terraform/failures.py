"""What became of a run, in one line with a way out: Terraform's own words are shown before it."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tfgen.terraform.interruption import applied, failed_actions
from tfgen.terraform.processes.process import Finished, ending
from tfgen.terraform.reports.record import Record
from tfgen_generators.errors import BusyError, RefusedError, TerraformError, TfgenError

_OPERATIONS = {"OperationTypePlan": "plan", "OperationTypeApply": "apply", "OperationTypeRefresh": "refresh"}


_HALTED = re.compile(r"execution halted|operation cancell?ed", re.IGNORECASE)
#: A socket's path has 107 bytes, of which a provider takes `/plugin` and ten digits (unix(7); 103 on macOS).
_LONGEST_TMPDIR = 107 - 17 - 4
_CRASH = re.compile(
    r"Plugin did not respond|The plugin encountered an error|plugin (?:process )?(?:exited|crashed)"
    r"|TERRAFORM CRASH|OPENTOFU CRASH|^panic: |^fatal error: ",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A run that did not end well: `what` begins every message (`terraform plan failed (exit code 1)`)."""

    product: str
    command: str
    finished: Finished
    record: Record
    env: Mapping[str, str]
    log: str
    folder: str = "."

    @property
    def what(self) -> str:
        failed = "".join(f"; {text}" for text in failed_actions(self.record))
        return f"{self.product} {self.command} {ending(self.finished.code)}{applied(self.record)}{failed}"

    @property
    def is_crash(self) -> bool:
        """Whether what it wrote last is a stack trace, which is for its makers."""
        return _CRASH.search(self.told) is not None

    @property
    def told(self) -> str:
        """Its errors; where it could not speak in events, all that it wrote."""
        errors = [f"{error.summary}\n{error.detail}" for error in self.record.errors()]
        return "\n".join(errors or [self.record.other(), self.finished.stderr])


def explain(failure: Failure) -> TfgenError:
    """The error that says what happened and what to do."""
    told = failure.told
    for pattern, explained in _RULES:
        if match := pattern.search(told):
            return explained(failure, match)
    return TerraformError(f"{failure.what} (log: {failure.log})")


def explain_silence(failure: Failure) -> TfgenError:
    """A run that ended well and yet did not say what a good one says, or said the opposite of its exit code."""
    said = "did not report the planned changes"
    if failure.command == "apply":
        said = "did not report the applied changes"
    elif failure.record.summarizer.complete:
        said = "this contradicts its report"
    return TerraformError(
        f"{failure.product} {failure.command} ended with exit code {failure.finished.code}, but {said} "
        f"(log: {failure.log}), so it counts as failed",
        fix=f"check that this is {failure.product}: tfgen --version",
    )


def credentials(env: Mapping[str, str]) -> str:
    """Which profile or keys, and which region, Terraform has looked for."""
    region = env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION")
    profile = env.get("AWS_PROFILE") or env.get("AWS_DEFAULT_PROFILE")
    if profile:
        who = f"profile {profile}"
    elif env.get("AWS_ACCESS_KEY_ID"):
        who = "the keys in AWS_ACCESS_KEY_ID"
    elif env.get("AWS_WEB_IDENTITY_TOKEN_FILE"):
        who = f"the role {env.get('AWS_ROLE_ARN', '')} of AWS_WEB_IDENTITY_TOKEN_FILE".replace("  ", " ")
    else:
        who = "profile default (AWS_PROFILE is not set)"
    return f"{who}, region {region or 'as configured (AWS_REGION is not set)'}"


def _locked(failure: Failure, match: re.Match[str]) -> TfgenError:
    info = dict(re.findall(r"^\s*(ID|Operation|Who|Created):[ \t]*(.*?)[ \t]*$", match.group(), re.MULTILINE))
    since = info.get("Created", "").split(".")[0].removesuffix(" +0000 UTC")
    operation = info.get("Operation", "")
    return BusyError(
        f"the state is locked by {info.get('Who') or 'an unknown user'} since {since or 'an unknown time'} UTC "
        f"({_OPERATIONS.get(operation, operation) or 'unknown operation'}, lock {info['ID']})",
        fix=(
            "try again when that run has finished, or wait for it with --lock-timeout; only if it is certainly dead, "
            f"run: {failure.product} -chdir={failure.folder} force-unlock {info['ID']}"
        ),
    )


def _refused(message: str, fix: str) -> Callable[[Failure, re.Match[str]], TfgenError]:
    return lambda _failure, _match: RefusedError(message, fix=fix)


def _failed(cause: str, fix: str) -> Callable[[Failure, re.Match[str]], TfgenError]:
    return lambda failure, _match: TerraformError(f"{failure.what}: {cause} (log: {failure.log})", fix=fix)


def _denied(cause: str, fix: str) -> Callable[[Failure, re.Match[str]], TfgenError]:
    """With the profile and the region in use; `{profile}` in `fix` is the profile as a flag."""

    def explained(failure: Failure, _match: re.Match[str]) -> TfgenError:
        profile = failure.env.get("AWS_PROFILE", "")
        return TerraformError(
            f"{failure.what}: {cause}: {credentials(failure.env)} (log: {failure.log})",
            fix=fix.replace("{profile}", f" --profile {profile}" if profile else ""),
        )

    return explained


def _crashed(failure: Failure, match: re.Match[str]) -> TfgenError:
    who = "a provider" if "plugin" in match.group().lower() else failure.product
    return TerraformError(
        f"{failure.what}: {who} has crashed; its stack trace is in the log ({failure.log})",
        fix="to see what was applied, run: tfgen plan; a crash is a bug in that program, or it ran out of memory",
    )


def _cancelled(failure: Failure, match: re.Match[str]) -> TfgenError:
    """Terraform's word for a provider that has gone, too, where nobody has stopped Terraform."""
    if _HALTED.search(failure.told):
        return TerraformError(f"{failure.what} (log: {failure.log})")
    return _crashed(failure, match)


def _did_not_start(failure: Failure, match: re.Match[str]) -> TfgenError:
    """A provider that ends before it has said where it listens."""
    folder = failure.env.get("TMPDIR", "")
    if len(os.fsencode(folder)) < _LONGEST_TMPDIR:
        return _crashed(failure, match)
    return TerraformError(
        f"{failure.what}: the path of the temporary folder is too long for a provider's socket: {folder} "
        f"(log: {failure.log})",
        fix="set TMPDIR to a shorter path",
    )


#: Go's names of machines, where they are not the kernel's.
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "i686": "386", "i386": "386", "armv7l": "arm", "armv6l": "arm"}


def _other_checksums(failure: Failure, match: re.Match[str]) -> TfgenError:
    """A lock file that was written on another platform, most often; else a package that is not what it was."""
    import platform

    machine = platform.machine().lower()
    system = f"{platform.system().lower()}_{_MACHINES.get(machine, machine)}"
    enter = "" if failure.folder in ("", ".") else f"cd {shlex.quote(failure.folder)} && "
    return TerraformError(
        f"{failure.what}: .terraform.lock.hcl has no checksum of this platform's package ({system}) of {match[1]} "
        f"(log: {failure.log})",
        fix=f"if it was written on another platform, run: {enter}{failure.product} providers lock -platform={system}; "
        "then commit it",
    )


_PLAN_AGAIN = "run: tfgen plan, and review it again"
#: The first that fits explains; what is more certain stands first.
_RULES: tuple[tuple[re.Pattern[str], Callable[[Failure, re.Match[str]], TfgenError]], ...] = (
    (re.compile(r"Lock Info:\s*\n\s*ID:\s+\S+.*", re.DOTALL), _locked),
    (re.compile(r"Saved plan is stale"), _refused("the state has changed since this plan was made", _PLAN_AGAIN)),
    (
        re.compile(r"Saved plan does not match the given state|different state lineage"),
        _refused("this plan was made from another state", _PLAN_AGAIN),
    ),
    (
        re.compile(
            r"Failed to load \S+ as a plan file|Failed to read (?:the given file|plan)|Invalid plan file"
            r"|plan file was created by|Can't read variable from plan"
        ),
        _refused("this file is not a valid plan", _PLAN_AGAIN),
    ),
    (
        re.compile(r'ephemeral input variable "([^"]{1,100})" was set during the plan'),
        lambda failure, match: TerraformError(
            f"{failure.what}: the variable {match[1]} is ephemeral, so the plan does not hold its value "
            f"(log: {failure.log})",
            fix=f"give it once more: tfgen apply FILE -- -var {match[1]}=...; or set TF_VAR_{match[1]}",
        ),
    ),
    (
        re.compile(
            r"Unsupported state file format|Error (?:loading|refreshing) state.*(?:JSON|checksum)|"
            r"state data in S3 does not have the expected content|state snapshot was created by"
        ),
        _failed(
            "the state cannot be read, and was not changed",
            "restore a good version (terraform.tfstate.backup, or an older version of the object in the bucket)",
        ),
    ),
    (
        # Terraform breaks its lines where it likes, and draws a bar in front of them.
        re.compile(r"package\W+for\W+(\S+)(?:(?!package\W+for).){1,200}?match\W+any\W+of\W+the\W+checksums", re.DOTALL),
        _other_checksums,
    ),
    (
        re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE),
        _failed(
            "the disk is full", "free some space; changes applied so far are kept; to see the rest, run: tfgen plan"
        ),
    ),
    (
        re.compile(r"permission denied|read-only file system", re.IGNORECASE),
        _failed("a file or folder cannot be written", "make the file or folder that Terraform names above writable"),
    ),
    (
        re.compile(
            r"Can't ask approval for state migration|Backend configuration changed|State store configuration changed"
        ),
        _failed(
            "the backend has changed",
            "run terraform init with -migrate-state, which moves the old state, or with -reconfigure, which does not",
        ),
    ),
    (re.compile(r"Unrecognized remote plugin message"), _did_not_start),
    (_CRASH, _crashed),
    (re.compile(r"The plugin\.\S+ request was cancelled"), _cancelled),
    (
        re.compile(
            r"ExpiredToken|RequestExpired|token (?:included in the request )?(?:has|is) expired"
            r"|SSO session .*expired|SSOProviderInvalidToken|InvalidGrantException",
            re.IGNORECASE,
        ),
        _denied("the AWS credentials have expired", "renew them (with SSO: aws sso login{profile}) and run this again"),
    ),
    (
        re.compile(
            r"InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch|InvalidAccessKeyId"
            r"|AuthFailure|security token included in the request is invalid"
        ),
        _denied("AWS rejected the credentials", "to check them, run: aws sts get-caller-identity{profile}"),
    ),
    (
        re.compile(
            r"no valid credential ?(?:sources|providers)|failed to refresh cached credentials|NoCredentialProviders"
            r"|failed to get shared config profile|SharedConfigProfileNotExist|could not find credentials"
            r"|unable to locate credentials|no EC2 IMDS role found",
            re.IGNORECASE,
        ),
        _denied(
            "no AWS credentials found",
            "set AWS_PROFILE, or the keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        ),
    ),
    (
        re.compile(r"UnauthorizedOperation|AccessDenied|is not authorized to perform"),
        _denied(
            "these AWS credentials do not have the permission", "ask for the permission that Terraform names above"
        ),
    ),
    (
        re.compile(
            r"could not connect to registry|no such host|dial tcp"
            r"|i/o timeout|connection refused|TLS handshake timeout|proxyconnect|network is unreachable"
            r"|Client\.Timeout exceeded",
            re.IGNORECASE,
        ),
        _failed("the network is not reachable", "check the connection and HTTPS_PROXY, then run this again"),
    ),
)
