"""What boto3 raises, as one line: AWS's own message, the profile and the region in use, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tfgen_generators.errors import TfgenError

_SIGN_IN = "sign in again (aws sso login, or new keys), or set AWS_PROFILE to another profile"
_SIGN_IN_FIRST = "sign in (aws configure, aws sso login), or set AWS_PROFILE"
_DENIED = "give that profile the permission (see docs/state.md and docs/building.md), or use another profile"
_LATER = "too many calls: try again in a minute"
#: Of an answer that is no answer botocore shows all.
_MOST_WORDS = 300
_CLOCK = "correct this machine's clock"
_NETWORK = "check the network connection and the region"
_NOT_ALLOWED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AllAccessDisabled", "403")
#: Error code, or class of botocore's, -> what to do.
_FIXES = {
    **dict.fromkeys(_NOT_ALLOWED, _DENIED),
    **dict.fromkeys(
        (
            *("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired", "InvalidToken"),
            *("InvalidClientTokenId", "InvalidAccessKeyId", "UnrecognizedClientException", "SignatureDoesNotMatch"),
            *("AuthFailure", "CredentialRetrievalError", "UnauthorizedSSOTokenError", "SSOTokenLoadError"),
            *("TokenRetrievalError", "SSOError", "NoAuthTokenError", "RefreshWithMFAUnsupportedError"),
        ),
        _SIGN_IN,
    ),
    **dict.fromkeys(("NoCredentialsError", "PartialCredentialsError"), _SIGN_IN_FIRST),
    "ProfileNotFound": "set AWS_PROFILE to an existing profile",
    **dict.fromkeys(
        (
            *("Throttling", "ThrottlingException", "SlowDown", "RequestLimitExceeded", "TooManyRequests"),
            *("ThrottledException", "RequestThrottled", "RequestThrottledException", "TooManyRequestsException"),
        ),
        _LATER,
    ),
    **dict.fromkeys(
        (
            *("EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ConnectionClosedError"),
            *("ProxyConnectionError", "SSLError", "HTTPClientError", "ConnectionError"),
            "ResponseParserError",  # a proxy's or a portal's page
        ),
        _NETWORK,
    ),
    "OperationAborted": "another change is in progress: try again in a minute",
    "RequestTimeTooSkewed": _CLOCK,
}
#: The classes of botocore's errors after which the same service is not asked again: nobody is there.
SILENT = ("EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ProxyConnectionError")
#: How AWS's message begins, whatever its code, where the time of a signature is far from AWS's own.
_SKEWED = ("Signature expired", "Signature not yet current")


@dataclass(frozen=True, kw_only=True)
class Who:
    """Whose AWS was asked; `keys`: with the keys in the environment, which count before any profile."""

    profile: str
    region: str
    keys: bool = False

    def __str__(self) -> str:
        who = "the keys in AWS_ACCESS_KEY_ID" if self.keys else f"profile {self.profile or 'default'}"
        return f"{who}, region {self.region or 'not known'}"


class AwsError(TfgenError):
    """AWS said no, or could not be asked. `code` is AWS's own word, or the class of botocore's error."""

    def __init__(self, message: str, *, code: str, status: int = 0, fix: str = "") -> None:
        super().__init__(message, fix=fix)
        self.code, self.status = code, status


def is_denied(error: AwsError) -> bool:
    """Whether it is the right to it that lacks."""
    return error.code in _NOT_ALLOWED


def is_about_credentials(error: AwsError) -> bool:
    """Whether it is the credentials, or this machine's clock: whatever else is asked, AWS will say the same."""
    return error.fix in (_SIGN_IN, _SIGN_IN_FIRST, _CLOCK)


def concerns_all(error: AwsError) -> bool:
    """Whether the next call would get the same answer: too many calls, no network, or the credentials."""
    return error.fix in (_LATER, _NETWORK) or is_about_credentials(error)


@contextmanager
def explained(who: Who, service: str, operation: str) -> Iterator[None]:
    """Turns what botocore raises into AwsError."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    what = f"{service} {operation}".strip()
    try:
        yield
    except ClientError as error:
        raise _from_answer(error.response, what, who) from None
    except (BotoCoreError, ResponseParserError) as error:
        if isinstance(getattr(error, "kwargs", {}).get("error"), RecursionError):  # at its end while it sent something
            raise _redirected(what, who) from None
        raise _from_botocore(error, what, who) from None
    except RecursionError:
        raise _redirected(what, who) from None
    except (KeyError, AttributeError, TypeError) as error:
        if not _is_of_a_parser(error):
            raise
        raise no_answer(what, who) from None
    except ValueError as error:  # botocore's word for an endpoint or a parameter that makes no sense
        raise AwsError(f"AWS request failed ({what}): {error} ({who})", code="ValueError") from None


def no_answer(what: str, who: Who) -> AwsError:
    """What came with status 200 is not what AWS answers: a proxy's or a portal's page."""
    message = f"AWS request failed ({what}): the answer is not one of AWS ({who})"
    return AwsError(message, code="ResponseParserError", fix=_NETWORK)


def _is_of_a_parser(error: Exception) -> bool:
    """Whether botocore raised it while it read an answer."""
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    return at is not None and at.tb_frame.f_globals.get("__name__") == "botocore.parsers"


def _redirected(what: str, who: Who) -> AwsError:
    """botocore follows a redirect to where it was, which S3 itself never sends."""
    message = f"AWS request failed ({what}): redirect without a target ({who})"
    return AwsError(message, code="RecursionError", fix=_NETWORK)


def _from_answer(response: Any, what: str, who: Who) -> AwsError:
    answer = response.get("Error", {})
    code = str(answer.get("Code", ""))
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    message = str(answer.get("Message", "")) or "no reason given"
    fix = _CLOCK if message.startswith(_SKEWED) else _FIXES.get(code, "")
    return AwsError(f"AWS refused {what}: {message.rstrip('.')} ({code}; {who})", code=code, status=status, fix=fix)


def _from_botocore(error: Exception, what: str, who: Who) -> AwsError:
    names = [kind.__name__ for kind in type(error).__mro__]
    fix = next((_FIXES[name] for name in names if name in _FIXES), "")
    message = " ".join(str(error).split())[:_MOST_WORDS].rstrip(".")
    return AwsError(f"AWS request failed ({what}): {message} ({who})", code=names[0], fix=fix)
