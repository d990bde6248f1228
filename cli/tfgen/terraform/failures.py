"""What became of a run, in one line with a way out: Terraform's own words are shown before it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping

from tfgen.terraform.encryption import CONFIGURED, NO_KEY, NO_VALUE, NOT_ENCRYPTED, NOT_MADE, OTHER_KEY, key_advice
from tfgen.terraform.failure import CRASH, Failure
from tfgen.terraform.lock_file import EXCLUDED, OTHER_CHECKSUMS, excluded, other_checksums
from tfgen_generators.errors import BusyError, RefusedError, TerraformError, TfgenError

__all__ = ["Failure", "credentials", "explain", "explain_silence"]

_OPERATIONS = {"OperationTypePlan": "plan", "OperationTypeApply": "apply", "OperationTypeRefresh": "refresh"}
_HALTED = re.compile(r"execution halted|operation cancell?ed", re.IGNORECASE)
#: A socket's path has 107 bytes, of which a provider takes `/plugin` and ten digits (unix(7); 103 on macOS).
_LONGEST_TMPDIR = 107 - 17 - 4


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
    """`{Terraform}` and `{terraform}` are the product that ran."""

    def explained(failure: Failure, _match: re.Match[str]) -> TfgenError:
        said, named = (
            text.replace("{Terraform}", failure.title).replace("{terraform}", failure.product) for text in (cause, fix)
        )
        return TerraformError(f"{failure.what}: {said} (log: {failure.log})", fix=named)

    return explained


def _denied(cause: str, fix: str) -> Callable[[Failure, re.Match[str]], TfgenError]:
    """With the profile and the region in use; `{profile}` in `fix` is the profile as a flag."""

    def explained(failure: Failure, _match: re.Match[str]) -> TfgenError:
        profile = failure.env.get("AWS_PROFILE", "")
        return TerraformError(
            f"{failure.what}: {cause}: {credentials(failure.env)} (log: {failure.log})",
            fix=fix.replace("{profile}", f" --profile {profile}" if profile else "").replace(
                "{Terraform}", failure.title
            ),
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


def _without_key(failure: Failure, match: re.Match[str]) -> TfgenError:
    what = "plan" if failure.command == "show" else match["what"]
    return _of_a_key(failure, f"the {what} is encrypted, and no key for it is configured")


def _with_another_key(failure: Failure, _match: re.Match[str]) -> TfgenError:
    is_plan = failure.command == "show" or "as a plan file" in failure.told
    return _of_a_key(failure, f"the {'plan' if is_plan else 'state'} is encrypted with another key than the configured")


def _without_value(failure: Failure, match: re.Match[str]) -> TfgenError:
    return _of_a_key(failure, f"the encryption's key is not known: {match[1]} needs {match[2]}, which has no value")


def _of_a_key(failure: Failure, cause: str) -> TfgenError:
    return TerraformError(f"{failure.what}: {cause} (log: {failure.log})", fix=key_advice(failure.told))


_PLAN_AGAIN = "run: tfgen plan, and review it again"
#: The first that fits explains; what is more certain stands first.
_RULES: tuple[tuple[re.Pattern[str], Callable[[Failure, re.Match[str]], TfgenError]], ...] = (
    (NO_VALUE, _without_value),
    # `show` tells of the plan and, as if it were one, of a state: without a key for that it says both.
    (OTHER_KEY, _with_another_key),
    (NO_KEY, _without_key),
    (NOT_MADE, _failed("the key of the encryption cannot be made", f"correct {CONFIGURED}: see above")),
    (
        NOT_ENCRYPTED,
        _failed(
            "this is not encrypted, and the configuration reads nothing else",
            'for the first run with encryption, add the method "unencrypted" as a fallback',
        ),
    ),
    (
        # Of a text that is no JSON it is said, too.
        re.compile(r"\A(?!.*parsed\W+as\W+JSON).*does\W+not\W+have\W+a\W+.version.\W+attribute", re.DOTALL),
        _failed(
            "the state is none that {Terraform} knows, and was not changed",
            "if OpenTofu has encrypted it, use --terraform tofu with its key; else restore a good version",
        ),
    ),
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
    (OTHER_CHECKSUMS, other_checksums),
    (EXCLUDED, excluded),
    (
        re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE),
        _failed(
            "the disk is full", "free some space; changes applied so far are kept; to see the rest, run: tfgen plan"
        ),
    ),
    (
        re.compile(r"permission denied|read-only file system", re.IGNORECASE),
        _failed("a file or folder cannot be written", "make the file or folder that {Terraform} names above writable"),
    ),
    (
        re.compile(
            r"Can't ask approval for state migration|Backend configuration changed|State store configuration changed"
        ),
        _failed(
            "the backend has changed",
            "run {terraform} init with -migrate-state, which moves the old state, or with -reconfigure, which does not "
            "(as after a change between Terraform and OpenTofu)",
        ),
    ),
    (re.compile(r"Unrecognized remote plugin message"), _did_not_start),
    (CRASH, _crashed),
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
        re.compile(r"(?:in\W+a|no)\W+permissions\W+boundary"),
        _denied(
            "a permissions boundary forbids it",
            "give the pipelines the boundary of ci_roles (permissions_boundary), or let it allow what {Terraform} "
            "names above: docs/ci-roles.md",
        ),
    ),
    (
        re.compile(r"\b(?:Account)?LimitExceeded(?:Exception)?\b|Cannot exceed quota for|TooManyBuckets"),
        _denied(
            "a quota of the AWS account is used up",
            "share what the pipelines have ([shared], docs/quotas.md), or ask AWS for more, and run this again",
        ),
    ),
    (
        re.compile(r"UnauthorizedOperation|AccessDenied|is not authorized to perform"),
        _denied(
            "these AWS credentials do not have the permission", "ask for the permission that {Terraform} names above"
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
