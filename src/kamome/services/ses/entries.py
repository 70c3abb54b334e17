"""Names that the server is wired by, apart from what works them: sent mails and their links."""

from __future__ import annotations

# A message that a topic could not take.
NOTIFY_KIND = "ses.notify"
# The recipients of a mail at the mailbox simulator.
SIMULATED_KIND = "ses.simulated"
# A job that imports addresses or contacts.
IMPORT_KIND = "ses.import"
# A job that writes metrics or message insights into a file.
EXPORT_KIND = "ses.export"
# Where recipients' clients call: anybody may, the links are signed.
LINKS_PATH = "/_kamome/ses/"
