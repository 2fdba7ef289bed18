"""Boxes from anywhere: reading what a detector gives, and whose each box is."""
