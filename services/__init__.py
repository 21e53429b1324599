"""The shell: everything with a clock, a socket, a database or a member of staff."""
