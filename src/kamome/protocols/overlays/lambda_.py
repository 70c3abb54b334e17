"""Lambda: which error a body gets that is not the operation's JSON.

AWS: Lambda API Reference, CreateFunction and Invoke, Errors (InvalidRequestContentException).
"""

from __future__ import annotations

BODY_ERROR = "InvalidRequestContent"
BODY_ERROR_WORDS = "Could not parse request body into json: "

# The model has no place for it, and would make a blob `application/octet-stream`: what a function
# answers is JSON, and is sent as such.
CORRECTIONS = {
    "InvocationResponse": {
        "members": {
            "ContentType": {
                "shape": "String",
                "location": "header",
                "locationName": "Content-Type",
            }
        }
    },
}
