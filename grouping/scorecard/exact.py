"""Small linear programmes in exact fractions: the simplex method with Bland's rule, which always ends.

A solver that counts in floating point cannot tell a tie from a lead of 0.000001, and here that is the question. The
programmes have a dozen variables, so the textbook method is quick enough; the tests compare it with HiGHS.

Source of the method: R. G. Bland, New finite pivoting rules for the simplex method, Mathematics of Operations Research
2(2), 1977; dictionaries as in V. Chvátal, Linear Programming, 1983, chapters 2 and 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

Row = Sequence[Fraction]


def least(cost: Row, rows: Sequence[Row], limits: Row) -> tuple[Fraction, ...] | None:
    """Values of variables that are at least 0, with rows · x <= limits, at the least cost · x.

    Parameters
    ----------
    cost
        What one of each variable costs, shape (n,).
    rows, limits
        The limits, shapes (m, n) and (m,); a limit may be negative.

    Returns
    -------
    tuple of Fraction or None
        The variables, shape (n,); None where nothing obeys the limits.

    Raises
    ------
    ValueError
        The cost can be made as small as one likes: a mistake of the program.
    """
    table = _Dictionary(cost, rows, limits)
    return table.values() if table.make_feasible() and table.improve() else None


class _Dictionary:
    """Basic variables told by the others: x_basic = constant + coefficients · x_other, and the gain likewise.

    Variables 0..n-1 are the planner's, n..n+m-1 the slacks of the limits, n+m the helper of the first phase.
    """

    def __init__(self, cost: Row, rows: Sequence[Row], limits: Row) -> None:
        self.size = len(cost)
        self.other = list(range(self.size))
        self.basic = [self.size + i for i in range(len(rows))]
        self.body = [[Fraction(b), *(-Fraction(a) for a in row)] for row, b in zip(rows, limits, strict=True)]
        self.gain = [Fraction(0), *(-Fraction(c) for c in cost)]

    def values(self) -> tuple[Fraction, ...]:
        """The variables as they stand."""
        found = dict(zip(self.basic, (row[0] for row in self.body), strict=True))
        return tuple(found.get(i, Fraction(0)) for i in range(self.size))

    def make_feasible(self) -> bool:
        """The first phase: whether anything obeys the limits; if so, stand at such a point."""
        if all(row[0] >= 0 for row in self.body):
            return True
        helper, real = self.size + len(self.body), self.gain
        self.other.append(helper)
        for row in self.body:
            row.append(Fraction(1))
        self.gain = [Fraction(0)] * (len(self.other)) + [Fraction(-1)]
        worst = min(range(len(self.body)), key=lambda i: self.body[i][0])
        self._pivot(len(self.other) - 1, worst)
        self.improve()
        if self.gain[0] < 0:
            return False
        if helper in self.basic:  # at 0: any variable may take its place
            at = self.basic.index(helper)
            self._pivot(next(j for j in range(len(self.other)) if self.body[at][j + 1]), at)
        gone = self.other.index(helper) + 1
        for row in self.body:
            del row[gone]
        self.other.pop(gone - 1)
        self.gain = self._told_by_others(real)
        return True

    def _told_by_others(self, real: list[Fraction]) -> list[Fraction]:
        """The gain, written in the variables of the start, in those that are not basic now."""
        told = [real[0]] + [Fraction(0)] * len(self.other)
        for variable, coefficient in enumerate(real[1:]):
            if variable in self.other:
                told[self.other.index(variable) + 1] += coefficient
            else:
                row = self.body[self.basic.index(variable)]
                told = [one + coefficient * more for one, more in zip(told, row, strict=True)]
        return told

    def improve(self) -> bool:
        """Pivot until nothing gains."""
        while entering := [j for j in range(len(self.other)) if self.gain[j + 1] > 0]:
            column = min(entering, key=lambda j: self.other[j])
            leaving = [i for i, row in enumerate(self.body) if row[column + 1] < 0]
            if not leaving:
                message = "this linear programme has no least value"
                raise ValueError(message)
            self._pivot(
                column, min(leaving, key=lambda i: (-self.body[i][0] / self.body[i][column + 1], self.basic[i]))
            )
        return True

    def _pivot(self, column: int, row: int) -> None:
        """The variable of a column becomes basic, that of the row no longer is."""
        old, at = self.body[row], column + 1
        turned = [-value / old[at] for value in old]
        turned[at] = 1 / old[at]
        self.body[row] = turned
        for i, line in enumerate(self.body):
            if i != row:
                self.body[i] = _replaced(line, at, turned)
        self.gain = _replaced(self.gain, at, turned)
        self.other[column], self.basic[row] = self.basic[row], self.other[column]


def _replaced(line: list[Fraction], at: int, by: list[Fraction]) -> list[Fraction]:
    """A line of the dictionary with the variable at `at` told by `by`."""
    factor = line[at]
    if not factor:
        return line
    made = [one + factor * more for one, more in zip(line, by, strict=True)]
    made[at] = factor * by[at]
    return made
