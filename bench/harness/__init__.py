"""The benchmark harness: scenarios and servers are data, this package is what runs them."""
