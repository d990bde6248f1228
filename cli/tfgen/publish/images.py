"""The same AMI in every region: found, copied where it lacks, tagged, shared; and nothing but that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgen.aws.copies.copy import give_tags, require_available, start_copy, wait_for
from tfgen.aws.copies.find import copies_of
from tfgen.aws.copies.keys import keys_of, why_unusable
from tfgen.aws.copies.share import share
from tfgen_generators.errors import BusyError, RefusedError, TfgenError

if TYPE_CHECKING:
    from tfgen.aws.images.model import OwnedImage
    from tfgen.aws.session import Account
    from tfgen.publish.model import Job, Say

_RESUME = "no channel was moved; mend it and run the same command again: it goes on with the copies that are there"


class Everywhere:
    """The job's AMI by region; `made` are the regions whose copy this run has asked for."""

    def __init__(self, job: Job, say: Say) -> None:
        self._job, self._say = job, say
        self.images: dict[str, OwnedImage] = {}
        self.made: set[str] = set()

    def find(self) -> list[str]:
        """Looks for the AMI and its copies; gives the regions without one. Raises TfgenError."""
        job = self._job
        self.images[job.source.region] = require_available(job.home, job.source.id)
        self._check_home_keys()
        self._names: dict[str, str] = {}
        for region in self._others():
            found, self._names[region] = copies_of(job.accounts[region], job.source)
            if found is not None and found.state not in ("available", "pending"):
                raise TfgenError(f"copy {found.id} in {region} is {found.state}", fix="enable it, or deregister it")
            if found is not None:
                self.images[region] = found
        return [region for region in self._others() if region not in self.images]

    def make(self) -> None:
        """Copies it where it lacks, waits, tags and shares. Raises TfgenError; what was copied by then stays."""
        job = self._job
        failed: dict[str, str] = {}
        asked = {region: image.id for region, image in self.images.items() if image.state == "pending"}
        for region in self._others():
            if region in self.images:
                continue
            try:
                asked[region] = self._copy(region)
            except RefusedError:
                raise
            except TfgenError as error:
                failed[region] = str(error)
        if not failed and asked:
            done, failed = wait_for(asked, job.accounts, self._say, job.timeout)
            self.images |= done
        if failed:
            raise self._failed(failed, {region: ami for region, ami in asked.items() if region not in failed})
        for region in job.accounts:
            self._finish(region)

    def require_all(self) -> None:
        """Raises TfgenError unless every one can still be started."""
        for region, account in self._job.accounts.items():
            require_available(account, self.images[region].id)

    def _others(self) -> list[str]:
        return [region for region in self._job.accounts if region != self._job.source.region]

    def _copy(self, region: str) -> str:
        job = self._job
        account, key = job.accounts[region], job.publish.kms_keys.get(region, "")
        if key:
            self._check_key(account, key)
        elif job.publish.is_shared and self._keys:
            message = f"the snapshots of {job.source.id} are encrypted, and publish.kms_keys has no key for {region}"
            fix = "add one for each region: AWS's own key, which a copy would get, is of no use to other accounts"
            raise RefusedError(message, where="tfgen.toml", fix=fix)
        ami = start_copy(account, job.source, self._names[region], key)
        self.made.add(region)
        self._say(f"copying {job.source.id} to {region}: {ami}")
        return ami

    def _finish(self, region: str) -> None:
        job, account, image = self._job, self._job.accounts[region], self.images[region]
        try:
            give_tags(account, image, job.source)
            if region != job.source.region:
                for key in self._keys_of(account, image):
                    self._check_key(account, key)
            share(account, image, job.publish)
        except (RefusedError, BusyError):
            raise
        except TfgenError as error:
            raise TfgenError(f"{region}: {error}", fix=_RESUME) from None

    def _check_home_keys(self) -> None:
        job = self._job
        self._keys = self._keys_of(job.home, self.images[job.source.region])
        for key in self._keys:
            self._check_key(job.home, key)

    def _keys_of(self, account: Account, image: OwnedImage) -> list[str]:
        """Of AMIs that nobody else may start too: with a disabled key we cannot start them either."""
        asks = self._job.publish.is_shared or any(one.encrypted for one in image.snapshots)
        return keys_of(account, image) if asks else []

    def _check_key(self, account: Account, key: str) -> None:
        publish = self._job.publish
        reason, unknown = why_unusable(account, key, publish.accounts, shared=publish.is_shared)
        if unknown:
            self._say(f"warning: {unknown}")
        if reason:
            message = f"{account.region}: {reason}"
            raise RefusedError(
                message,
                fix="enable it, or use a key of your own that these accounts may use (docs/publish.md)",
            )

    def _failed(self, failed: dict[str, str], going: dict[str, str]) -> TfgenError:
        there = ", ".join(f"{ami} in {region}" for region, ami in going.items())
        reasons = "; ".join(f"{region}: {reason}" for region, reason in failed.items())
        message = f"{self._job.source.id} was not copied to {', '.join(failed)} ({reasons})"
        return TfgenError(message, fix=f"{_RESUME}{f' ({there})' if there else ''}")
