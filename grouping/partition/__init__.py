"""Partitions of a set into groups, proven: plain arrays, no practices.

The modules stand in the order data flows: `kernels` list and price millions of sets, `columns` are the sets with their
cost and side rows, `pricing` bounds them, `programme` settles the rest, `search` brings these together, `ties` makes
the answer unique; `clock` says how long.
"""
