"""How containers run: as processes of this machine, or by a container runtime's own client.

`port.py` says what a container to be run is; `host.py` finds the command for it, `process.py` runs
that command, `output.py` keeps what it prints.
"""
