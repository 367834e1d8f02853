"""What the place is: read, check, locate, and time it (knows nothing of groups)."""
