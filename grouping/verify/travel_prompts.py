"""Whether the prompts for mitigation say what the minutes give."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from grouping.escape import spreadsheet_cell
from grouping.verify.record import Line
from grouping.verify.travel_cells import HALF_A_THOUSANDTH, Sheet, compare, read_sheet
from grouping.verify.travel_ground import Ground, group_of
from grouping.verify.travel_trips import HAIR, over

PROMPTS = (
    "option", "community", "setting", "people_beyond", "minutes_now", "site_code", "site", "kind", "of_practice",
    "minutes_to_site", "people_served_here", "people_served_all",
)  # fmt: skip
COVER = ("option", "step", "site_code", "site", "kind", "of_practice", "people_added", "people_in_all")
MOST_SITES = 5
DETOUR = 10.0
"""Minutes that a site of the community's own group may lie further away than another."""

CLOSE = 2e-6
"""People or minutes by which two sites are alike."""


@dataclass(frozen=True)
class Offer:
    """A site that lies within the threshold of some people of a community, and the group it is a site of."""

    site: str
    people: float
    minutes: float
    group: str

    def alike(self, other: Offer) -> bool:
        """Whether only noise tells the two apart."""
        close = abs(self.people - other.people) <= CLOSE and abs(self.minutes - other.minutes) <= CLOSE
        return close and (self.people, self.minutes) != (other.people, other.minutes)


@dataclass(frozen=True)
class Far:
    """The people of one option who are beyond the threshold of their hub.

    Parameters
    ----------
    rows
        One row per practice and area of them: `community`, `group_id`, `patients`, `minutes`.
    near
        Minutes to each site (column) within the threshold, NaN to all others; rows as in `rows`.
    owner
        The group that each site's practice is in, empty for others.
    """

    rows: pd.DataFrame
    near: pd.DataFrame
    owner: pd.Series

    @cached_property
    def reached(self) -> pd.DataFrame:
        """Patients of each row whom each site reaches."""
        return self.near.notna().astype(float).mul(self.rows["patients"], axis=0)

    @cached_property
    def served(self) -> pd.DataFrame:
        """People of each community (row) whom each site reaches."""
        return self.reached.groupby(self.rows["community"]).sum()

    @cached_property
    def minutes(self) -> pd.DataFrame:
        """Their mean minutes to it."""
        spent = self.near.fillna(0.0).mul(self.rows["patients"], axis=0).groupby(self.rows["community"]).sum()
        return spent / self.served.where(self.served > 0)

    @cached_property
    def offers(self) -> dict[str, list[Offer]]:
        """For each community the sites that reach anybody."""
        found: dict[str, list[Offer]] = {community: [] for community in self.served.index}
        here, site = (self.served.to_numpy() > 1e-6).nonzero()
        people, minutes = (table.to_numpy()[here, site].tolist() for table in (self.served, self.minutes))
        names = (self.served.index[here], self.served.columns[site], self.owner.to_numpy()[site])
        for community, code, group, number, mean in zip(*names, people, minutes, strict=True):
            found[community].append(Offer(code, number, mean, group))
        return found

    @cached_property
    def home(self) -> dict[str, str]:
        """The group of most of the people of each community; the smaller name where two have as many."""
        sums = self.rows.groupby(["community", "group_id"])["patients"].sum().round(6).reset_index()
        order = sums.sort_values(["community", "patients", "group_id"], ascending=[True, False, True])
        return order.drop_duplicates("community").set_index("community")["group_id"].to_dict()

    @cached_property
    def in_all(self) -> pd.Series:
        """People of all communities whom each site reaches."""
        return self.reached.sum()


def _far(ground: Ground, option: str) -> Far:
    traveller, rows = ground.travellers["car"], ground.patients.rows
    table = ground.trips[option, "hub", "car"].table
    beyond = table["counted"] & (table["after"] > traveller.threshold + HAIR) & (rows["patients"] > 0)
    group = group_of(ground.plans[option])
    far = rows[beyond].assign(community=ground.community[beyond], minutes=table.loc[beyond, "after"])
    far["group_id"] = far["practice_code"].map(group)
    minutes = traveller.minutes(far["area_code"], list(ground.evidence.home.columns))
    owner = ground.evidence.place.sites["practice_code"].reindex(minutes.columns).map(group).fillna("")
    return Far(far, minutes.where(minutes <= traveller.threshold + HAIR), owner)


def check_prompts(folder: Path, ground: Ground) -> list[Line]:
    """Check `mitigation` and `mitigation_sites`.

    Parameters
    ----------
    folder
        The pack.
    ground
        What is derived once.
    """
    prompts, cover = read_sheet(folder, "mitigation", PROMPTS), read_sheet(folder, "mitigation_sites", COVER)
    sites = _sites(ground)
    parts = []
    for option in ground.plans:
        far = _far(ground, option)
        parts.append(_asked(prompts, far, option, ground))
        _check_cover(cover, far, option, sites)
    expected = pd.concat(parts, ignore_index=True)
    numbers = (*PROMPTS[3:5], *PROMPTS[9:])
    compare(prompts, expected, PROMPTS[:2], texts=("setting", "site_code"), numbers=numbers)
    _check_sites(prompts, sites, ground)
    for number, option in enumerate(cover.cells["option"]):
        if option not in ground.plans:
            cover.blame(number, "option", "an option of the run")
    return [
        prompts.line("travel: which site would bring people back, and how many", f"{len(expected):,} prompts"),
        cover.line("travel: the few sites that together bring most people back", f"{len(cover.cells)} sites"),
    ]


