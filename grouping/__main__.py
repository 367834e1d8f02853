"""`python -m grouping ...` does what `blueprint ...` does, where a laptop does not allow new commands."""

from grouping.cli import main

main()
