"""Whether the figures on buildings are sums and ratios of the sites table."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from grouping.verify.delivery.claims import Claims, Row, count, differing, is_missing
from grouping.verify.ledger import Ledger

FACETS = ("condition", "suitability", "quality")

NO_LABEL = "not known"
"""What sites without a label of a facet are told under."""


def check_estates(ledger: Ledger, claims: Claims) -> None:
    """Check the tables on buildings."""
    sites = _sites(claims)
    _check_sites(ledger, claims, sites)
    _check_groups(ledger, claims, sites)
    _check_stated(ledger, claims, sites)
    _check_labels(ledger, claims, sites)


def _text(site: Row, key: str) -> str:
    return "" if is_missing(site.get(key)) else str(site[key]).strip()


def _number(site: Row, key: str) -> float | None:
    return None if is_missing(site.get(key)) else float(site[key])


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _sites(claims: Claims) -> dict[str, Row]:
    """What the sites table says of each building, with what it counts as."""
    said = claims.ground.settings.estates
    users = _published(claims) if claims.public else _users(claims)
    made = {}
    for code, site in claims.ground.run.place.sites.drop(columns="geometry").to_dict("index").items():
        label = _plain(_text(site, said.judged_by))
        committed = None if is_missing(site.get("committed")) else bool(site["committed"])
        made[str(code)] = {
            "practice": _text(site, "practice_code"),
            "group_id": claims.group_of.get(_text(site, "practice_code"), ""),
            **{key: _number(site, key) for key in ("floor_area_m2", "annual_cost", "investment_cost")},
            **{key: _text(site, key) for key in (*FACETS, "scheme")},
            **{
                key: _plain_in(label, labels) if label and labels else None
                for key, labels in (("modern", said.modern), ("major", said.major))
            },
            "committed": committed is True or (committed is None and bool(_text(site, "scheme"))),
            "used": _share(_text(site, "utilisation")),
            "patients": users.get(str(code)),
        }
    return made


def _plain_in(label: str, labels: Iterable[str]) -> bool:
    return label in {_plain(one) for one in labels}


def _share(text: str) -> float | None:
    """The use of space as a share, where it is a number."""
    try:
        number = float(text.removesuffix("%").replace(",", "").strip())
    except ValueError:
        return None
    return number / 100 if text.endswith("%") else number


def _users(claims: Claims) -> dict[str, float]:
    """Patients of each site: of each practice its list, shared by whose nearest own site it is by car."""
    place, home = claims.ground.run.place, claims.evidence.home
    own: dict[str, list[str]] = {}
    for site, practice in sorted(place.sites["practice_code"].fillna("").items()):
        own.setdefault(str(practice), []).append(str(site))
    found = {}
    by_practice = dict(list(claims.evidence.registrations.groupby("practice_code")))
    for practice, size in claims.lists.items():
        codes = own.get(practice, [])
        if not codes:
            continue
        held = dict.fromkeys(codes, 0.0)
        rows = by_practice.get(practice)
        if rows is not None:
            rows = rows[rows["area_code"].isin(home.index)]
            minutes = home.loc[rows["area_code"], codes].to_numpy()
            for row, patients in zip(minutes, rows["patients"], strict=True):
                if np.isfinite(row).any():
                    held[codes[int(np.nanargmin(row))]] += float(patients)
        whole = sum(held.values())
        if whole <= 0:
            main = place.practices.at[practice, "main_site_code"]
            held[main if main in held else codes[0]] = whole = 1.0
        found |= {site: size * patients / whole for site, patients in held.items()}
    return found


def _published(claims: Claims) -> dict[str, float]:
    """The published list of every practice with one site."""
    owners = claims.ground.run.place.sites["practice_code"].fillna("").astype(str)
    single = owners[(owners != "") & ~owners.duplicated(keep=False)]
    return {str(site): float(claims.lists[code]) for site, code in single.items() if code in claims.lists}


def _check_sites(ledger: Ledger, claims: Claims, sites: dict[str, Row]) -> None:
    told = claims.rows("estates-sites")
    pairs = [("sites", len(told), len(sites))]
    for row in told:
        code = str(row["site_code"])
        site = sites.get(code)
        if site is None:
            pairs.append((code, "a site", None))
            continue
        floor, cost, patients = site["floor_area_m2"], site["annual_cost"], site["patients"]
        derived = {
            "group_id": site["group_id"],
            "practice_code": site["practice"],
            "floor_area_m2": floor,
            "annual_cost": cost,
            "investment_cost": site["investment_cost"],
            "patients": patients,
            "cost_per_m2": cost / floor if floor and cost is not None else None,
            "m2_per_1000": 1000 * floor / patients if floor is not None and patients else None,
            "modern": _yes(site["modern"]),
            "major": _yes(site["major"]),
            "committed": _yes(site["committed"]),
        }
        pairs += [(f"{code}, {key}", row[key], value) for key, value in derived.items() if key in row]
    ledger.note("figure", "what is told of each building", differing(pairs), count(len(sites), "site"))


def _yes(told: bool | None) -> str | None:
    return None if told is None else "yes" if told else "no"


def _check_groups(ledger: Ledger, claims: Claims, sites: dict[str, Row]) -> None:
    of_group = {one: [site for site in sites.values() if site["group_id"] == one] for one in claims.members}
    parts = [(one, of_group[one], claims.patients(codes)) for one, codes in claims.members.items()]
    outside = [site for site in sites.values() if site["practice"] and not site["group_id"]]
    nobody = [site for site in sites.values() if not site["practice"]]
    if outside:
        parts.append(("of no group", outside, claims.patients(set(claims.lists) - set(claims.group_of))))
    if nobody:
        parts.append(("of no practice", nobody, None))
    parts.append(("all sites", list(sites.values()), sum(claims.lists.values())))
    told = claims.rows("estates-groups")
    pairs = [("rows", len(told), len(parts))]
    for row, (where, mine, patients) in zip(told, parts, strict=False):
        derived = _figures(claims, mine, patients)
        pairs += [(f"{where}, {key}", row[key], value) for key, value in derived.items() if key in row]
    claim = "figures of groups are sums and ratios over their sites"
    ledger.note("figure", claim, differing(pairs), f"{count(len(parts), 'row')}, {count(len(sites), 'site')}")


def _figures(claims: Claims, sites: list[Row], patients: int | None) -> Row:
    own = [site for site in sites if site["practice"]]
    both = [site for site in sites if site["floor_area_m2"] and site["annual_cost"] is not None]
    both = [site for site in both if site["floor_area_m2"] > 0]
    used = [site for site in sites if site["used"] is not None and (site["floor_area_m2"] or 0) > 0]
    said, own_m2 = claims.ground.settings.estates, _sum(own, "floor_area_m2")
    need = said.m2_per_1000
    beyond = None
    if need is not None and patients and own_m2 is not None:
        beyond = own_m2 - need * patients / 1000
        if beyond < 0 and any(site["floor_area_m2"] is None for site in own):
            beyond = None
    return {
        "sites": len(sites),
        "patients": patients,
        "patients_per_site": patients / len(own) if patients is not None and own else None,
        "floor_area_m2": _sum(sites, "floor_area_m2"),
        "floor_area_known": _known(sites, "floor_area_m2"),
        "m2_per_1000": 1000 * own_m2 / patients if patients and own_m2 is not None else None,
        "m2_beyond_need": beyond,
        "annual_cost": _sum(sites, "annual_cost"),
        "annual_cost_known": _known(sites, "annual_cost"),
        "cost_per_m2": _sum(both, "annual_cost") / _sum(both, "floor_area_m2") if both else None,
        "graded": sum(site["modern"] is not None or site["major"] is not None for site in sites),
        "modern": sum(site["modern"] is True for site in sites) if said.modern else None,
        "major": sum(site["major"] is True for site in sites) if said.major else None,
        "utilisation": (
            sum(site["used"] * site["floor_area_m2"] for site in used) / _sum(used, "floor_area_m2") if used else None
        ),
        "committed": sum(site["committed"] for site in sites),
        "schemes": sum(bool(site["scheme"]) for site in sites),
        "investment_cost": _sum(sites, "investment_cost"),
        "investment_cost_known": _known(sites, "investment_cost"),
    }


def _sum(sites: list[Row], key: str) -> float | None:
    known = [site[key] for site in sites if site[key] is not None]
    return math.fsum(known) if known else None


def _known(sites: list[Row], key: str) -> int:
    return sum(site[key] is not None for site in sites)


def _check_stated(ledger: Ledger, claims: Claims, sites: dict[str, Row]) -> None:
    ours = {
        "Sites": len(sites),
        "Floor area, m²": _sum(list(sites.values()), "floor_area_m2"),
        "Cost, £ a year": _sum(list(sites.values()), "annual_cost"),
    }
    pairs = []
    for row in claims.rows("estates-totals"):
        if row["measure"] in ours:
            pairs.append((row["measure"], row["ours"], ours[row["measure"]]))
        if not is_missing(row["ours"]):
            pairs.append((f"{row['measure']}, difference", row["difference"], row["ours"] - row["stated"]))
    if pairs:
        ledger.note(
            "figure", "stated totals beside those of the sites table", differing(pairs), f"{len(pairs)} figures"
        )


def _check_labels(ledger: Ledger, claims: Claims, sites: dict[str, Row]) -> None:
    rows = claims.rows("estates-conditions")
    pairs = []
    for row in rows:
        facet = next((one for one in FACETS if one in str(row["facet"]).casefold()), None)
        if facet is None:
            continue
        label = "" if str(row["label"]) == NO_LABEL else _plain(str(row["label"]))
        mine = [site for site in sites.values() if _plain(site[facet]) == label]
        where = f"{row['facet']} {row['label']}"
        derived = {
            "sites": len(mine),
            "share_of_sites": len(mine) / len(sites),
            "floor_area_m2": _sum(mine, "floor_area_m2"),
            "annual_cost": _sum(mine, "annual_cost"),
            "patients": _sum(mine, "patients"),
        }
        pairs += [(f"{where}, {key}", row[key], value) for key, value in derived.items() if key in row]
    if pairs:
        ledger.note("figure", "sites by label", differing(pairs), count(len(rows), "label"))
