"""Where the figures of the page's tables about groups, options and method come from."""

from __future__ import annotations

import re
from collections.abc import Callable

from grouping.plain_words import option_title
from grouping.report.method import detail_rows
from grouping.report.today import todays_groups as todays_groups_of
from grouping.tables_of_run import plan_files
from tests.grouping.report.page_tables import Printed, Shown, Words, agrees, figures_in
from tests.grouping.report.tables_beside import Checked, Tables, option_of

# --- the groups of an option


def groups(shown: Shown, tables: Tables) -> Checked:
    option, group = option_of(shown.caption), {}
    for r, row in enumerate(shown.rows):
        if len(row) == 1:  # remarks stand under the group they are of
            said = [one["note"] for one in tables.rows("remarks", option=option, group_id=group["group_id"])]
            yield r, 0, Words([*said, f"{group['exception']}."])
            continue
        group = tables.row("groups", option=option, group_id=row[0].split()[0])
        margin = [group["margin"], *([abs(group["outside_preferred"])] if "preferred" in row[6] else [])]
        sites = [group["sites"], *([group["main_sites"]] if "main" in row[3] else [])]
        sites += [group["branch_sites"]] if "other" in row[3] else []
        expected = [f"{group['group_id']} {group['name']}", [group["rural_share"]], group["practices"], sites]
        expected += [group["list_size"], group["minimum"], margin, group["hub"]]
        expected += [group["mean_minutes_to_hub"], group["max_practice_minutes"]]
        assert row[1].startswith(group["kind"])
        yield from ((r, c, value) for c, value in enumerate(expected))


def more_of_groups(shown: Shown, tables: Tables) -> Checked:
    """People, practices and sites of each group: one figure, and beside it in brackets what belongs to it."""
    from_words = {column.words: column.key for column in tables.named["groups"].columns}
    keys = [from_words[head.removesuffix(" (margin)")] for head in shown.columns[1:]]
    for r, row in enumerate(shown.rows):
        group = tables.row("groups", option=option_of(shown.caption), group_id=row[0])
        yield r, 0, row[0]
        for c, key in enumerate(keys, start=1):
            value = group[key]
            if isinstance(value, str) and value != "*":
                yield r, c, value
                continue
            beside = [group.get(f"{key}_share")] if value != "*" else []
            kind = key.removeprefix("list_")
            if f"margin_{kind}" in group:
                beside.append(group[f"margin_{kind}"])
                beside += [group[f"minimum_{kind}"]] if group[f"minimum_{kind}"] != group["minimum"] else []
            if key == "vulnerable":
                beside += [group["vulnerable_patients"] or None, group["not_rated"] or None]
            beside.append(group.get(f"{key}_unknown") or None)
            beside = [one for one in beside if one is not None]
            yield r, c, [value, *beside] if beside else value


def travel(shown: Shown, tables: Tables) -> Checked:
    """Journeys under an option: all, rural and urban patients."""
    row = tables.row("options", option=option_of(shown.caption))
    routine = "own practice" in shown.caption
    ends = {
        "Mean minutes": ("mean_minutes_routine{}",) if routine else ("mean_minutes_to_hub{}", "mean_minutes_hub{}"),
        "Registered patients": ("patients{}",),
        "Mean minutes before": ("mean_minutes_before{}",),
        "Mean minutes in this option": ("mean_minutes_compared{}",),
        "More than a minute longer": ("share_longer{}",),
        "More than a minute shorter": ("share_shorter{}",),
        "Patients compared": ("patients_compared{}",),
    }
    for r, (label, *cells) in enumerate(shown.rows):
        within = re.fullmatch(r"Within (\d+) minutes", label)
        if within:
            yield r, 0, label
            keys = (f"share_within_{within.group(1)}_minutes{{}}",)
        else:
            keys = ends[label]
        for c, setting in enumerate(("", "_rural", "_urban"), start=1):
            if within and routine:
                yield r, c, routine_share(row, setting, within.group(1), tables)
                continue
            key = next(key.format(setting) for key in keys if key.format(setting) in row)
            yield r, c, row[key]
        assert len(cells) == 3


def routine_share(row: dict[str, object], setting: str, limit: str, tables: Tables) -> object:
    """Share within so many minutes of the own practice: of the option as a whole, or as the tables about travel say."""
    own = f"share_routine_within_{limit}_minutes{setting}"
    if own in row:
        return row[own]
    wanted = {"journey": "routine", "mode": "car", "population": "all", "setting": setting.strip("_") or "all"}
    (found,) = tables.summary(option=row["option"], **wanted)
    return found[f"within_{limit}"]


