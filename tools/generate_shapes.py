"""Write `services/<slice>/shapes.py`: TypedDicts of the operations that a slice serves.

    python tools/generate_shapes.py               write the files of all slices in the table
    python tools/generate_shapes.py sqs           write one
    python tools/generate_shapes.py sqs sqs SendMessage ReceiveMessage
                                                  write one for the operations named
    python tools/generate_shapes.py --check       exit 1 if a file differs from the table

`OPERATIONS` is the table: serving one more operation begins with its name there. A top-level shape
is called `<Operation>Request` or `<Operation>Result`; where the model shares it with others, that
name is an alias. A slice that serves two APIs has a file for each (`ses.shapes_v2`), and an empty
list of operations means all of the model. Timestamps are epoch seconds, enums are strings; a
streamed body is a `BodyStream` on its way in, and bytes or an iterator of bytes on its way out.
"""

from __future__ import annotations

import argparse
import builtins
import keyword
import sys
import typing
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from kamome.protocols.model import (  # noqa: E402 - the tool runs without an installed package
    Member,
    OperationModel,
    Shape,
    load_model,
)

if typing.TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# slice: (model, operations), in the order of each service's API reference.
OPERATIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "sqs": (
        "sqs",
        (
            "AddPermission",
            "CancelMessageMoveTask",
            "ChangeMessageVisibility",
            "ChangeMessageVisibilityBatch",
            "CreateQueue",
            "DeleteMessage",
            "DeleteMessageBatch",
            "DeleteQueue",
            "GetQueueAttributes",
            "GetQueueUrl",
            "ListDeadLetterSourceQueues",
            "ListMessageMoveTasks",
            "ListQueueTags",
            "ListQueues",
            "PurgeQueue",
            "ReceiveMessage",
            "RemovePermission",
            "SendMessage",
            "SendMessageBatch",
            "SetQueueAttributes",
            "StartMessageMoveTask",
            "TagQueue",
            "UntagQueue",
        ),
    ),
    "sns": (
        "sns",
        (
            "AddPermission",
            "CheckIfPhoneNumberIsOptedOut",
            "ConfirmSubscription",
            "CreatePlatformApplication",
            "CreatePlatformEndpoint",
            "CreateSMSSandboxPhoneNumber",
            "CreateTopic",
            "DeleteEndpoint",
            "DeletePlatformApplication",
            "DeleteSMSSandboxPhoneNumber",
            "DeleteTopic",
            "GetDataProtectionPolicy",
            "GetEndpointAttributes",
            "GetPlatformApplicationAttributes",
            "GetSMSAttributes",
            "GetSMSSandboxAccountStatus",
            "GetSubscriptionAttributes",
            "GetTopicAttributes",
            "ListEndpointsByPlatformApplication",
            "ListOriginationNumbers",
            "ListPhoneNumbersOptedOut",
            "ListPlatformApplications",
            "ListSMSSandboxPhoneNumbers",
            "ListSubscriptions",
            "ListSubscriptionsByTopic",
            "ListTagsForResource",
            "ListTopics",
            "OptInPhoneNumber",
            "Publish",
            "PublishBatch",
            "PutDataProtectionPolicy",
            "RemovePermission",
            "SetEndpointAttributes",
            "SetPlatformApplicationAttributes",
            "SetSMSAttributes",
            "SetSubscriptionAttributes",
            "SetTopicAttributes",
            "Subscribe",
            "TagResource",
            "Unsubscribe",
            "UntagResource",
            "VerifySMSSandboxPhoneNumber",
        ),
    ),
    "s3": (
        "s3",
        (
            "AbortMultipartUpload",
            "CompleteMultipartUpload",
            "CopyObject",
            "CreateBucket",
            "CreateMultipartUpload",
            "DeleteBucket",
            "DeleteObject",
            "DeleteObjectTagging",
            "DeleteObjects",
            "GetBucketAcl",
            "GetBucketLocation",
            "GetBucketNotificationConfiguration",
            "GetBucketVersioning",
            "GetObject",
            "GetObjectAcl",
            "GetObjectAttributes",
            "GetObjectLegalHold",
            "GetObjectLockConfiguration",
            "GetObjectRetention",
            "GetObjectTagging",
            "HeadBucket",
            "HeadObject",
            "ListBuckets",
            "ListMultipartUploads",
            "ListObjectVersions",
            "ListObjects",
            "ListObjectsV2",
            "ListParts",
            "PutBucketNotificationConfiguration",
            "PutBucketVersioning",
            "PutObject",
            "PutObjectLegalHold",
            "PutObjectLockConfiguration",
            "PutObjectRetention",
            "PutObjectTagging",
            "RestoreObject",
            "UploadPart",
            "UploadPartCopy",
        ),
    ),
    "ses": ("ses", ()),
    "ses.shapes_v2": ("sesv2", ()),
    "lambda_": (
        "lambda",
        (
            "AddLayerVersionPermission",
            "AddPermission",
            "CreateAlias",
            "CreateCodeSigningConfig",
            "CreateEventSourceMapping",
            "CreateFunction",
            "CreateFunctionUrlConfig",
            "DeleteAlias",
            "DeleteCodeSigningConfig",
            "DeleteEventSourceMapping",
            "DeleteFunction",
            "DeleteFunctionCodeSigningConfig",
            "DeleteFunctionConcurrency",
            "DeleteFunctionEventInvokeConfig",
            "DeleteFunctionUrlConfig",
            "DeleteLayerVersion",
            "DeleteProvisionedConcurrencyConfig",
            "GetAccountSettings",
            "GetAlias",
            "GetCodeSigningConfig",
            "GetEventSourceMapping",
            "GetFunction",
            "GetFunctionCodeSigningConfig",
            "GetFunctionConcurrency",
            "GetFunctionConfiguration",
            "GetFunctionEventInvokeConfig",
            "GetFunctionRecursionConfig",
            "GetFunctionUrlConfig",
            "GetLayerVersion",
            "GetLayerVersionByArn",
            "GetLayerVersionPolicy",
            "GetPolicy",
            "GetProvisionedConcurrencyConfig",
            "GetRuntimeManagementConfig",
            "Invoke",
            "InvokeAsync",
            "InvokeWithResponseStream",
            "ListAliases",
            "ListCodeSigningConfigs",
            "ListEventSourceMappings",
            "ListFunctionEventInvokeConfigs",
            "ListFunctionUrlConfigs",
            "ListFunctions",
            "ListFunctionsByCodeSigningConfig",
            "ListLayerVersions",
            "ListLayers",
            "ListProvisionedConcurrencyConfigs",
            "ListTags",
            "ListVersionsByFunction",
            "PublishLayerVersion",
            "PublishVersion",
            "PutFunctionCodeSigningConfig",
            "PutFunctionConcurrency",
            "PutFunctionEventInvokeConfig",
            "PutFunctionRecursionConfig",
            "PutProvisionedConcurrencyConfig",
            "PutRuntimeManagementConfig",
            "RemoveLayerVersionPermission",
            "RemovePermission",
            "TagResource",
            "UntagResource",
            "UpdateAlias",
            "UpdateCodeSigningConfig",
            "UpdateEventSourceMapping",
            "UpdateFunctionCode",
            "UpdateFunctionConfiguration",
            "UpdateFunctionEventInvokeConfig",
            "UpdateFunctionUrlConfig",
        ),
    ),
    "dynamodb": (
        "dynamodb",
        (
            "CreateTable",
            "DeleteItem",
            "DeleteTable",
            "DescribeTable",
            "GetItem",
            "ListTables",
            "PutItem",
            "Query",
            "Scan",
            "UpdateItem",
        ),
    ),
    "ecs": (
        "ecs",
        (
            "CreateCluster",
            "CreateService",
            "DeleteCluster",
            "DeleteService",
            "DeregisterTaskDefinition",
            "DescribeClusters",
            "DescribeServices",
            "DescribeTaskDefinition",
            "DescribeTasks",
            "ListClusters",
            "ListServices",
            "ListTagsForResource",
            "ListTaskDefinitionFamilies",
            "ListTaskDefinitions",
            "ListTasks",
            "RegisterTaskDefinition",
            "RunTask",
            "StopTask",
            "TagResource",
            "UntagResource",
            "UpdateService",
        ),
    ),
    "ssm": (
        "ssm",
        (
            "AddTagsToResource",
            "DeleteParameter",
            "DeleteParameters",
            "DescribeParameters",
            "GetParameter",
            "GetParameterHistory",
            "GetParameters",
            "GetParametersByPath",
            "LabelParameterVersion",
            "ListTagsForResource",
            "PutParameter",
            "RemoveTagsFromResource",
            "UnlabelParameterVersion",
        ),
    ),
    "kms": (
        "kms",
        (
            "CancelKeyDeletion",
            "CreateAlias",
            "CreateGrant",
            "CreateKey",
            "Decapsulate",
            "Decrypt",
            "DeleteAlias",
            "DeleteImportedKeyMaterial",
            "DeriveSharedSecret",
            "DescribeKey",
            "DisableKey",
            "DisableKeyRotation",
            "EnableKey",
            "EnableKeyRotation",
            "Encapsulate",
            "Encrypt",
            "GenerateDataKey",
            "GenerateDataKeyPair",
            "GenerateDataKeyPairWithoutPlaintext",
            "GenerateDataKeyWithoutPlaintext",
            "GenerateMac",
            "GenerateRandom",
            "GetKeyPolicy",
            "GetKeyRotationStatus",
            "GetParametersForImport",
            "GetPublicKey",
            "ImportKeyMaterial",
            "ListAliases",
            "ListGrants",
            "ListKeyPolicies",
            "ListKeyRotations",
            "ListKeys",
            "ListResourceTags",
            "ListRetirableGrants",
            "PutKeyPolicy",
            "ReEncrypt",
            "ReplicateKey",
            "RetireGrant",
            "RevokeGrant",
            "RotateKeyOnDemand",
            "ScheduleKeyDeletion",
            "Sign",
            "TagResource",
            "UntagResource",
            "UpdateAlias",
            "UpdateKeyDescription",
            "UpdatePrimaryRegion",
            "Verify",
            "VerifyMac",
        ),
    ),
    "secretsmanager": (
        "secretsmanager",
        (
            "BatchGetSecretValue",
            "CreateSecret",
            "DeleteSecret",
            "DescribeSecret",
            "GetRandomPassword",
            "GetResourcePolicy",
            "GetSecretValue",
            "ListSecretVersionIds",
            "ListSecrets",
            "PutSecretValue",
            "RestoreSecret",
            "TagResource",
            "UntagResource",
            "UpdateSecret",
            "UpdateSecretVersionStage",
        ),
    ),
    "sts": ("sts", ("GetCallerIdentity",)),
}

