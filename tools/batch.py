"""Paints one picture for each row of a table.

    python tools/batch.py jobs.csv [--out FOLDER] [--server URL …] [--ray [ADDRESS]]
"""
