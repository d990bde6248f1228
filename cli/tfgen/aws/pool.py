"""Threads that ask AWS, and are left when the one that waits for them is interrupted or has failed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor


class Pool(ThreadPoolExecutor):
    """`with` waits for all of them at its end; after an exception for none: an answer that hangs takes minutes.

    What is under way then goes on in the background, until the process ends (tfgen.boundary.exits).
    """

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.shutdown(wait=kind is None, cancel_futures=kind is not None)
