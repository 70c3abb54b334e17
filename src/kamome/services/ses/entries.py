"""The kinds of outbox entries that follow from sent mails, apart from what works them."""

from __future__ import annotations

# A message that a topic could not take.
NOTIFY_KIND = "ses.notify"
# The recipients of a mail at the mailbox simulator.
SIMULATED_KIND = "ses.simulated"
