"""The input check of a case: what was read, what was noticed, where everything was placed, and its page."""
