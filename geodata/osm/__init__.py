"""Read OpenStreetMap: what the tags of ways, nodes and turns mean, out of any kind of file."""
