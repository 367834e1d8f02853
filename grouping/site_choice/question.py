"""What is asked about the sites of a place, as plain arrays; the model and its symbols.

Every patient goes to the nearest usable site of the own practice. Which buildings to invest in, and which to consider
further, are three questions asked one after the other, the answer of each fixed before the next:

1. *Invest*: which buildings that need it to put right under the budget.
2. *Consider further*: of those left over, which set has patients who could all go to a sound building of their own
   practice, nobody beyond the access floor.
3. *Protections* take sites off that set, and put no other one on it.

    s, t     a site; p(s) its practice, if it has one
    r        a row of the registrations: the patients of one practice who live in one area; n_r how many
    m_rs     minutes from r to a site s of its own practice
    h_r      today's site of r: the nearest of its practice (equal minutes: the smaller code)
    N        sites that need major investment and have no committed scheme; of a practice the plan holds
    G        sound sites: known not to need it, or with a committed scheme, or invested in (stage 1)
    P_s      whole patients whose site today is s:  sum of n_r over rows with h_r = s
    c_s      pounds that put s right
    g_r      minutes to the nearest sound site:  min of m_rs over s in G of the own practice
    a_r      minutes more, g_r - m_r,h(r); never less than 0 for a row whose site today is not sound
    A_s      whole patient-minutes more:  sum of n_r a_r over rows with h_r = s
    B, F, L  budget, `beyond_minutes`, `longer_minutes`

Stage 1, `put_right_s` in {0, 1} for s in N with a known c_s:

    most      sum P_s put_right_s            subject to  budget:  sum c_s put_right_s <= B
    then the least sum c_s put_right_s, then the fewest sites, then the smallest codes

Stage 2, `further_s` in {0, 1} for s in N that stage 1 leaves:

    most      sum P_s further_s
    then the least sum A_s further_s, then the fewest sites, then the smallest codes
    subject to
      row floor   further_s = 0 where some row with h_r = s has no way to a sound site, or g_r > F and a_r > 0, or
                  a_r > L                                  (a row beyond F today may not get any longer)
      with_s_t    further_s <= further_t  for every t of the practice, not sound, that is nearer to a row of s than its
                  nearest sound site: its patients would go there, into a building that needs investment itself
      mean_a      mean minutes of all rows of area a stay within F; where they are beyond F today, they stay as they are
      keeps_p     at least one site of practice p stays

    Because of `with_s_t` a row whose site is in the set goes to its nearest sound site, whatever else is in the set. So
    g_r, a_r and A_s are fixed numbers, the row floor is a property of single sites, and all is linear.

Stage 3. Without the protected sites, and then without every site whose `with_s_t` no longer holds, until none is left
over. What is left is the largest part of the set of stage 2 that needs no protected site. More protections can only
make it smaller, so nobody's journey is longer under more of them: m_r is the minimum over fewer or more sites of one
and the same list. Solving stage 2 again with protected sites fixed to 0 would not have that property: the mean of an
area (`mean_a`) that a protected site no longer uses up could be used up by another site.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

SAME = 1e-9
"""Minutes that differ by less are the same: what is left of adding fractions."""


@dataclass(frozen=True)
class Question:
    """S sites of P practices, R rows of registrations in A areas, and the limits.

    Parameters
    ----------
    site_codes, practice_codes, area_codes
        Codes, sorted; shapes (S,), (P,) and (A,).
    owner
        Practice of each site, -1 for a site of nobody, int64, shape (S,).
    needs
        Sites that need major investment, without a committed scheme, bool, shape (S,).
    sound
        Sites known not to need it, or with a committed scheme, bool, shape (S,). A site that is neither is of unknown
        condition: it is not asked about, and nobody is sent there.
    asked
        Sites that may be asked about at all, bool, shape (S,).
    cost
        Pounds that put a site right, NaN where not known, shape (S,).
    practice, area
        Of each row, int64, shape (R,).
    patients
        Of each row, not whole where they are estimated, shape (R,).
    minutes
        From each row to each site, NaN without a route, shape (R, S).
    budget
        Pounds.
    beyond, longer
        The access floor, minutes.
    """

    site_codes: tuple[str, ...]
    practice_codes: tuple[str, ...]
    area_codes: tuple[str, ...]
    owner: NDArray[np.int64]
    needs: NDArray[np.bool_]
    sound: NDArray[np.bool_]
    asked: NDArray[np.bool_]
    cost: NDArray[np.float64]
    practice: NDArray[np.int64]
    area: NDArray[np.int64]
    patients: NDArray[np.float64]
    minutes: NDArray[np.float64]
    budget: float
    beyond: float
    longer: float

    @cached_property
    def own_minutes(self) -> NDArray[np.float64]:
        """Minutes from each row to the sites of its own practice, `inf` to all others and without a route, (R, S)."""
        own = (self.owner[None, :] == self.practice[:, None]) & (self.owner >= 0)[None, :]
        return np.where(own & np.isfinite(self.minutes), self.minutes, np.inf)

    def nearest(self, usable: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Minutes from each row to the nearest usable site of its own practice, `inf` without any, shape (R,)."""
        return np.min(np.where(usable[None, :], self.own_minutes, np.inf), axis=1, initial=np.inf)

    @cached_property
    def today(self) -> NDArray[np.float64]:
        """Minutes of each row today, `inf` without a route, shape (R,)."""
        return self.nearest(np.ones(len(self.site_codes), dtype=bool))

    @cached_property
    def site_today(self) -> NDArray[np.int64]:
        """Site of each row today, -1 without a route, shape (R,)."""
        if not len(self.site_codes):
            return np.full(len(self.patients), -1, dtype=np.int64)
        near = self.own_minutes <= self.today[:, None] + SAME
        return np.where(np.isfinite(self.today), near.argmax(axis=1), -1)

    @cached_property
    def rows(self) -> NDArray[np.bool_]:
        """Rows with patients who have a site today, shape (R,)."""
        return (self.patients > 0) & (self.site_today >= 0)

    @cached_property
    def patients_of_site(self) -> NDArray[np.int64]:
        """Whole patients whose site today it is, shape (S,)."""
        counted = np.bincount(self.site_today[self.rows], self.patients[self.rows], len(self.site_codes))
        return np.rint(counted).astype(np.int64)

    @cached_property
    def rows_of_site(self) -> Mapping[int, NDArray[np.int64]]:
        """Rows with patients by their site today."""
        return {s: np.flatnonzero(self.rows & (self.site_today == s)) for s in range(len(self.site_codes))}
