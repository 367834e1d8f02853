"""Read tables of any kind into text, name their columns, and check their cells."""