def far_areas(shown: Shown, tables: Tables) -> Checked:
    for r, row in enumerate(shown.rows):
        code = row[0].split()[-1]
        area = tables.row("areas", option=option_of(shown.caption), area_code=code)
        groups_there = {group["group_id"] for group in tables.rows("groups", option=option_of(shown.caption))}
        assert row[2] in {*groups_there, "none"}
        yield r, 0, code if area["area"] in {"", code} else f"{area['area']} {code}"
        yield r, 2, row[2]  # the group that most patients there are in stands in no table
        yield r, 3, area["minutes_hub"]
        yield r, 4, area["minutes_routine"]


def partnerships(shown: Shown, tables: Tables) -> Checked:
    for r, row in enumerate(shown.rows):
        one = tables.row("partnerships", option=option_of(shown.caption), partnership_id=row[0])
        hub = tables.run.place.sites.at[one["hub_site_code"], "name"]
        expected = [row[0], one["group_ids"], one["practices"], one["list_size"], one["margin"], hub]
        expected += [one["mean_minutes_to_hub"], one["longest_minutes_between_hubs"]]
        yield from ((r, c, value) for c, value in enumerate(expected))


def members(shown: Shown, tables: Tables) -> Checked:
    """The practices of one group, with their sites and what is remarked on them."""
    practices = tables.run.place.practices
    for r, row in enumerate(shown.rows):
        code = next(word for word in row[0].replace(";", " ").split() if word in practices.index)
        plan = tables.row("plans", option=option_of(shown.caption), practice_code=code)
        assert plan["group_id"] in shown.caption
        assert row[0].startswith(" ".join(f"{plan['practice']} {code}".split()))
        yield r, 0, row[0]
        for c, head in enumerate(shown.columns):
            if head == "Patients":
                yield r, c, plan["list_size"]
            elif head == "Locality":
                yield r, c, str(plan["locality"] or "")
            elif head == "Group today":
                yield (
                    r,
                    c,
                    str(practices.at[code, "current_group"] or "none") if "current_group" in practices else row[c],
                )


def left_out(shown: Shown, tables: Tables) -> Checked:
    for r, row in enumerate(shown.rows):
        one = tables.row("left_out", practice_code=row[1])
        yield from ((r, c, one[key]) for c, key in enumerate(("name", "practice_code", "list_size")))


# --- options side by side

COMPARED = {
    "Smallest group, patients": "smallest",
    "Largest group, patients": "largest",
    "Mean minutes from home to the hub": "mean_minutes_to_hub",
    "… for patients in rural areas": "mean_minutes_hub_rural",
    "… for patients in urban areas": "mean_minutes_hub_urban",
    "Patients within 15 minutes of the hub": "share_within_15_minutes",
    "Patients within 30 minutes of the hub": "share_within_30_minutes",
    "Longest, practice to its hub, minutes": "longest_practice_minutes",
    "Patients more than a minute further from the hub than before": "share_longer",
    "Patients more than a minute nearer to the hub than before": "share_shorter",
    "Score, minutes per patient": "objective",
    "Score behind option 1": "behind_best",
    "Patients whose group has other members than in option 1": "different_from_best",
    "Independent check agrees": "verified",
}


def comparison(shown: Shown, tables: Tables) -> Checked:
    options = tables.records["options"]
    before = ""
    for r, (words, *cells) in enumerate(shown.rows):
        label = words.removesuffix(", estimate")
        yield r, 0, words
        for c, (cell, option) in enumerate(zip(cells, options, strict=True), start=1):
            if label == "Groups":
                yield r, c, [option["groups"], option["urban_groups"], option["rural_groups"]]
            elif label == "Groups below their minimum":
                rows = tables.rows("groups", option=option["option"])
                granted = sum(row["margin"] < 0 for row in rows) - option["exceptions"]
                short = [option["exceptions"], option["shortfall"]] if option["exceptions"] else []
                yield r, c, [*short, *([granted] if granted else [])]
            elif label == "… in rural areas":
                yield r, c, option[f"{COMPARED[before]}_rural"]
            elif cell == "–":
                assert c == 1, "only the first option has nothing to be compared with"
            else:
                value = option[COMPARED[label]]
                yield r, c, [value] if "next best" in cell else value
        before = before if label.startswith("…") else label


def criteria(shown: Shown, tables: Tables) -> Checked:
    """The six criteria: figures, and the column that names which options are lowest or highest."""
    ids = [option["option"] for option in tables.records["options"]]
    for r, row in enumerate(shown.rows):
        if len(row) < 1 + len(ids):
            yield r, 0, row[0]  # the name of a criterion, or sentences on what is absent
            continue
        label = re.sub(r" \((higher is better|lower is better|neither is better)\)$", "", row[0])
        yield r, 0, row[0]
        for c, option in enumerate(ids, start=1):
            one = next(
                one for one in tables.rows("criteria", option=option) if " ".join(one["indicator"].split()) == label
            )
            yield r, c, Printed(one["figure"], one["unit"])
        if len(row) > 1 + len(ids) and "ption" in row[-1]:
            figures = [float(re.sub(r"[^\d.]", "", cell.removesuffix("m²"))) for cell in row[1 : 1 + len(ids)]]
            best = min(figures) if row[-1].startswith("lowest") else max(figures)
            assert {int(n) for n in re.findall(r"\d+", row[-1])} == {
                n for n, one in enumerate(figures, 1) if one == best
            }
            yield r, len(row) - 1, row[-1]


