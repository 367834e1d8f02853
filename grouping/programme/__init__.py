"""From a plan to a programme: what one option of a run needs, in which order it comes, and whether it holds.

`settings` and `inputs` read what the planner says (`programme.toml` beside `case.toml`), `ground` joins it with an
option of a run. The parts work on that: `grouping.growth`, `rollout`, `resources`, `estates`, `site_choice`,
`scorecard`, `resilience` and `engagement`. `assemble` joins them; `page`, `folder` and `public` are how the programme
is shown, `job` does all of it for the command, `template` writes the planner's tables to be filled in.
"""
