"""Who may use an OpenStreetMap way or pass a node, and in which direction, by its tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from geodata.osm.values import NO, REVERSED, YES

OPEN, CLOSED, SILENT = "open", "closed", ""

OPENED = {"yes", "designated", "permissive", "destination", "customers", "public", "official"}

# A car of a member of the public is none of these. `delivery` is a street where only goods are brought.
CLOSED_TO_CARS = {
    "no", "private", "agricultural", "forestry", "emergency", "military", "bus", "psv", "taxi", "hgv", "permit",
    "residents", "restricted", "delivery", "discouraged",
}  # fmt: skip
# `discouraged`, `bus` and `psv` speak of vehicles: a street that only buses use has a pavement.
CLOSED_TO_WALKERS = {
    "no", "private", "agricultural", "forestry", "emergency", "military", "permit", "residents", "restricted",
    "delivery",
}  # fmt: skip


@dataclass(frozen=True)
class Traveller:
    """One way of travelling.

    Parameters
    ----------
    keys
        Tags that speak of it, from the most to the least specific: the first that says anything decides.
    closed
        Values that shut it out.
    one_way_keys
        Tags that make a way one-way for it, the most specific first.
    """

    keys: tuple[str, ...]
    closed: frozenset[str]
    one_way_keys: tuple[str, ...]

    @property
    def used_keys(self) -> tuple[str, ...]:
        """Every tag that is looked at."""
        return (*self.keys, *(f"{key}:{side}" for key in self.keys for side in SIDES), *self.one_way_keys)

    @property
    def timed_keys(self) -> tuple[str, ...]:
        """The tags whose rules hold at some hours only (`oneway:conditional`): they are counted, not followed."""
        return tuple(f"{key}:conditional" for key in (*self.keys, *self.one_way_keys))


SIDES = ("forward", "backward")
CAR = Traveller(
    ("motorcar", "motor_vehicle", "vehicle", "access"),
    frozenset(CLOSED_TO_CARS),
    ("oneway:motorcar", "oneway:motor_vehicle", "oneway:vehicle", "oneway"),
)
WALKER = Traveller(("foot", "access"), frozenset(CLOSED_TO_WALKERS), ("oneway:foot",))


def permission(tags: Mapping[str, str], who: Traveller, side: str = "", keys: tuple[str, ...] = ()) -> str:
    """What the tags say to a traveller: `open`, `closed`, or nothing.

    Parameters
    ----------
    tags
        Tags of a way or a node.
    who
        The traveller.
    side
        `forward` or `backward`: what holds in this direction outranks what holds in both (`vehicle:backward = no`).
    keys
        Look at these instead of all keys of the traveller.

    Notes
    -----
    A value that nobody defined (`access = unknown`) says nothing, so the next key is asked. Of a list
    (`no;destination`) one value that opens is enough. Rules for some hours (`access:conditional`) are not followed: a
    planner's times must not depend on the hour.
    """
    for key in keys or who.keys:
        for full in (f"{key}:{side}", key) if side else (key,):
            text = tags.get(full)
            said = _said(text, who.closed) if text else SILENT
            if said:
                return said
    return SILENT


def _said(text: str, closed: frozenset[str]) -> str:
    values = {value.strip().lower() for value in text.split(";")}
    if values & OPENED:
        return OPEN
    return CLOSED if values & closed else SILENT


def one_way_tag(tags: Mapping[str, str], who: Traveller = CAR) -> str:
    """The value of the most specific one-way tag that is there; empty without one."""
    return next((tags[key] for key in who.one_way_keys if tags.get(key)), "").strip().lower()


def directions(tags: Mapping[str, str]) -> tuple[bool, bool]:
    """Say whether the one-way tags let a car go forward and backward along the way.

    `oneway:motorcar`, `oneway:motor_vehicle` and `oneway:vehicle` outrank `oneway`; what is said to bicycles and buses
    is of no concern. A motorway, a roundabout and the like are one-way unless they say otherwise; a slip road is not.
    `reversible` and `alternating` roads count as open both ways: at some hour they are.
    """
    value = one_way_tag(tags)
    if value in YES:
        return True, False
    if value in REVERSED:
        return False, True
    if value not in NO | {"reversible", "alternating"} and implies_one_way(tags):
        return True, False
    return True, True


def implies_one_way(tags: Mapping[str, str]) -> bool:
    """Whether the kind of road makes it one-way without a tag that says so."""
    return tags.get("highway") == "motorway" or tags.get("junction") in {"roundabout", "circular", "jughandle"}


def passable(tags: Mapping[str, str], who: Traveller, one_way: tuple[bool, bool]) -> tuple[bool, bool]:
    """The directions that both the one-way tags and the permissions leave open."""
    ahead, back = (permission(tags, who, side) != CLOSED for side in SIDES)
    return one_way[0] and ahead, one_way[1] and back