def todays_groups(shown: Shown, tables: Tables) -> Checked:
    for r, row in enumerate(shown.rows):
        one = next(
            one
            for one in tables.rows("today", option=option_of(shown.caption))
            if " ".join(one["today"].split()) == row[0]
        )
        yield from ((r, c, one[key]) for c, key in enumerate(("today", "practices", "list_size", "becomes")))


def leavers(shown: Shown, tables: Tables) -> Checked:
    """How many of today's companions stay, where those that stay have less than half of the patients of all."""
    plans = {row["practice_code"]: row for row in tables.records["plans"]}
    today = todays_groups_of(tables.run).of
    for r, row in enumerate(shown.rows):
        code = next(word for word in row[0].split() if word in plans)
        others = [other for other, group in today.items() if group == today[code] and other != code]
        yield r, 0, f"{plans[code]['practice']} {code}"
        yield from ((r, 1, plans[code]["list_size"]), (r, 2, today[code]))
        for c, head in enumerate(shown.columns[3:], start=3):
            of = {one["practice_code"]: one["group_id"] for one in tables.rows("plans", option=option_of(head))}
            stay = [other for other in others if of.get(other) == of[code]]
            kept, every = (sum(plans[other]["list_size"] for other in codes) for codes in (stay, others))
            if shown.rows[r][c] == "–":
                assert stay and 2 * kept >= every, (code, head)
                yield r, c, None
            else:
                assert 2 * kept < every or not stay, (code, head)
                found = figures_in(shown.rows[r][c])
                yield r, c, [len(stay), len(others)][: len(found)] if found else shown.rows[r][c]


def borders(shown: Shown, tables: Tables) -> Checked:
    ids = [option["option"] for option in tables.records["options"]]
    for r, row in enumerate(shown.rows):
        rows = {
            option: one
            for option in ids
            for one in tables.rows("borders", option=option)
            if one["practice_code"] in row[0].split()
        }
        first = rows[ids[0]]
        yield r, 0, f"{first['practice']} {first['practice_code']}"
        yield r, 1, first["list_size"]
        for c, option in enumerate(ids, start=2):
            others = ", ".join(rows[option]["could_move_to"].split())
            yield r, c, rows[option]["group_id"] + (f" or {others}" if others else "")
        if len(row) > 2 + len(ids):
            code = first["practice_code"]
            near = [one for one in tables.records["agreement"] if code in (one["practice_a"], one["practice_b"])]
            shares = {
                " ".join(f"{one['name_b'] if one['practice_a'] == code else one['name_a']}".split()): one[
                    "together_share"
                ]
                for one in near
            }
            said = row[-1]
            for name in sorted(shares, key=len, reverse=True):
                found = re.search(rf"{re.escape(name)} (under 1%|over 99%|\d+%)", said)
                if found:
                    assert agrees(found.group(1), shares[name]), (said, name, shares[name])
                    said = said.replace(found.group(0), "")
            assert not figures_in(said), row[-1]
            yield r, len(row) - 1, row[-1]


def open_borders(shown: Shown, tables: Tables) -> Checked:
    for r, (one, other, _) in enumerate(shown.rows):
        row = next(
            row
            for row in tables.records["agreement"]
            if f"({row['practice_a']})" in one and f"({row['practice_b']})" in other and row["border"]
        )
        yield r, 0, f"{row['name_a']} ({row['practice_a']})"
        yield r, 1, f"{row['name_b']} ({row['practice_b']})"
        yield r, 2, row["together_share"]


# --- how it was made


