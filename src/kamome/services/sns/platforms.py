"""Push notification services that SNS speaks to, by the names it has for them.

AWS: SNS API Reference, CreatePlatformApplication (Platform).
"""

from __future__ import annotations

PLATFORMS = (
    "ADM",
    "APNS",
    "APNS_PASSBOOK",
    "APNS_PASSBOOK_SANDBOX",
    "APNS_SANDBOX",
    "APNS_VOIP",
    "APNS_VOIP_SANDBOX",
    "BAIDU",
    "GCM",
    "MACOS",
    "MACOS_SANDBOX",
    "MPNS",
    "WNS",
)
