"""The conversation engine: pure functions from what was said to what to say.

Nothing here knows the time, opens a file, asks a network or writes a log: events bring
the time, `services` brings everything else.
"""
