"""Two to five plans held against each other: what is the same in all, where they differ, what each is best at.

Nothing is added up to a winner: what matters most is for people to say.
"""