SCALARS = {
    "string": "str",
    "character": "str",
    "blob": "bytes",
    "boolean": "bool",
    "integer": "int",
    "long": "int",
    "bigInteger": "int",
    "float": "float",
    "double": "float",
    "timestamp": "float",
}
TAKEN = {*dir(builtins), *typing.__all__, "AsyncIterator", "BodyStream"}


class Module:
    """The classes of one `shapes.py`, each written once."""

    def __init__(self, model: str, operations: Sequence[str]) -> None:
        self.service = load_model(model)
        names = operations or sorted(self.service.operation_names)
        self.operations = [self.service.operation(name) for name in names]
        self.top = self._top_names()
        self.classes: dict[str, str] = {}
        self.aliases: list[str] = []

    def _top_names(self) -> dict[str, str]:
        """Shapes that belong to one operation alone, and the class names they get."""
        uses: dict[str, list[str]] = {}
        nested: set[str] = set()
        for operation in self.operations:
            for shape, suffix in ((operation.input, "Request"), (operation.output, "Result")):
                if shape is not None:
                    uses.setdefault(shape.name, []).append(operation.name + suffix)
                    parts = [part.shape for part in shape.parts()]
                    nested |= {below.name for part in parts for below in part.reachable}
        return {
            shape: names[0]
            for shape, names in uses.items()
            if len(names) == 1 and shape not in nested
        }

    def class_name(self, shape: Shape) -> str:
        """What the class of a structure is called."""
        if shape.name in self.top:
            return self.top[shape.name]
        clash = shape.name in TAKEN or shape.name in self.top.values()
        return f"{shape.name}Shape" if clash or keyword.iskeyword(shape.name) else shape.name

    def annotation(self, shape: Shape) -> str:
        """The type of a member whose shape this is; writes the classes it needs."""
        if shape.type == "list":
            return f"list[{self.annotation(shape.member.shape)}]"
        if shape.type == "map":
            return f"dict[{self.annotation(shape.key.shape)}, {self.annotation(shape.value.shape)}]"
        if shape.type == "structure":
            if shape.trait("document") or shape.trait("eventstream"):
                return "object"
            self.write_class(shape)
            return self.class_name(shape)
        return SCALARS[shape.type]

    def write_class(self, shape: Shape) -> None:
        """Write the TypedDict of a structure, and of all structures below it."""
        name = self.class_name(shape)
        if name in self.classes:
            return
        self.classes[name] = ""
        fields = [self._field(shape, member) for member in shape.members.values()]
        head = f'class {name}(TypedDict, total=False):\n    """AWS: {shape.name}."""\n'
        self.classes[name] = head + ("\n" + "\n".join(fields) + "\n" if fields else "")

    def _field(self, shape: Shape, member: Member) -> str:
        if keyword.iskeyword(member.name):
            raise SystemExit(f"{shape.name}.{member.name} is a keyword of Python")
        kind = self.annotation(member.shape)
        if member.name == shape.payload and kind == "bytes" and member.trait("streaming"):
            inward = self.class_name(shape).endswith("Request")
            kind = "BodyStream" if inward else "AsyncIterator[bytes] | bytes"
        if member.name in shape.required:
            kind = f"Required[{kind}]"
        line = f"    {member.name}: {kind}"
        if len(line) > 100:
            line = line.replace("[", "[\n        ", 1)[:-1] + "\n    ]"
        return line

    def write_operation(self, operation: OperationModel) -> None:
        """Write the request and the result of one operation."""
        for shape, suffix in ((operation.input, "Request"), (operation.output, "Result")):
            name = operation.name + suffix
            if shape is None:
                self.classes[name] = (
                    f'class {name}(TypedDict, total=False):\n    """AWS: no members."""\n'
                )
                continue
            self.write_class(shape)
            if self.class_name(shape) != name:
                self.aliases.append(f"{name}: TypeAlias = {self.class_name(shape)}\n")

    def text(self, command: str) -> str:
        """The whole module."""
        for operation in self.operations:
            self.write_operation(operation)
        body = "\n\n".join(self.classes.values())
        if self.aliases:
            body += "\n\n" + "".join(self.aliases)
        return f"{self._head(body, command)}\n\n\n{body}"

    def _head(self, body: str, command: str) -> str:
        typing_names = [
            name for name in ("Required", "TypeAlias", "TypedDict") if _mentions(body, name)
        ]
        metadata = self.service.metadata
        lines = [
            '"""Shapes of the operations served here. Generated: do not edit.',
            "",
            f"By: python {command}",
            f"From: the model of {metadata['serviceFullName']}, {metadata['apiVersion']}.",
            '"""',
            "",
            "from __future__ import annotations",
            "",
            f"from typing import TYPE_CHECKING, {', '.join(typing_names)}",
        ]
        checked = []
        if _mentions(body, "AsyncIterator"):
            checked.append("    from collections.abc import AsyncIterator\n")
        if _mentions(body, "BodyStream"):
            checked.append("    from kamome.wire import BodyStream\n")
        if not checked:
            lines[-1] = f"from typing import {', '.join(typing_names)}"
            return "\n".join(lines)
        return "\n".join([*lines, "", "if TYPE_CHECKING:", "\n".join(checked).rstrip("\n")])