def sureness(shown: Shown, tables: Tables) -> Checked:
    run, options = tables.run, tables.records["options"]
    of = {option["option"]: tables.rows("groups", option=option["option"]) for option in options}

    def said(counted: list[tuple[str, int, int]]) -> list[int]:
        """Number of the option, groups that are so, and all groups, one after another; nothing where none is so."""
        numbers = [[*option_number(option, len(of)), some, every] for option, some, every in counted]
        return [number for one in numbers for number in one] if any(some for _, some, _ in counted) else []

    def noted(kind: str) -> list[int]:
        made = []
        for option, rows in of.items():
            has = {
                one["group_id"]
                for one in tables.records.get("remarks", [])
                if one["option"] == option and one["kind"] == kind
            }
            made.append((option, len(has), len(rows)))
        return said(made)

    def thin() -> list[int]:
        made = []
        for option, rows in of.items():
            thinly = [row for row in rows if 0 <= row["margin"] < 0.05 * row["minimum"]]
            made.append((option, len(thinly), len(rows)))
        return said(made)

    agreement = tables.records.get("agreement", [])
    scenarios = tables.records.get("impact-scenarios", [])
    expected: dict[str, Callable[[], object]] = {
        "Proof": lambda: [run.solver.gap] if run.solver is not None and run.solver.gap is not None else [],
        "Plans nearly as good": lambda: len(run.near),
        "Open to choice": lambda: [
            sum(row["verdict"] == "choice" and row["border"] for row in agreement),
            sum(row["border"] for row in agreement),
        ],
        "Other assumptions": lambda: [
            *([len({row["title"] for row in scenarios if row["rank_changes"]})] if len(of) > 1 else []),
            len({row["title"] for row in scenarios}),
        ] if scenarios else [],
        "Near the rural threshold": lambda: noted("near-threshold"),
        "The other definition of rural": lambda: noted("second-definition"),
        "Estimated homes decide": lambda: noted("estimated"),
        "Thin margins": thin,
        "Estimated registrations": lambda: options[0]["patients_estimated"],
        "Without a route": lambda: options[0]["patients_without_route"],
        "Minutes": list,
        "Input check": lambda: sum(row["severity"] != "note" for row in tables.records.get("findings", [])),
        "Independent check": lambda: [sum(option["verified"] == "yes" for option in options), len(options)],
    }  # fmt: skip
    for r, row in enumerate(shown.rows):
        yield r, 1, expected[row[0]]()
        yield (
            r,
            2,
            row[2] if not re.search(r"\d{2}", row[2]) else Words([run.near.sentence.rstrip(".")] if run.near else []),
        )
        yield r, 3, row[3]


def option_number(option: str, options: int) -> list[int]:
    """The number in the title of an option, where the options are told one by one."""
    return [int(option_title(option).split()[-1])] if options > 1 else []


def details(shown: Shown, tables: Tables) -> Checked:
    """What the travel times say of themselves; it stands in no table, but word for word in the record of the run."""
    said = dict(detail_rows(tables.run.times.method.details))
    yield from ((r, 1, " ".join(str(said[row[0]]).split())) for r, row in enumerate(shown.rows))
    yield from ((r, 0, row[0]) for r, row in enumerate(shown.rows))


def rules(shown: Shown, tables: Tables) -> Checked:
    listed = tables.records["rules"]
    assert len(listed) == len(shown.rows)
    for r, one in enumerate(listed):
        yield from ((r, c, str(one[key] or "")) for c, key in enumerate(("meaning", "value", "rule")))


def checks(shown: Shown, tables: Tables) -> Checked:
    rows = tables.rows("checks", option=option_of(shown.caption))
    assert len(rows) == len(shown.rows)
    for r, one in enumerate(rows):
        yield from ((r, c, str(one[head.lower()] or "")) for c, head in enumerate(shown.columns))


def findings(shown: Shown, tables: Tables) -> Checked:
    for r, row in enumerate(shown.rows):
        severity, code = row[0].split()
        found = [one for one in tables.rows("findings", severity=severity) if (one["code"] or "other") == code]
        yield r, 1, len(found)
        yield r, 2, Words([part for one in found for part in map(str, one.values()) if part])


def sources(shown: Shown, tables: Tables) -> Checked:
    listed = tables.records["sources"]
    assert len(listed) == len(shown.rows)
    keys = {"Table": "table", "File": "file", "Rows": "rows", "Date of the data": "vintage", "Licence": "licence"}
    for r, (row, one) in enumerate(zip(shown.rows, listed, strict=True)):
        for c, head in enumerate(shown.columns):
            if head in keys:
                yield r, c, one[keys[head]] or "not stated"
            elif head == "Attribution":
                yield r, c, str(one["attribution"] or "")
            else:
                known = one.get("sha256") or ""
                assert row[c] == (f"{known[:12]}…" if known else "not published")
                yield r, c, row[c]


def downloads(shown: Shown, tables: Tables) -> Checked:
    listed = [*tables.named.values(), *plan_files(tables.run)]
    assert [row[0] for row in shown.rows] == [table.title for table in listed]
    for r, table in enumerate(listed):
        yield r, 0, table.title
        assert table.file in shown.rows[r][1] or "Too large" in shown.rows[r][1]
        yield r, 1, shown.rows[r][1]
        yield r, 2, len(table.table)
        yield r, 3, " ".join(table.holds.split())
