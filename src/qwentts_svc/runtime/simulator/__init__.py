"""A discrete-event simulator of the engine: the real scheduler, admission, rows and pools over a virtual clock."""
