"""What the tables of an evidence pack hold, and what each column means: a header with its unit, and how it is shown."""

from __future__ import annotations

from grouping.named_table import Kind

TABLE_WORDS: dict[str, tuple[str, str]] = {
    "summary": (
        "Journeys by population",
        "For each option, journey, mode, population and setting: how long the journey is for all who have one, and how "
        "it changes for the people compared, who have it before and after.",
    ),
    "communities": (
        "Communities",
        "The same by community (areas that share a name). Rank 1 is the worst: the largest change where there is a "
        "before, else the longest journey; communities with few people have no rank.",
    ),
    "inequality": (
        "Inequality",
        "How much longer the journey of one population is than that of the people it is compared with: the gap is the "
        "one mean minus the other, the ratio the one mean divided by the other. The gaps before and after are those "
        "among the people compared, who have the journey before and after.",
    ),
    "practices": (
        "Practices",
        "Mean minutes of the registered patients of each practice: of all with a route, and before and after of those "
        "who can be compared.",
    ),
    "groups": (
        "Groups",
        "Mean minutes of the registered patients of each group: of all with a route, and before and after of those who "
        "can be compared.",
    ),
    "scenarios": (
        "Stress: options",
        "To the hub by car under each assumption, and how the options rank (1 is the shortest, or the fewest).",
    ),
    "robust": (
        "Stress: communities",
        "Communities that are worse off, and under how many of the assumptions: by more than one minute where there is "
        "a before, else beyond the threshold.",
    ),
    "list_changes": (
        "Stress: worst communities",
        "Which communities join or leave the list of the worst under each assumption.",
    ),
    "mitigation": (
        "Prompts for mitigation",
        "Existing sites within reach of communities that are beyond the threshold. To ask about, from data only.",
    ),
    "mitigation_sites": (
        "Mitigation by site",
        "The few existing sites that together lie within the threshold of most people beyond it. To ask about, from "
        "data only.",
    ),
    "places": ("Find my place", "One plain sentence for each community, option and mode; no option means today."),
    "people": (
        "Who the patients are",
        "The populations counted, by setting, and how each was carried from residents to registered patients.",
    ),
    "site_options": ("Site options", "The sites that open, move or are considered further, as they were given."),
}
"""Title of each table and what it holds, in the order of the pack."""

BASE = "the case as it stands"
"""What the figures are for, where they are not for a scenario."""

LONGER = (5, 10, 15, 20)
WITHIN = (10, 15, 20, 30, 45)