def _mentions(body: str, name: str) -> bool:
    return any(f"{before}{name}{after}" in body for before in " ([" for after in " [],)\n")


def module_text(slice_name: str, model: str, operations: Iterable[str], *, table: bool) -> str:
    """The text of a slice's `shapes.py`."""
    names = list(operations)
    command = f"tools/generate_shapes.py {slice_name}"
    if not table:
        command = " ".join([command, model, *names])
    return Module(model, names).text(command)


def path_of(slice_name: str) -> Path:
    """Where a slice's shapes are."""
    folder, _, file = slice_name.partition(".")
    return ROOT / "src" / "kamome" / "services" / folder / f"{file or 'shapes'}.py"


def outdated() -> list[str]:
    """Slices whose file differs from what the table gives."""
    stale = []
    for slice_name, (model, operations) in OPERATIONS.items():
        path = path_of(slice_name)
        expected = module_text(slice_name, model, operations, table=True)
        if not path.is_file() or path.read_text(encoding="utf-8") != expected:
            stale.append(slice_name)
    return stale


def write(slice_name: str, text: str) -> None:
    """Put the text where the slice keeps its shapes."""
    path = path_of(slice_name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def main() -> int:
    """Run as the module's docstring says."""
    parser = argparse.ArgumentParser(description="Write the TypedDicts of slices.")
    parser.add_argument("--check", action="store_true", help="only tell which files are outdated")
    parser.add_argument("slice", nargs="?")
    parser.add_argument("model", nargs="?")
    parser.add_argument("operation", nargs="*")
    options = parser.parse_args()
    if options.check:
        stale = outdated()
        for name in stale:
            print(f"{path_of(name).relative_to(ROOT)} is outdated: run tools/generate_shapes.py")
        return 1 if stale else 0
    if options.operation:
        text = module_text(options.slice, options.model, options.operation, table=False)
        write(options.slice, text)
        return 0
    for name in [options.slice] if options.slice else list(OPERATIONS):
        write(name, module_text(name, *OPERATIONS[name], table=True))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
