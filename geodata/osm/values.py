"""What the text of one OpenStreetMap tag says: yes or no, a speed limit, a duration."""

from __future__ import annotations

import re
from functools import lru_cache

KMH_PER_MPH = 1.609344

YES = {"yes", "true", "1", "t"}
REVERSED = {"-1", "reverse"}
NO = {"no", "false", "0"}

# Names of limits in mph. Highway Code, rule 124: built-up 30 (20 in Wales since 17 September 2023), single
# carriageway 60, dual carriageway and motorway 70.
NAMED_LIMITS_MPH = {
    "urban": 30.0,
    "nsl_restricted": 30.0,
    "restricted": 30.0,
    "rural": 60.0,
    "nsl_single": 60.0,
    "single": 60.0,
    "nsl_dual": 70.0,
    "dual": 70.0,
    "motorway": 70.0,
}
NATIONAL = {"national", "nsl"}
WALKING_KMH = 5.0

WORDED = re.compile(
    r"(?:(\d+(?:\.\d+)?) ?(?:HOURS?|HRS?|H)(?![A-Z]) ?(?:AND )?)?"
    r"(?:(\d+(?:\.\d+)?) ?(?:MINUTES?|MINS?|M)?)?"
)
"""Hours and minutes in words, in capitals."""

# Words some mappers write for an interval instead of a number; minutes.
NAMED_MINUTES = {"HOURLY": 60.0, "EVERY HOUR": 60.0, "HALF-HOURLY": 30.0, "HALF HOURLY": 30.0, "TWO-HOURLY": 120.0}


@lru_cache(maxsize=4096)
def parse_limit(text: str, *, dual: bool = False, named_only: bool = False) -> float | None:
    """Turn the text of a speed limit into km/h; None where it tells no limit.

    Parameters
    ----------
    text
        Such as `30 mph`, `50` (km/h, as OpenStreetMap defines a number without unit), `GB:nsl_single`, `national`,
        `walk`, `20 mph;30 mph` (the lowest counts).
    dual
        Whether `national` means the limit of a dual carriageway (70 mph) rather than a single one (60 mph).
    named_only
        Take names and zones (`GB:20`, mph) only, as `source:maxspeed` and its like hold them.
    """
    values = [_one_limit(part, dual, named_only) for part in re.split(r"[;|]", text.strip().lower())]
    known = [value for value in values if value]
    return min(known) if known else None


def _one_limit(text: str, dual: bool, named_only: bool) -> float | None:
    text = text.strip()
    number = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(mph|km/h|kmh|kph|knots)?", text)
    if number and not named_only:
        factor = {"mph": KMH_PER_MPH, "knots": 1.852}.get(number[2] or "", 1.0)
        return float(number[1]) * factor
    if text in {"walk", "walking"}:
        return WALKING_KMH
    named = re.fullmatch(r"(?:(gb|uk)[a-z-]*[:_])?\s*(.+)", text)
    if not named:
        return None
    country, name = named[1], named[2].replace(":", "_").replace(" ", "_")
    zone = re.fullmatch(r"(?:zone_?)?(\d+)(?:_?mph)?", name)
    if country and zone:
        return float(zone[1]) * KMH_PER_MPH
    if name in NATIONAL:
        return (70.0 if dual else 60.0) * KMH_PER_MPH
    if not country and not name.startswith("nsl"):
        return None
    mph = NAMED_LIMITS_MPH.get(name)
    return mph * KMH_PER_MPH if mph else None


def parse_duration(text: str) -> float | None:
    """Seconds of a duration or an interval; None where it is unclear or nought.

    Parameters
    ----------
    text
        Such as `00:20`, `1:05:00`, `20` (minutes, as OpenStreetMap defines a number without unit), `20 minutes`,
        `1 h 30`, `PT20M`, `hourly`; of a range or a list (`10-20`, `00:10;00:20`) the longest counts, so that nobody
        is promised the best day.
    """
    parts = [_one_duration(part.strip()) for part in re.split(r"[-\u2013;,]|\bTO\b", _without_hyphens(text))]
    if not parts or any(part is None for part in parts):
        return None
    return max(part for part in parts if part is not None) or None


def _without_hyphens(text: str) -> str:
    """The text in capitals, with the words that hold a hyphen replaced by minutes."""
    text = " ".join(text.upper().split()).lstrip("~")
    return str(NAMED_MINUTES.get(text, text))


def _one_duration(text: str) -> float | None:
    clock = re.fullmatch(r"(\d+):([0-5]?\d)(?::([0-5]?\d))?(?: ?H)?", text)
    if clock:
        return 3600.0 * int(clock[1]) + 60.0 * int(clock[2]) + float(clock[3] or 0)
    iso = re.fullmatch(r"P(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", text)
    if iso and any(iso.groups()):
        days, hours, minutes, seconds = (int(part or 0) for part in iso.groups())
        return 86_400.0 * days + 3600.0 * hours + 60.0 * minutes + seconds
    words = WORDED.fullmatch(text)
    if words and (words[1] or words[2]):
        return 3600.0 * float(words[1] or 0) + 60.0 * float(words[2] or 0)
    return None