COLUMN_WORDS: dict[str, tuple[str, Kind]] = {
    "family": ("Breakdown", "text"),
    "population": ("Population (key)", "text"),
    "label": ("Population", "text"),
    "people": ("People", "people"),
    "rural": ("People in rural areas", "people"),
    "urban": ("People in urban areas", "people"),
    "not_known": ("People, setting not known", "people"),
    "carried": ("How it is known", "text"),
    "option": ("Option", "text"),
    "scenario": ("Scenario", "text"),
    "journey": ("Journey", "text"),
    "mode": ("Mode", "text"),
    "setting": ("Setting", "text"),
    "no_route": ("No route, or home not in the inputs (people)", "people"),
    "mean": ("Mean (minutes)", "minutes"),
    "median": ("Median (minutes)", "minutes"),
    "p90": ("Nine in ten within (minutes)", "minutes"),
    "longest": ("Longest (minutes)", "minutes"),
    **{f"within_{m}": (f"Within {m} minutes (share of all people)", "share") for m in WITHIN},
    "people_compared": ("People compared", "people"),
    "mean_before": ("Mean before, people compared (minutes)", "minutes"),
    "mean_after": ("Mean after, people compared (minutes)", "minutes"),
    "mean_change": ("Change of the mean, people compared (minutes)", "minutes"),
    "median_before": ("Median before (minutes)", "minutes"),
    "p90_before": ("Nine in ten before within (minutes)", "minutes"),
    **{f"longer_{m}": (f"Longer by more than {m} minutes (people)", "people") for m in LONGER},
    "shorter_5": ("Shorter by more than 5 minutes (people)", "people"),
    "newly_beyond": ("Newly beyond the threshold (people)", "people"),
    "no_longer_beyond": ("No longer beyond the threshold (people)", "people"),
    "beyond": ("Beyond the threshold (people)", "people"),
    "lost_route": ("Route lost (people)", "people"),
    "gained_route": ("Route gained (people)", "people"),
    "change_in_patient_minutes": ("Change, all people together (patient-minutes)", "people"),
    "kept_no_site": ("Own practice keeps no site, counted apart (people)", "people"),
    "kept_no_site_before": ("Own practice keeps no site: mean before (minutes)", "minutes"),
    "kept_no_site_after": ("Own practice keeps no site: mean after, to a site of the group (minutes)", "minutes"),
    "kept_no_site_longer_5": ("Own practice keeps no site: longer by more than 5 minutes (people)", "people"),
    "compared_with": ("Compared with", "text"),
    "people_compared_with": ("People compared with", "people"),
    "mean_compared_with": ("Mean of those (minutes)", "minutes"),
    "gap": ("Gap (minutes)", "minutes"),
    "gap_before": ("Gap before, people compared (minutes)", "minutes"),
    "gap_after": ("Gap after, people compared (minutes)", "minutes"),
    "ratio": ("Ratio", "ratio"),
    "practice_code": ("Practice code", "text"),
    "name": ("Name", "text"),
    "group_id": ("Group", "text"),
    "kind": ("Kind", "text"),
    "change": ("Change, people compared (minutes)", "minutes"),
    "community": ("Community", "text"),
    "areas": ("Area codes", "text"),
    "age_65_plus": ("Aged 65 and over (people)", "people"),
    "no_car": ("Household without a car (people)", "people"),
    "most_deprived": ("Most deprived fifth (people)", "people"),
    "minutes": ("Mean of all with a route (minutes)", "minutes"),
    "minutes_before": ("Before, people compared (minutes)", "minutes"),
    "minutes_after": ("After, people compared (minutes)", "minutes"),
    "rank": ("Rank (1 = worst)", "number"),
    "title": ("Title", "text"),
    "rank_mean": ("Rank by mean", "number"),
    "rank_p90": ("Rank by nine in ten", "number"),
    "rank_beyond": ("Rank by people beyond the threshold", "number"),
    "rank_changes": ("What changes in the ranks", "text"),
    "base": (f"{BASE} (minutes)", "minutes"),
    "least": ("Least under any assumption tried (minutes)", "minutes"),
    "most": ("Most under any assumption tried (minutes)", "minutes"),
    "scenarios_worse": ("Assumptions under which it is worse off", "number"),
    "scenarios": ("Assumptions tried", "number"),
    "robust": ("Worse off under every assumption tried", "text"),
    "step": ("Step (the sites before it included)", "number"),
    "people_added": ("People it adds", "people"),
    "people_in_all": ("People with the sites before it", "people"),
    "list_change": ("On the list of the worst", "text"),
    "rank_base": (f"Rank: {BASE}", "number"),
    "people_beyond": ("Beyond the threshold (people)", "people"),
    "minutes_now": ("To the hub (minutes)", "minutes"),
    "site_code": ("Site code", "text"),
    "site": ("Site", "text"),
    "of_practice": ("Site of practice", "text"),
    "minutes_to_site": ("To the site (minutes)", "minutes"),
    "people_served_here": ("Within the threshold of the site, this community (people)", "people"),
    "people_served_all": ("Within the threshold of the site, all communities (people)", "people"),
    "sentence": ("Sentence", "text"),
}
"""Header, with its unit, and kind of each column."""


def table_words(name: str) -> tuple[str, str]:
    """Title of a table and what it holds."""
    return TABLE_WORDS.get(name, (_plain(name), ""))


def column_words(column: str, base: str = BASE) -> tuple[str, Kind | None]:
    """Header of a column and its kind; None where the kind must be read from the values.

    Parameters
    ----------
    column
        Its name in the table.
    base
        What the figures are for: the case as it stands, or the title of a scenario.
    """
    words, kind = COLUMN_WORDS.get(column, (_plain(column), None))
    words = words.replace(BASE, base) if column in {"base", "rank_base"} else words
    return words[:1].upper() + words[1:], kind


def in_order(names: list[str]) -> list[str]:
    """Names of tables in the order of the pack, those it does not know last."""
    known = list(TABLE_WORDS)
    return sorted(names, key=lambda name: (known.index(name) if name in known else len(known), name))


def _plain(name: str) -> str:
    return name.replace("_", " ").capitalize()
