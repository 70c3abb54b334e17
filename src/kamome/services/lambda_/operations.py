"""The operations of AWS Lambda that are served, and how the pipeline words and shows them.

The functions are in modules by the headings of the API reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from kamome.protocols.model import Violation, constraint_sentence
from kamome.services.lambda_.concurrency.concurrency import (
    delete_function_concurrency,
    get_account_settings,
    get_function_concurrency,
    put_function_concurrency,
)
from kamome.services.lambda_.concurrency.provisioned_concurrency import (
    delete_provisioned_concurrency_config,
    get_provisioned_concurrency_config,
    list_provisioned_concurrency_configs,
    put_provisioned_concurrency_config,
)
from kamome.services.lambda_.errors import ValidationException
from kamome.services.lambda_.event_source_mappings.mappings import (
    create_event_source_mapping,
    delete_event_source_mapping,
    get_event_source_mapping,
    list_event_source_mappings,
    update_event_source_mapping,
)
from kamome.services.lambda_.function_urls.function_url_calls import INVOKE_FUNCTION_URL, edge_of
from kamome.services.lambda_.function_urls.function_urls import (
    create_function_url_config,
    delete_function_url_config,
    get_function_url_config,
    list_function_url_configs,
    update_function_url_config,
)
from kamome.services.lambda_.functions.code_signing import (
    create_code_signing_config,
    delete_code_signing_config,
    delete_function_code_signing_config,
    get_code_signing_config,
    get_function_code_signing_config,
    list_code_signing_configs,
    list_functions_by_code_signing_config,
    put_function_code_signing_config,
    update_code_signing_config,
)
from kamome.services.lambda_.functions.function_records import (
    get_function_recursion_config,
    get_runtime_management_config,
    put_function_recursion_config,
    put_runtime_management_config,
)
from kamome.services.lambda_.functions.functions import (
    create_function,
    delete_function,
    get_function,
    get_function_configuration,
    list_functions,
    update_function_code,
    update_function_configuration,
)
from kamome.services.lambda_.functions.tags import list_tags, tag_resource, untag_resource
from kamome.services.lambda_.invocation.event_invoke_configs import (
    delete_function_event_invoke_config,
    get_function_event_invoke_config,
    list_function_event_invoke_configs,
    put_function_event_invoke_config,
    update_function_event_invoke_config,
)
from kamome.services.lambda_.invocation.invocations import invoke, invoke_async
from kamome.services.lambda_.invocation.streamed_invocations import invoke_with_response_stream
from kamome.services.lambda_.layers.layer_permissions import (
    add_layer_version_permission,
    get_layer_version_policy,
    remove_layer_version_permission,
)
from kamome.services.lambda_.layers.layers import (
    delete_layer_version,
    get_layer_version,
    get_layer_version_by_arn,
    list_layer_versions,
    list_layers,
    publish_layer_version,
)
from kamome.services.lambda_.permissions.permissions import (
    add_permission,
    get_policy,
    remove_permission,
)
from kamome.services.lambda_.versions.versions import (
    create_alias,
    delete_alias,
    get_alias,
    list_aliases,
    list_versions_by_function,
    publish_version,
    update_alias,
)

if TYPE_CHECKING:
    from kamome.errors import AwsError
    from kamome.services import Operation

OPERATIONS: Mapping[str, Operation] = {
    "AddLayerVersionPermission": add_layer_version_permission,
    "AddPermission": add_permission,
    "CreateAlias": create_alias,
    "CreateCodeSigningConfig": create_code_signing_config,
    "CreateEventSourceMapping": create_event_source_mapping,
    "CreateFunction": create_function,
    "CreateFunctionUrlConfig": create_function_url_config,
    "DeleteAlias": delete_alias,
    "DeleteCodeSigningConfig": delete_code_signing_config,
    "DeleteEventSourceMapping": delete_event_source_mapping,
    "DeleteFunction": delete_function,
    "DeleteFunctionCodeSigningConfig": delete_function_code_signing_config,
    "DeleteFunctionConcurrency": delete_function_concurrency,
    "DeleteFunctionEventInvokeConfig": delete_function_event_invoke_config,
    "DeleteFunctionUrlConfig": delete_function_url_config,
    "DeleteLayerVersion": delete_layer_version,
    "DeleteProvisionedConcurrencyConfig": delete_provisioned_concurrency_config,
    "GetAccountSettings": get_account_settings,
    "GetAlias": get_alias,
    "GetCodeSigningConfig": get_code_signing_config,
    "GetEventSourceMapping": get_event_source_mapping,
    "GetFunction": get_function,
    "GetFunctionCodeSigningConfig": get_function_code_signing_config,
    "GetFunctionConcurrency": get_function_concurrency,
    "GetFunctionConfiguration": get_function_configuration,
    "GetFunctionEventInvokeConfig": get_function_event_invoke_config,
    "GetFunctionRecursionConfig": get_function_recursion_config,
    "GetFunctionUrlConfig": get_function_url_config,
    "GetLayerVersion": get_layer_version,
    "GetLayerVersionByArn": get_layer_version_by_arn,
    "GetLayerVersionPolicy": get_layer_version_policy,
    "GetPolicy": get_policy,
    "GetProvisionedConcurrencyConfig": get_provisioned_concurrency_config,
    "GetRuntimeManagementConfig": get_runtime_management_config,
    "Invoke": invoke,
    "InvokeAsync": invoke_async,
    "InvokeWithResponseStream": invoke_with_response_stream,
    "ListAliases": list_aliases,
    "ListCodeSigningConfigs": list_code_signing_configs,
    "ListEventSourceMappings": list_event_source_mappings,
    "ListFunctionEventInvokeConfigs": list_function_event_invoke_configs,
    "ListFunctionUrlConfigs": list_function_url_configs,
    "ListFunctions": list_functions,
    "ListFunctionsByCodeSigningConfig": list_functions_by_code_signing_config,
    "ListLayerVersions": list_layer_versions,
    "ListLayers": list_layers,
    "ListProvisionedConcurrencyConfigs": list_provisioned_concurrency_configs,
    "ListTags": list_tags,
    "ListVersionsByFunction": list_versions_by_function,
    "PublishLayerVersion": publish_layer_version,
    "PublishVersion": publish_version,
    "PutFunctionCodeSigningConfig": put_function_code_signing_config,
    "PutFunctionConcurrency": put_function_concurrency,
    "PutFunctionEventInvokeConfig": put_function_event_invoke_config,
    "PutFunctionRecursionConfig": put_function_recursion_config,
    "PutProvisionedConcurrencyConfig": put_provisioned_concurrency_config,
    "PutRuntimeManagementConfig": put_runtime_management_config,
    "RemoveLayerVersionPermission": remove_layer_version_permission,
    "RemovePermission": remove_permission,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "UpdateAlias": update_alias,
    "UpdateCodeSigningConfig": update_code_signing_config,
    "UpdateEventSourceMapping": update_event_source_mapping,
    "UpdateFunctionCode": update_function_code,
    "UpdateFunctionConfiguration": update_function_configuration,
    "UpdateFunctionEventInvokeConfig": update_function_event_invoke_config,
    "UpdateFunctionUrlConfig": update_function_url_config,
}

# Calls of function URLs, by the name of the action that permits them.
EDGE_ACTIONS = (INVOKE_FUNCTION_URL,)

edge = edge_of


def violation(violations: Sequence[Violation]) -> AwsError:
    """Model constraints that a request does not satisfy, as Lambda words them.

    AWS: Lambda API Reference, Common Errors (ValidationException).
    """
    return ValidationException(constraint_sentence(violations))


def resource_of(request: Mapping[str, object]) -> str:
    """What a journey shows of a request: the function's name, a mapping's UUID, or its source."""
    name = request.get("FunctionName")
    if isinstance(name, str):
        return name.rpartition("function:")[2]
    return str(request.get("UUID", request.get("EventSourceArn", "")))
