"""Quickest ways on a road network: joined points, matrices, nearest places, routes and isochrones."""
