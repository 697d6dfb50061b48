"""The views of the office, a file for each kind."""