def _sites(ground: Ground) -> pd.DataFrame:
    """Name, kind and practice of each site in words."""
    place = ground.evidence.place
    owner = place.sites["practice_code"].fillna("").astype(str)
    called = owner.map(place.practices["name"]).fillna("").astype(str)
    of = (called + " (" + owner + ")").where(called != "", owner)
    names, kinds = (place.sites[column].astype(str) for column in ("name", "kind"))
    return pd.DataFrame({"site": names, "kind": kinds, "of_practice": of})


def _asked(sheet: Sheet, far: Far, option: str, ground: Ground) -> pd.DataFrame:
    """What the prompts of one option should say; a site that is as good as the first choice may stand in its place."""
    about = ground.about["setting"]
    written = sheet.part(option=option).drop_duplicates("community").set_index("community")["site_code"]
    rows, people = [], far.rows.groupby("community")["patients"].sum()
    spent = (far.rows["patients"] * far.rows["minutes"]).groupby(far.rows["community"]).sum()
    mean = over(spent, people)
    for community in people.index:
        chosen = _choice(far, community, written.get(spreadsheet_cell(community), ""))
        row = {"option": option, "community": community, "setting": about[community], "site_code": chosen}
        row |= {"people_beyond": people[community], "minutes_now": mean[community]}
        found = bool(chosen)
        row["minutes_to_site"] = far.minutes.at[community, chosen] if found else math.nan
        row["people_served_here"] = far.served.at[community, chosen] if found else 0.0
        row["people_served_all"] = far.in_all[chosen] if found else 0.0
        rows.append(row)
    return pd.DataFrame(rows, columns=[name for name in PROMPTS if name not in ("site", "kind", "of_practice")])


def _choice(far: Far, community: str, written: str) -> str:
    """The site for most people of a community.

    One of its own group, if that reaches half of what the best one does, and lies no more than 10 minutes further than
    the nearest that does.
    """
    offers = far.offers[community]
    if not offers:
        return ""
    best = max(offer.people for offer in offers)
    right: list[Offer] = []
    for hair in (CLOSE, -CLOSE):  # what is exactly half, or just as far, may fall on either side
        enough = [offer for offer in offers if offer.people >= best * (0.5 - hair)]
        furthest = min(offer.minutes for offer in enough) + DETOUR + hair
        own = [offer for offer in enough if offer.group == far.home[community] and offer.minutes <= furthest]
        among = own or offers
        first = min(among, key=lambda offer: (-round(offer.people, 6), round(offer.minutes, 6), offer.site))
        right += [first, *(offer for offer in among if offer.alike(first))]
    return written if written in {offer.site for offer in right} else right[0].site


def _check_sites(sheet: Sheet, sites: pd.DataFrame, ground: Ground) -> None:
    """What is said of a site, or that there is none."""
    limit = ground.evidence.rules.impact.threshold_minutes
    nothing = {"site": f"no existing site lies within {limit:g} minutes", "kind": "", "of_practice": ""}
    for number, cell in enumerate(sheet.cells.to_dict("records")):
        code = cell["site_code"]
        right: Mapping[str, str] = nothing if not code else sites.loc[code] if code in sites.index else {}
        for column, value in dict(right).items():
            if cell[column] != spreadsheet_cell(str(value)):
                sheet.blame(number, column, value)


def _check_cover(sheet: Sheet, far: Far, option: str, sites: pd.DataFrame) -> None:
    """Step by step: no site adds more people to those before it than the one that is named."""
    rows = sheet.part(option=option)
    waiting, total = far.reached.copy(), 0.0
    for step, number in enumerate(rows.index, start=1):
        cell, adds = rows.loc[number], waiting.sum()
        best = adds.max() if len(adds) else 0.0
        code = cell["site_code"]
        if code not in adds.index or adds[code] < best - CLOSE or adds[code] <= 1e-6:
            name = _best(adds, waiting, far) if best > 1e-6 else "no site"
            sheet.blame(number, "site_code", name)
            return
        total += adds[code]
        for column, value in (("step", float(step)), ("people_added", adds[code]), ("people_in_all", total)):
            if not abs(sheet.numbers.at[number, column] - value) <= HALF_A_THOUSANDTH + 1e-9 * value:
                sheet.blame(number, column, float(value))
        for column, value in sites.loc[code].items():
            if cell[column] != spreadsheet_cell(str(value)):
                sheet.blame(number, column, value)
        minutes = _mean_minutes(waiting, far)
        rival = [s for s in adds.index[adds >= adds[code] - 1e-9] if minutes[s] < minutes[code] - CLOSE]
        if rival:
            sheet.blame(number, "site_code", f"{rival[0]} (as many people, nearer)")
        waiting = waiting.mask(waiting[code] > 0, 0.0)
    left = waiting.sum().max() if len(waiting.columns) and len(rows) < MOST_SITES else 0.0
    if left > 1e-6 or len(rows) > MOST_SITES:
        sheet.wrong.append(f"{sheet.file}: {option} has {len(rows)} sites; another would bring {left:,.3f} people back")


def _mean_minutes(waiting: pd.DataFrame, far: Far) -> pd.Series:
    adds = waiting.sum()
    return far.near.fillna(0.0).mul(waiting).sum() / adds.where(adds > 0)


def _best(adds: pd.Series, waiting: pd.DataFrame, far: Far) -> str:
    minutes = _mean_minutes(waiting, far)
    return min((-round(number, 6), round(minutes[site], 6), site) for site, number in adds.items() if number > 0)[2]
