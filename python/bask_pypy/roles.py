"""Numbers that the server and its Python half share about mules and spoolers."""

NONE, MULE, SPOOLER = range(3)  # enum bask_role: what a process is that answers no requests
OWN, FARMS = 1, 2  # where messages come from
AGAIN = -6
