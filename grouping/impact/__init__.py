"""What a plan does to journeys: who is better and who worse off, by how many minutes."""
