"""What was said and what came of it, in sentences."""

from __future__ import annotations

from grouping.engagement.days import day_words
from grouping.engagement.found import Found, Link
from grouping.engagement.origins import title_of
from grouping.engagement.remarks import ANSWERED, CHANGED, OPEN, Log, Remark
from grouping.plain_words import count, listed, option_title, percent, plural

STATUS_WORDS = {CHANGED: "led to a change", ANSWERED: "answered", OPEN: "open: nobody has answered this yet"}
NO_LOG = "No remarks have been logged."
FOUND = "found by the search; no history is given for it"
BY_HAND = "made by hand; no history is given for it"
NOT_PUBLISHED = "its history is not published"


def lines_of(made: Found) -> tuple[str, ...]:
    """Two to four sentences, the answer first."""
    lines = [log_line(made.log), about_line(made), history_line(made), kept_back_line(made)]
    return tuple(line for line in lines if line)


def log_line(log: Log) -> str:
    """The log in a sentence: `14 remarks, 9 led to a change, 3 are answered, 2 still open`."""
    if not log.given:
        return NO_LOG
    answered, waiting = log.count(ANSWERED), log.count(OPEN)
    said = f"{log.count(CHANGED)} led to a change, {answered} {'is' if answered == 1 else 'are'} answered"
    return f"{plural(len(log.remarks), 'remark')}, {said}, {waiting} still open."


def about_line(made: Found) -> str:
    """How many remarks are about the option of the page, about others, and about none."""
    if not made.log.remarks:
        return ""
    own = made.ground.option_id
    options = {option for option in made.chains if option != own}
    mine = sum(one.option == own for one in made.log.remarks)
    others = sum(one.option in options for one in made.log.remarks)
    rest = len(made.log.remarks) - mine - others
    parts = [f"{mine} {_are(mine)} about {option_title(own)}"]
    if others:
        parts.append(f"{others} about other options")
    if rest:
        parts.append(f"{rest} about no option of this run")
    return f"Of these, {listed(parts)}."


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def history_line(made: Found) -> str:
    """Where the option of the page comes from, and what its last step changed."""
    option = made.ground.option_id
    chain = made.chains[option]
    title = option_title(option)
    if not chain:
        return f"{title}: {without_history(made, option)}."
    public = made.ground.run.public
    origins = [title_of(made.links[key].step.came_from, public=public) for key in reversed(chain)]
    said = f"{title} came from {', which came from '.join(origins)}."
    link = made.links[chain[-1]]
    return said if link.difference is None else f"{said} {changed_line(link, made.ground.run.public)}"


def without_history(made: Found, option: str) -> str:
    """What is said of an option without a history that may be told."""
    if option in made.hidden:
        return NOT_PUBLISHED
    return BY_HAND if made.ground.run.command == "score" else FOUND


def changed_line(link: Link, public: bool) -> str:
    """How many practices changed companions in a step."""
    found = link.difference
    origin = title_of(link.step.came_from, public=public)
    if not found.changes:
        return f"Against {origin} no practice changed companions."
    number, others = len(found.changes), len(found.changes) - len(found.moved)
    rest = ", the others had somebody join or leave" if others else ""
    return (
        f"Against {origin} {plural(number, 'practice')} with {count(found.patients)} patients "
        f"({percent(found.share, 1)}) changed companions; {len(found.moved):,} of them, with "
        f"{count(found.moved_patients)} patients, went to another group{rest}."
    )


def kept_back_line(made: Found) -> str:
    """For the public: that only what is marked is told, and whether that is everything."""
    if not (made.ground.run.public and made.log.given):
        return ""
    rest = "others are left out" if made.log.kept_back else "none is left out"
    return f"Only remarks marked for publication are told here; {rest}."


def about_words(one: Remark) -> str:
    """What a remark is about: option, practice, place."""
    parts = [option_title(one.option)] if one.option else []
    if one.practice_code:
        parts.append(f"{one.practice} ({one.practice_code})" if one.practice else one.practice_code)
    if one.place:
        parts.append(one.place)
    return ", ".join(parts) or "everything"


def outcome_words(one: Remark) -> str:
    """What became of a remark: what changed, why nothing did, or that it is open."""
    parts = [f"Changed: {one.changed}"] if one.changed else []
    if one.why_not:
        parts.append(f"{'Not changed' if not one.changed else 'And why not more'}: {one.why_not}")
    return " ".join(parts) or "Open: nobody has answered this yet."


def step_title(link: Link, public: bool) -> str:
    """A step as a heading: `Option 1 came from today's groups, 12 May 2017`."""
    step = link.step
    now = title_of(step.plan, public=public)
    day = "" if step.day is None else f", {day_words(step.day)}"
    return f"{now[:1].upper()}{now[1:]} came from {title_of(step.came_from, public=public)}{day}"
