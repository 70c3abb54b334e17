"""What a function that is invoked and waited for decides about the rest of the rules. Pure.

AWS: SES Developer Guide, Invoke Lambda function action (controlling the flow of mail).
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from kamome.errors import AwsError
from kamome.services.ses.receiving.receiving import PlannedAction

CONTINUE = "CONTINUE"
STOP_RULE = "STOP_RULE"
STOP_RULE_SET = "STOP_RULE_SET"
# AWS: SES API Reference, LambdaAction, InvocationType: 30 seconds.
DECISION_S = 30.0


class FunctionFailed(AwsError):
    """A function that decides about a mail failed or gave no answer. Never leaves the server."""

    status = 500


def is_decision(planned: PlannedAction) -> bool:
    """Whether what comes after the action waits for it: a function that is asked, not told."""
    action = planned.action
    if "LambdaAction" not in action:
        return False
    return action["LambdaAction"].get("InvocationType") == "RequestResponse"


def disposition(payload: bytes) -> str:
    """`STOP_RULE`, `STOP_RULE_SET`, or `CONTINUE`, which any other answer means.

    The function answers `{"disposition": "STOP_RULE"}`; case does not matter.
    """
    try:
        answer = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return CONTINUE
    word = answer.get("disposition") if isinstance(answer, dict) else None
    word = word.upper() if isinstance(word, str) else ""
    return word if word in (STOP_RULE, STOP_RULE_SET) else CONTINUE


def is_stopped(decided: str, decider: PlannedAction, later: PlannedAction) -> bool:
    """Whether a decision keeps a later action from being done."""
    if decided == STOP_RULE_SET:
        return True
    return decided == STOP_RULE and later.rule_name == decider.rule_name


def standing_headers(
    planned: PlannedAction, stopped: Sequence[tuple[str, int]]
) -> list[tuple[str, str]]:
    """The headers of AddHeader actions before an action, but for those in a part that was stopped.

    `stopped` names rules and the number of the action that stopped each.
    """
    return [
        (header.name, header.value)
        for header in planned.added_headers
        if not any(header.rule_name == rule and header.before > at for rule, at in stopped)
    ]
