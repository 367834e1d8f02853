"""Whether questions about sites keep the access floor: asked of `grouping.verify.site_floor`, which derives it."""

from __future__ import annotations

from grouping.verify.delivery.claims import Claims, first_few
from grouping.verify.ledger import Ledger
from grouping.verify.site_floor import SiteClaims, verify_site_choice


def check_sites(ledger: Ledger, claims: Claims) -> None:
    """Check the tables of questions about sites; for the public there must be none."""
    if claims.public:
        ledger.note("rule", "nothing about single sites is published", ["there are tables"], "")
        return
    said, estates = claims.ground.settings.site_options, claims.ground.settings.estates
    everybody = [
        row for row in claims.rows("site_choice-people") if row["mode"] == "car" and row["population"] == "all"
    ]
    place = claims.ground.run.place if claims.ground.ready is None else claims.ground.ready.place
    found = verify_site_choice(
        SiteClaims(
            sites=claims.tables["site_choice-sites"],
            plan=claims.ground.plan,
            budget=said.budget,
            cost_per_m2=said.cost_per_m2,
            beyond_minutes=said.beyond_minutes,
            longer_minutes=said.longer_minutes,
            protect=tuple(said.protect),
            protect_sites=tuple(said.protect_sites),
            judged_by=estates.judged_by,
            major=tuple(estates.major),
            longer=float(everybody[0]["longer"]) if everybody else 0.0,
            longer_5=float(everybody[0]["longer_5"]) if everybody else 0.0,
        ),
        place,
        claims.ground.run.times,
    )
    for row in found.to_dict("records"):
        wrong = first_few(str(row["detail"]).split("; ")) if not row["agrees"] else []
        ledger.note(str(row["kind"]), str(row["claim"]), wrong, str(row["detail"]))
