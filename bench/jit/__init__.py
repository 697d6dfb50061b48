"""The experiment on JIT parameters: run is its entry."""
