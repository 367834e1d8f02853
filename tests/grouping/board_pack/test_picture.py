"""The picture of a map: its size, its bytes, what is drawn, and that names stay names."""

from __future__ import annotations

from pathlib import Path

import matplotlib.text
import numpy as np
import pytest
from PIL import Image

from grouping.board_pack import picture as module
from grouping.board_pack import write_picture
from grouping.maps.hatches import HATCHES
from tests.grouping.made_run import HOSTILE_NAMES, made_run


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("png") / "map.png"
    write_picture(made_run(), "option-1", path)
    return path


def _texts(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, object]]]:
    """What is written into a picture from now on: every text that matplotlib draws, and how."""
    drawn: list[tuple[str, dict[str, object]]] = []
    draw = matplotlib.text.Text.draw

    def noted(self: matplotlib.text.Text, renderer: object) -> None:
        if self.get_text():
            drawn.append((self.get_text(), {"math": self.get_parse_math(), "box": self.get_window_extent(renderer)}))
        draw(self, renderer)

    monkeypatch.setattr(matplotlib.text.Text, "draw", noted)
    return drawn


def test_it_is_a4_landscape_at_300_dots_an_inch(picture: Path) -> None:
    with Image.open(picture) as image:
        assert image.size == (3507, 2481)
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.01)
        assert "Software" not in image.info
        assert "Draft for discussion. Not a decision." in image.info["Description"]


def test_the_same_run_gives_the_same_bytes(picture: Path, tmp_path: Path) -> None:
    write_picture(made_run(), "option-1", tmp_path / "again.png")
    assert (tmp_path / "again.png").read_bytes() == picture.read_bytes()


def test_another_option_is_another_picture_and_an_unknown_one_an_error(picture: Path, tmp_path: Path) -> None:
    write_picture(made_run(), "option-2", tmp_path / "two.png")
    assert (tmp_path / "two.png").read_bytes() != picture.read_bytes()
    with pytest.raises(KeyError):
        write_picture(made_run(), "option-9", tmp_path / "none.png")
    assert not (tmp_path / "none.png").exists()


def test_the_status_stands_above_and_twice_within_the_map_and_nothing_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    drawn = _texts(monkeypatch)
    write_picture(made_run(), "option-1", tmp_path / "map.png")
    status = [facts["box"] for words, facts in drawn if words.replace("\n", " ").startswith("Draft for discussion.")]
    assert len(status) == 3
    halves = sorted((box.x0 + box.x1) / 2 / 3507 for box in status)
    assert halves[0] < 0.4 < halves[-1]
    for words, facts in drawn:
        box = facts["box"]
        assert box.x0 >= 0, words
        assert box.y0 >= 0, words
        assert box.x1 <= 3507, words
        assert box.y1 <= 2481, words


def test_it_names_the_groups_the_marks_the_run_and_whose_data_they_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    drawn = _texts(monkeypatch)
    run = made_run()
    write_picture(run, "option-1", tmp_path / "map.png")
    words = [text for text, _ in drawn]
    for group_id in run.options[0].groups["group_id"]:
        assert words.count(group_id) == 2, group_id  # on the map and in the legend
    joined = "\n".join(words)
    for said in (
        "hub of a group",
        "main site of a practice",
        "branch site",
        "km",
        run.run_id,
        "Contains ONS and OS data",
    ):
        assert said in joined
    assert "Practice groups for Made-up Vale" in words


def test_names_are_neither_formulas_nor_hidden(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    drawn = _texts(monkeypatch)
    names = ("$\\frac{1}{2}$ Road", "$unclosed \\nonsense{", *HOSTILE_NAMES, "\U0001f3e5 Surgery")
    write_picture(made_run(names=names), "option-1", tmp_path / "map.png")
    assert drawn
    assert not any(facts["math"] for _, facts in drawn)
    joined = " ".join(text for text, _ in drawn)
    assert "$\\frac{1}{2}$ Road" in joined
    assert "\u202e" not in joined


def test_a_letter_the_font_does_not_have_is_spelt_out() -> None:
    assert module._shown("\U0001f9ff x") == "[U+1F9FF] x"
    assert module._shown("Zoë’s") == "Zoë’s"


def test_a_long_name_keeps_the_number_that_tells_it_from_others() -> None:
    long = "Bournemouth, Christchurch and Poole"
    assert module._short(f"{long} 12", 30) == "Bournemouth, Christchurch… 12"
    assert len({module._short(f"{long} {number}", 30) for number in range(1, 24)}) == 23
    assert module._short(long, 20) == "Bournemouth, Christ…"
    assert module._short("Dorset 10", 30) == "Dorset 10"


def test_colours_of_the_groups_are_in_the_picture(picture: Path) -> None:
    with Image.open(picture) as image:
        seen = set(map(tuple, np.unique(np.asarray(image.convert("RGB")).reshape(-1, 3)[::7], axis=0)))
    first = HATCHES[0].colour
    assert tuple(int(first[i : i + 2], 16) for i in (1, 3, 5)) in seen
