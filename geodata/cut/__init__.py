"""Cut a checked case out of a folder of published files: `cut_case`."""

from geodata.cut.asked import codes_asked, parse_when
from geodata.cut.cutting import cut_case
from geodata.cut.report import CutReport

__all__ = ["CutReport", "codes_asked", "cut_case", "parse_when"]
