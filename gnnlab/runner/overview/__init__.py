"""Overviews of many runs: data frames, tables as papers have them, a page for the browser."""
