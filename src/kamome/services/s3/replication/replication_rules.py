"""Which objects and delete markers a replication configuration sends where.

AWS: S3 User Guide, Replication configuration file elements; What does Amazon S3 replicate?
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from kamome.arn import parse_arn
from kamome.services.s3.objects.restore_rules import with_restoration

Document = Mapping[str, object]
STATUS = "ReplicationStatus"
PENDING, COMPLETED, FAILED, REPLICA = "PENDING", "COMPLETED", "FAILED", "REPLICA"


def rules_for_object(
    configuration: Document, key: str, tags: Mapping[str, str], attributes: Mapping[str, object]
) -> list[Document]:
    """The rules that replicate an object: of those to one bucket, the one of highest priority.

    Replicas are not replicated again, and objects of SSE-KMS only where a rule selects them.
    """
    if attributes.get(STATUS) == REPLICA:
        return []
    is_kms = str(attributes.get("ServerSideEncryption", "")).startswith("aws:kms")
    return _chosen(
        rule
        for rule in _enabled(configuration)
        if _matches(rule, key, tags) and (not is_kms or _selects(rule, "SseKmsEncryptedObjects"))
    )


def rules_for_change(
    configuration: Document, key: str, tags: Mapping[str, str], attributes: Mapping[str, object]
) -> list[Document]:
    """The rules that replicate a change of tags, locks or grants of a version.

    Changes of replicas go where a rule selects them; an object that was there before the
    configuration has no replica to follow it.

    AWS: S3 User Guide, Replicating metadata changes with replica modification sync.
    """
    if attributes.get(STATUS) == REPLICA:
        return _chosen(
            rule
            for rule in _enabled(configuration)
            if _matches(rule, key, tags) and _selects(rule, "ReplicaModifications")
        )
    if STATUS not in attributes:
        return []
    return rules_for_object(configuration, key, tags, attributes)


def rules_for_marker(configuration: Document, key: str) -> list[Document]:
    """The rules that replicate a delete marker: those that say so, and all of the first version."""
    return _chosen(
        rule
        for rule in _enabled(configuration)
        if _matches(rule, key, {})
        and (
            "Filter" not in rule
            or _part(rule, "DeleteMarkerReplication").get("Status") == "Enabled"
        )
    )


def destination_name(rule: Document) -> str:
    """The bucket that a rule replicates to."""
    arn = parse_arn(str(_part(rule, "Destination").get("Bucket", "")))
    return arn.resource if arn is not None and arn.service == "s3" else ""


def replica_attributes(attributes: Mapping[str, object]) -> dict[str, object]:
    """What is kept beside a replica: what the object has, and that it is one."""
    return {**with_restoration(attributes, None), STATUS: REPLICA}


def replica_key_id(rule: Document) -> str:
    """The KMS key that encrypts replicas of SSE-KMS objects; empty where none is named."""
    named = _part(_part(rule, "Destination"), "EncryptionConfiguration").get("ReplicaKmsKeyID")
    return str(named or "")


def replica_storage_class(rule: Document, storage_class: str) -> str:
    """The destination's storage class, else the object's."""
    return str(_part(rule, "Destination").get("StorageClass") or storage_class)


def has_threshold(rule: Document) -> bool:
    """Whether replication time is watched (S3 RTC: 15 minutes)."""
    return _part(_part(rule, "Destination"), "ReplicationTime").get("Status") == "Enabled"


def _enabled(configuration: Document) -> list[Document]:
    rules = configuration.get("Rules")
    listed = cast("list[Document]", rules) if isinstance(rules, list) else []
    return [rule for rule in listed if rule.get("Status") == "Enabled"]


def _chosen(rules: object) -> list[Document]:
    best: dict[str, Document] = {}
    for rule in cast("Sequence[Document]", rules):
        name = destination_name(rule)
        present = best.get(name)
        if present is None or _priority(rule) > _priority(present):
            best[name] = rule
    return list(best.values())


def _priority(rule: Document) -> int:
    priority = rule.get("Priority")
    return priority if isinstance(priority, int) else 0


def _matches(rule: Document, key: str, tags: Mapping[str, str]) -> bool:
    if "Filter" not in rule:
        return key.startswith(str(rule.get("Prefix", "")))
    chosen = _part(rule, "Filter")
    both = _part(chosen, "And")
    prefix = str(chosen.get("Prefix", both.get("Prefix", "")))
    wanted = both.get("Tags")
    pairs = [*cast("list[Document]", wanted)] if isinstance(wanted, list) else []
    if "Tag" in chosen:
        pairs.append(_part(chosen, "Tag"))
    return key.startswith(prefix) and all(
        tags.get(str(pair.get("Key"))) == str(pair.get("Value", "")) for pair in pairs
    )


def _selects(rule: Document, criterion: str) -> bool:
    selected = _part(_part(rule, "SourceSelectionCriteria"), criterion)
    return selected.get("Status") == "Enabled"


def _part(document: Document, name: str) -> Document:
    value = document.get(name)
    return cast("Document", value) if isinstance(value, Mapping) else {}
