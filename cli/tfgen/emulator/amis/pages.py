"""Pages of an answer: MaxResults and NextToken, which moto ignores in most of what it lists."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from tfgen.emulator.amis.refusals import refusal


def page(response: Any, key: str, found: Sequence[Any], *, size: int = 0, names: str = "MaxResults") -> dict[str, Any]:
    """The page that the request asks for; `size` where it names none, 0: all that is left.

    `names` is MaxResults or maxResults, by the service's own spelling.
    """
    lower = names[0].islower()
    token_name = "nextToken" if lower else "NextToken"
    size = int(response._get_param(names) or size) or len(found)
    begin = _position(response._get_param(token_name))
    rest = {token_name: _token(begin + size)} if begin + size < len(found) else {}
    return {key: list(found[begin : begin + size]), **rest}


def _token(position: int) -> str:
    return base64.urlsafe_b64encode(f"page:{position}".encode()).decode()


def _position(token: str | None) -> int:
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).decode().removeprefix("page:"))
    except ValueError:
        raise refusal("InvalidNextToken", f"The token '{token}' is not valid") from None
