"""The engine on its own: minutes between any points, how they were made, and speeds fitted to observed journeys."""
