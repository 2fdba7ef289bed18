"""Pictures in and out: references cut to size, layouts drawn."""
