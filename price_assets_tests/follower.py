"""A partner's program that reads all the time, knows nothing of ours but what the README promises, and looks at every sha256.

What it holds to: all that the register and a manifest name is there, whole, and never changes; the register only grows; a copy is always one whole
file that was published; the manifest beside the copies names a revision that stood there when the register had as many commits as it says.
"""

import json
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from http import HTTPStatus
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, cast
from urllib.error import HTTPError
from urllib.parse import unquote, urlsplit
from urllib.request import urlopen

import boto3

from price_assets_tests import forked

PAUSE = 3
"""Times a look's own time that it waits where nothing happens."""

Read = Callable[[str], bytes | None]
"""A key → its bytes, or None where nothing is."""


def reader(environment: Mapping[str, str]) -> Read:
    """Of a folder by the file system, of S3 and GCS by clients that are not ours."""
    bucket, prefix = environment["STORAGE_BUCKET"], environment.get("STORAGE_PREFIX", "").strip("/")
    path = f"{prefix}/" if prefix else ""
    if bucket.startswith("file:"):
        folder = Path(unquote(urlsplit(bucket).path))

        def from_folder(key: str) -> bytes | None:
            try:
                return (folder / path / key).read_bytes()
            except FileNotFoundError:
                return None

        return from_folder
    if bucket.startswith("gs:"):
        base = json.loads(environment["GOOGLE_SERVICE_ACCOUNT_KEY"])["gcs_base_url"]

        def from_gcs(key: str) -> bytes | None:
            try:
                with urlopen(f"{base}/{bucket.removeprefix('gs://')}/{path}{key}") as answer:
                    return answer.read()
            except HTTPError as error:
                if error.code != HTTPStatus.NOT_FOUND:
                    raise
                return None

        return from_gcs
    keys = {"aws_access_key_id": environment["AWS_ACCESS_KEY_ID"], "aws_secret_access_key": environment["AWS_SECRET_ACCESS_KEY"]}
    client: Any = cast("Any", boto3).client("s3", endpoint_url=environment["AWS_ENDPOINT_URL"], region_name="us-east-1", **keys)

    def from_s3(key: str) -> bytes | None:
        try:
            return client.get_object(Bucket=bucket.removeprefix("s3://"), Key=path + key)["Body"].read()
        except client.exceptions.NoSuchKey:
            return None

    return from_s3


