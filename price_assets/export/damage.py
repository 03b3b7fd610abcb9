"""Damage to what is published, by name; and what mends it."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Damage(StrEnum):
    """Every kind there is."""

    MISSING = "missing"
    EMPTY = "empty"
    TRUNCATED = "truncated"
    ALTERED = "altered"
    MISSING_MANIFEST = "missing-manifest"
    ALTERED_MANIFEST = "altered-manifest"
    UNREADABLE_REGISTER = "unreadable-register"
    STALE_COPY = "stale-copy"


@dataclass(frozen=True)
class Finding:
    """One damaged object: its address, what is wrong with it, and what a person does about it."""

    damage: Damage
    object: str
    what: str
    mend: str


@dataclass(frozen=True)
class Mends:
    """What mends the damage of a day. `renders`: its stored snapshot is whole; `reads`: its source can still be asked for the day.

    `expired`: of its files nothing is left, so that the copies are made from nothing but another export.
    """

    price_list: str
    export_date: date
    renders: bool
    reads: bool
    expired: bool = False

    @property
    def _export(self) -> str | None:
        command = f"`price-assets export {self.price_list} --date {self.export_date}"
        return f"{command} --from-snapshots`" if self.renders else f"{command}`" if self.reads else None

    def file(self, *, shows: bool) -> str:
        """Of a published file. `shows`: its attributes give the damage away; where they don't, an export takes it for whole."""
        if self._export is None:
            return "restore its last good version: neither the day's rows nor a source that still knows them is there"
        return self._export if shows else f"delete it, since its attributes hide the damage from an export, then {self._export}"

    def missing_manifest(self) -> str:
        """Of a manifest that is gone."""
        return self._export or "restore its last good version: neither the day's rows nor a source that still knows them is there"

    def altered_manifest(self) -> str:
        """Of a manifest that says something else: the first one stands, so an export alone does not replace it."""
        return "restore its last good version" + (f"; or delete it, then {self._export}" if self._export else "")

    def copy(self, *, shows: bool, source: bool) -> str:
        """Of what stands at an address that never changes. `source`: what it is made from is whole."""
        settle = self.missing_manifest() if self.expired and not source else f"`price-assets settle {self.price_list}`"
        if not shows:
            settle = f"delete it, since its attributes hide the damage from settle, then {settle}"
        return settle if source or self.expired else f"first what it is made from (see above), then {settle}"

    def snapshot(self) -> str:
        """Of stored rows. An export does not put a Parquet of the same size again, so the damaged one goes first."""
        again = f", then `price-assets export {self.price_list} --date {self.export_date}` stores it again" if self.reads else ""
        return f"delete it{again}; the published files stand without it"
