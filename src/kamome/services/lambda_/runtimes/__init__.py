"""How functions run: instances on the Lambda Runtime API, pooled and reused.

`port.py` says what an instance is; `process.py` runs one as a process of this machine; `api.py` is
the Runtime API that its runtime client talks to; `pool.py` keeps instances warm and bounded.
"""