@dataclass
class Follower:
    """Follows one price list. `files` and `copies` count what was read and found right, `revisions` are those that were seen published.

    `changed` says whether the register or a copy did between the last two looks.
    """

    read: Read
    price_list: str
    looks: int = 0
    changed: bool = False
    files: int = 0
    copies: int = 0
    revisions: set[str] = field(default_factory=set[str])
    _manifests: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    _events: dict[str, list[Any]] = field(default_factory=dict[str, list[Any]])
    _commits: dict[str, int] = field(default_factory=dict[str, int])
    _last: object = None

    def look(self) -> None:
        """Once at everything. Raises AssertionError that names the first thing that is not as promised."""
        # The copies come first: whatever stands there has been published by the time that the register is read.
        copies = {place: self._copies(place) for place in ("latest", *self._events)}
        found = self.read(f"{self.price_list}/publications.json")
        if found is None:
            assert not self._events, "the register is gone"
            return
        self.changed, self._last = self._last != (found, copies), (found, copies)
        register = json.loads(found)
        self._only_grows(register)
        for date, day in register["days"].items():
            if day["published"]:
                self.revisions.add(day["published"]["revision"])
                self._whole(date, self._manifest(date, day["published"]["manifest"]))
        for place, (beside, files) in copies.items():
            self._stood(place, register, beside, files)
        self.looks += 1

    def settled(self) -> None:
        """Look, and see that each copy is what the register says, now that all are at rest."""
        self.look()
        register = json.loads(self.read(f"{self.price_list}/publications.json") or b"")
        for place in ("latest", *register["days"]):
            date = register["latest"] if place == "latest" else place
            published = date and register["days"][date]["published"]
            wanted = {file["format"]: file["sha256"] for file in self._manifest(date, published["manifest"])["files"]} if published else {}
            beside, files = self._copies(place)
            assert files == wanted, f"{place} holds {files} where {wanted} is published"
            assert (beside and beside["revision"]) == (published and published["revision"]), f"the manifest beside {place} is {beside}"

    def _copies(self, place: str) -> tuple[dict[str, Any] | None, dict[str, str]]:
        """The manifest beside, and format → sha256."""
        beside = self.read(f"{self.price_list}/{place}/manifest.json")
        name = self.price_list if place == "latest" else f"{self.price_list}_{place}"
        there = {format_name: self.read(f"{self.price_list}/{place}/{name}.{format_name}") for format_name in ("csv", "xlsx")}
        return json.loads(beside) if beside else None, {name: sha256(data).hexdigest() for name, data in there.items() if data is not None}

    def _only_grows(self, register: dict[str, Any]) -> None:
        for date, day in register["days"].items():
            events, before = day["events"], self._events.get(date, [])
            assert events[: len(before)] == before, f"{date}: events were changed"
            times = [event["source_time"] for event in events if event["event"] == "published"]
            assert times == sorted(times), f"{date}: rows of an older source time replaced newer ones"
            self._events[date] = events
        assert not set(self._events) - set(register["days"]), "a day is gone"
        nonces = [event["nonce"] for events in self._events.values() for event in events]
        assert len(nonces) == len(set(nonces)) == register["commits"], "a commit is missing, or there twice"

    def _manifest(self, date: str, key: str) -> dict[str, Any]:
        if key not in self._manifests:
            found = self.read(key)
            assert found, f"{key} is named and not there"
            self._manifests[key] = json.loads(found)
            assert (self._manifests[key]["export_date"], self._manifests[key]["price_list"]) == (date, self.price_list)
        return self._manifests[key]

    def _whole(self, date: str, manifest: dict[str, Any]) -> None:
        for file in manifest["files"]:
            data = self.read(file["key"])
            assert data is not None, f"{file['key']} is named and not there"
            assert (len(data), sha256(data).hexdigest()) == (file["bytes"], file["sha256"]), f"{date}: {file['key']} is not what its manifest says"
            self.files += 1

    def _stood(self, place: str, register: dict[str, Any], beside: dict[str, Any] | None, files: dict[str, str]) -> None:
        days = [place] if place != "latest" else list(register["days"])
        events = [(date, event) for date in days for event in register["days"][date]["events"] if event["event"] in ("published", "accepted")]
        manifests = [self._manifest(date, f"_files/{self.price_list}/{date}/manifest.{event['revision']}.json") for date, event in events]
        for format_name, digest in files.items():
            known = {file["sha256"] for manifest in manifests for file in manifest["files"] if file["format"] == format_name}
            assert digest in known, f"{place}: the {format_name} is no whole file that was ever published"
            self.copies += 1
        if beside is None:
            assert place not in self._commits, f"the manifest beside {place} is gone"
            return
        assert self._commits.get(place, 0) <= beside["commits"] <= register["commits"], f"the manifest beside {place} went back"
        self._commits[place] = beside["commits"]
        assert beside["revision"] == _standing(register, days, beside["commits"]), f"the manifest beside {place} names what never stood there"


def _standing(register: dict[str, Any], days: list[str], commits: int) -> str | None:
    """The revision of the newest published of these days, after so many commits."""
    for date in sorted(days, reverse=True):
        changes = [event for event in register["days"][date]["events"] if event["commit"] <= commits and event["event"] != "blocked"]
        if changes and changes[-1]["event"] != "withdrawn":
            return changes[-1]["revision"]
    return None


@contextmanager
def following(environment: Mapping[str, str], price_list: str) -> Generator[dict[str, Any]]:
    """Follow the list, in a process of its own, for as long as the block runs. At its end fail for a mismatch, or fill what is yielded: counts."""
    ours, theirs = forked.CONTEXT.Pipe()
    process = forked.start(follow, dict(environment), price_list, theirs)
    theirs.close()
    told: dict[str, Any] = {}
    try:
        yield told
        with suppress(BrokenPipeError):  # it has seen a mismatch, and says so
            ours.send("that is all")
        assert ours.poll(60), "the reader hangs"
        told |= ours.recv()
        assert not told.get("mismatch"), told["mismatch"]
    finally:
        process.kill()
        process.join()


def follow(environment: Mapping[str, str], price_list: str, parent: "Connection[Any, Any]") -> None:
    """Look again and again until told to stop; then say how much was seen, or what was wrong."""
    follower = Follower(reader(environment), price_list)
    began, took = time.monotonic(), 0.0
    try:
        while not parent.poll(0 if follower.changed else PAUSE * took):
            before = time.monotonic()
            follower.look()
            took = time.monotonic() - before
        follower.look()
    except Exception as error:  # noqa: BLE001 - told by the test
        parent.send({"mismatch": f"look {follower.looks}, after {time.monotonic() - began:.2f} s: {error!r}"})
    else:
        parent.send({"looks": follower.looks, "files": follower.files, "copies": follower.copies, "revisions": len(follower.revisions)})
