"""Lambda: which error a body gets that is not the operation's JSON.

AWS: Lambda API Reference, CreateFunction and Invoke, Errors (InvalidRequestContentException).
"""

from __future__ import annotations

BODY_ERROR = "InvalidRequestContent"
BODY_ERROR_WORDS = "Could not parse request body into json: "
