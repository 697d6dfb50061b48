"""What the system tests use to run the server and to talk to it."""
