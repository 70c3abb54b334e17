"""Shapes of the operations served here. Generated: do not edit.

By: python tools/generate_shapes.py dynamodb
From: the model of Amazon DynamoDB, 2012-08-10.
"""

from __future__ import annotations

from typing import Required, TypedDict


class CreateTableRequest(TypedDict, total=False):
    """AWS: CreateTableInput."""

    AttributeDefinitions: list[AttributeDefinition]
    TableName: Required[str]
    KeySchema: list[KeySchemaElement]
    LocalSecondaryIndexes: list[LocalSecondaryIndex]
    GlobalSecondaryIndexes: list[GlobalSecondaryIndex]
    BillingMode: str
    ProvisionedThroughput: ProvisionedThroughput
    StreamSpecification: StreamSpecification
    SSESpecification: SSESpecification
    Tags: list[Tag]
    TableClass: str
    DeletionProtectionEnabled: bool
    WarmThroughput: WarmThroughput
    ResourcePolicy: str
    OnDemandThroughput: OnDemandThroughput
    GlobalTableSourceArn: str
    GlobalTableSettingsReplicationMode: str
    VectorIndexes: list[VectorIndex]


class AttributeDefinition(TypedDict, total=False):
    """AWS: AttributeDefinition."""

    AttributeName: Required[str]
    AttributeType: Required[str]


class KeySchemaElement(TypedDict, total=False):
    """AWS: KeySchemaElement."""

    AttributeName: Required[str]
    KeyType: Required[str]


class LocalSecondaryIndex(TypedDict, total=False):
    """AWS: LocalSecondaryIndex."""

    IndexName: Required[str]
    KeySchema: Required[list[KeySchemaElement]]
    Projection: Required[Projection]


class Projection(TypedDict, total=False):
    """AWS: Projection."""

    ProjectionType: str
    NonKeyAttributes: list[str]


class GlobalSecondaryIndex(TypedDict, total=False):
    """AWS: GlobalSecondaryIndex."""

    IndexName: Required[str]
    KeySchema: Required[list[KeySchemaElement]]
    Projection: Required[Projection]
    ProvisionedThroughput: ProvisionedThroughput
    OnDemandThroughput: OnDemandThroughput
    WarmThroughput: WarmThroughput


class ProvisionedThroughput(TypedDict, total=False):
    """AWS: ProvisionedThroughput."""

    ReadCapacityUnits: Required[int]
    WriteCapacityUnits: Required[int]


class OnDemandThroughput(TypedDict, total=False):
    """AWS: OnDemandThroughput."""

    MaxReadRequestUnits: int
    MaxWriteRequestUnits: int


class WarmThroughput(TypedDict, total=False):
    """AWS: WarmThroughput."""

    ReadUnitsPerSecond: int
    WriteUnitsPerSecond: int


class StreamSpecification(TypedDict, total=False):
    """AWS: StreamSpecification."""

    StreamEnabled: Required[bool]
    StreamViewType: str


class SSESpecification(TypedDict, total=False):
    """AWS: SSESpecification."""

    Enabled: bool
    SSEType: str
    KMSMasterKeyId: str


class Tag(TypedDict, total=False):
    """AWS: Tag."""

    Key: Required[str]
    Value: Required[str]


class VectorIndex(TypedDict, total=False):
    """AWS: VectorIndex."""

    IndexName: Required[str]
    VectorAttribute: Required[VectorAttributeDefinition]
    SearchSchema: list[SearchSchemaElement]
    Projection: Required[Projection]
    Dimensions: Required[int]
    DistanceFunction: Required[str]


class VectorAttributeDefinition(TypedDict, total=False):
    """AWS: VectorAttributeDefinition."""

    AttributeName: Required[str]


class SearchSchemaElement(TypedDict, total=False):
    """AWS: SearchSchemaElement."""

    AttributeName: Required[str]
    SearchSchemaElementType: Required[str]


class CreateTableResult(TypedDict, total=False):
    """AWS: CreateTableOutput."""

    TableDescription: TableDescription


class TableDescription(TypedDict, total=False):
    """AWS: TableDescription."""

    AttributeDefinitions: list[AttributeDefinition]
    TableName: str
    KeySchema: list[KeySchemaElement]
    TableStatus: str
    CreationDateTime: float
    ProvisionedThroughput: ProvisionedThroughputDescription
    TableSizeBytes: int
    ItemCount: int
    TableArn: str
    TableId: str
    BillingModeSummary: BillingModeSummary
    LocalSecondaryIndexes: list[LocalSecondaryIndexDescription]
    GlobalSecondaryIndexes: list[GlobalSecondaryIndexDescription]
    StreamSpecification: StreamSpecification
    LatestStreamLabel: str
    LatestStreamArn: str
    GlobalTableVersion: str
    Replicas: list[ReplicaDescription]
    GlobalTableWitnesses: list[GlobalTableWitnessDescription]
    GlobalTableSettingsReplicationMode: str
    RestoreSummary: RestoreSummary
    SSEDescription: SSEDescription
    ArchivalSummary: ArchivalSummary
    TableClassSummary: TableClassSummary
    DeletionProtectionEnabled: bool
    DisassociationProtectionEnabled: bool
    OnDemandThroughput: OnDemandThroughput
    WarmThroughput: TableWarmThroughputDescription
    MultiRegionConsistency: str
    VectorIndexes: list[VectorIndexDescription]


class ProvisionedThroughputDescription(TypedDict, total=False):
    """AWS: ProvisionedThroughputDescription."""

    LastIncreaseDateTime: float
    LastDecreaseDateTime: float
    NumberOfDecreasesToday: int
    ReadCapacityUnits: int
    WriteCapacityUnits: int


class BillingModeSummary(TypedDict, total=False):
    """AWS: BillingModeSummary."""

    BillingMode: str
    LastUpdateToPayPerRequestDateTime: float


class LocalSecondaryIndexDescription(TypedDict, total=False):
    """AWS: LocalSecondaryIndexDescription."""

    IndexName: str
    KeySchema: list[KeySchemaElement]
    Projection: Projection
    IndexSizeBytes: int
    ItemCount: int
    IndexArn: str


class GlobalSecondaryIndexDescription(TypedDict, total=False):
    """AWS: GlobalSecondaryIndexDescription."""

    IndexName: str
    KeySchema: list[KeySchemaElement]
    Projection: Projection
    IndexStatus: str
    Backfilling: bool
    ProvisionedThroughput: ProvisionedThroughputDescription
    IndexSizeBytes: int
    ItemCount: int
    IndexArn: str
    OnDemandThroughput: OnDemandThroughput
    WarmThroughput: GlobalSecondaryIndexWarmThroughputDescription


class GlobalSecondaryIndexWarmThroughputDescription(TypedDict, total=False):
    """AWS: GlobalSecondaryIndexWarmThroughputDescription."""

    ReadUnitsPerSecond: int
    WriteUnitsPerSecond: int
    Status: str


class ReplicaDescription(TypedDict, total=False):
    """AWS: ReplicaDescription."""

    RegionName: str
    ReplicaStatus: str
    ReplicaArn: str
    ReplicaStatusDescription: str
    ReplicaStatusPercentProgress: str
    KMSMasterKeyId: str
    ProvisionedThroughputOverride: ProvisionedThroughputOverride
    OnDemandThroughputOverride: OnDemandThroughputOverride
    WarmThroughput: TableWarmThroughputDescription
    GlobalSecondaryIndexes: list[ReplicaGlobalSecondaryIndexDescription]
    ReplicaInaccessibleDateTime: float
    ReplicaTableClassSummary: TableClassSummary
    GlobalTableSettingsReplicationMode: str


class ProvisionedThroughputOverride(TypedDict, total=False):
    """AWS: ProvisionedThroughputOverride."""

    ReadCapacityUnits: int


class OnDemandThroughputOverride(TypedDict, total=False):
    """AWS: OnDemandThroughputOverride."""

    MaxReadRequestUnits: int


class TableWarmThroughputDescription(TypedDict, total=False):
    """AWS: TableWarmThroughputDescription."""

    ReadUnitsPerSecond: int
    WriteUnitsPerSecond: int
    Status: str


class ReplicaGlobalSecondaryIndexDescription(TypedDict, total=False):
    """AWS: ReplicaGlobalSecondaryIndexDescription."""

    IndexName: str
    ProvisionedThroughputOverride: ProvisionedThroughputOverride
    OnDemandThroughputOverride: OnDemandThroughputOverride
    WarmThroughput: GlobalSecondaryIndexWarmThroughputDescription


class TableClassSummary(TypedDict, total=False):
    """AWS: TableClassSummary."""

    TableClass: str
    LastUpdateDateTime: float


class GlobalTableWitnessDescription(TypedDict, total=False):
    """AWS: GlobalTableWitnessDescription."""

    RegionName: str
    WitnessStatus: str


class RestoreSummary(TypedDict, total=False):
    """AWS: RestoreSummary."""

    SourceBackupArn: str
    SourceTableArn: str
    RestoreDateTime: Required[float]
    RestoreInProgress: Required[bool]


class SSEDescription(TypedDict, total=False):
    """AWS: SSEDescription."""

    Status: str
    SSEType: str
    KMSMasterKeyArn: str
    InaccessibleEncryptionDateTime: float


class ArchivalSummary(TypedDict, total=False):
    """AWS: ArchivalSummary."""

    ArchivalDateTime: float
    ArchivalReason: str
    ArchivalBackupArn: str


class VectorIndexDescription(TypedDict, total=False):
    """AWS: VectorIndexDescription."""

    IndexName: str
    SearchSchema: list[SearchSchemaElement]
    Projection: Projection
    VectorAttribute: VectorAttributeDefinition
    Dimensions: int
    DistanceFunction: str
    IndexStatus: str
    Backfilling: bool
    IndexSizeBytes: int
    ItemCount: int
    IndexArn: str


class DeleteItemRequest(TypedDict, total=False):
    """AWS: DeleteItemInput."""

    TableName: Required[str]
    Key: Required[dict[str, AttributeValue]]
    Expected: dict[str, ExpectedAttributeValue]
    ConditionalOperator: str
    ReturnValues: str
    ReturnConsumedCapacity: str
    ReturnItemCollectionMetrics: str
    ConditionExpression: str
    ExpressionAttributeNames: dict[str, str]
    ExpressionAttributeValues: dict[str, AttributeValue]
    ReturnValuesOnConditionCheckFailure: str


class AttributeValue(TypedDict, total=False):
    """AWS: AttributeValue."""

    S: str
    N: str
    B: bytes
    SS: list[str]
    NS: list[str]
    BS: list[bytes]
    M: dict[str, AttributeValue]
    L: list[AttributeValue]
    NULL: bool
    BOOL: bool


class ExpectedAttributeValue(TypedDict, total=False):
    """AWS: ExpectedAttributeValue."""

    Value: AttributeValue
    Exists: bool
    ComparisonOperator: str
    AttributeValueList: list[AttributeValue]


class DeleteItemResult(TypedDict, total=False):
    """AWS: DeleteItemOutput."""

    Attributes: dict[str, AttributeValue]
    ConsumedCapacity: ConsumedCapacity
    ItemCollectionMetrics: ItemCollectionMetrics


class ConsumedCapacity(TypedDict, total=False):
    """AWS: ConsumedCapacity."""

    TableName: str
    CapacityUnits: float
    ReadCapacityUnits: float
    WriteCapacityUnits: float
    Table: Capacity
    LocalSecondaryIndexes: dict[str, Capacity]
    GlobalSecondaryIndexes: dict[str, Capacity]
    VectorIndexes: dict[str, VectorCapacity]


class Capacity(TypedDict, total=False):
    """AWS: Capacity."""

    ReadCapacityUnits: float
    WriteCapacityUnits: float
    CapacityUnits: float


class VectorCapacity(TypedDict, total=False):
    """AWS: VectorCapacity."""

    VectorSearchRequestBytes: float
    VectorWriteRequestBytes: float


class ItemCollectionMetrics(TypedDict, total=False):
    """AWS: ItemCollectionMetrics."""

    ItemCollectionKey: dict[str, AttributeValue]
    SizeEstimateRangeGB: list[float]


class DeleteTableRequest(TypedDict, total=False):
    """AWS: DeleteTableInput."""

    TableName: Required[str]


class DeleteTableResult(TypedDict, total=False):
    """AWS: DeleteTableOutput."""

    TableDescription: TableDescription


class DescribeTableRequest(TypedDict, total=False):
    """AWS: DescribeTableInput."""

    TableName: Required[str]


class DescribeTableResult(TypedDict, total=False):
    """AWS: DescribeTableOutput."""

    Table: TableDescription


class GetItemRequest(TypedDict, total=False):
    """AWS: GetItemInput."""

    TableName: Required[str]
    Key: Required[dict[str, AttributeValue]]
    AttributesToGet: list[str]
    ConsistentRead: bool
    ReturnConsumedCapacity: str
    ProjectionExpression: str
    ExpressionAttributeNames: dict[str, str]


class GetItemResult(TypedDict, total=False):
    """AWS: GetItemOutput."""

    Item: dict[str, AttributeValue]
    ConsumedCapacity: ConsumedCapacity


class ListTablesRequest(TypedDict, total=False):
    """AWS: ListTablesInput."""

    ExclusiveStartTableName: str
    Limit: int


class ListTablesResult(TypedDict, total=False):
    """AWS: ListTablesOutput."""

    TableNames: list[str]
    LastEvaluatedTableName: str


class PutItemRequest(TypedDict, total=False):
    """AWS: PutItemInput."""

    TableName: Required[str]
    Item: Required[dict[str, AttributeValue]]
    Expected: dict[str, ExpectedAttributeValue]
    ReturnValues: str
    ReturnConsumedCapacity: str
    ReturnItemCollectionMetrics: str
    ConditionalOperator: str
    ConditionExpression: str
    ExpressionAttributeNames: dict[str, str]
    ExpressionAttributeValues: dict[str, AttributeValue]
    ReturnValuesOnConditionCheckFailure: str


class PutItemResult(TypedDict, total=False):
    """AWS: PutItemOutput."""

    Attributes: dict[str, AttributeValue]
    ConsumedCapacity: ConsumedCapacity
    ItemCollectionMetrics: ItemCollectionMetrics


class QueryRequest(TypedDict, total=False):
    """AWS: QueryInput."""

    TableName: Required[str]
    IndexName: str
    Select: str
    AttributesToGet: list[str]
    Limit: int
    ConsistentRead: bool
    KeyConditions: dict[str, Condition]
    QueryFilter: dict[str, Condition]
    ConditionalOperator: str
    ScanIndexForward: bool
    ExclusiveStartKey: dict[str, AttributeValue]
    ReturnConsumedCapacity: str
    ProjectionExpression: str
    FilterExpression: str
    KeyConditionExpression: str
    ExpressionAttributeNames: dict[str, str]
    ExpressionAttributeValues: dict[str, AttributeValue]


class Condition(TypedDict, total=False):
    """AWS: Condition."""

    AttributeValueList: list[AttributeValue]
    ComparisonOperator: Required[str]


class QueryResult(TypedDict, total=False):
    """AWS: QueryOutput."""

    Items: list[dict[str, AttributeValue]]
    Count: int
    ScannedCount: int
    LastEvaluatedKey: dict[str, AttributeValue]
    ConsumedCapacity: ConsumedCapacity


class ScanRequest(TypedDict, total=False):
    """AWS: ScanInput."""

    TableName: Required[str]
    IndexName: str
    AttributesToGet: list[str]
    Limit: int
    Select: str
    ScanFilter: dict[str, Condition]
    ConditionalOperator: str
    ExclusiveStartKey: dict[str, AttributeValue]
    ReturnConsumedCapacity: str
    TotalSegments: int
    Segment: int
    ProjectionExpression: str
    FilterExpression: str
    ExpressionAttributeNames: dict[str, str]
    ExpressionAttributeValues: dict[str, AttributeValue]
    ConsistentRead: bool


class ScanResult(TypedDict, total=False):
    """AWS: ScanOutput."""

    Items: list[dict[str, AttributeValue]]
    Count: int
    ScannedCount: int
    LastEvaluatedKey: dict[str, AttributeValue]
    ConsumedCapacity: ConsumedCapacity


class UpdateItemRequest(TypedDict, total=False):
    """AWS: UpdateItemInput."""

    TableName: Required[str]
    Key: Required[dict[str, AttributeValue]]
    AttributeUpdates: dict[str, AttributeValueUpdate]
    Expected: dict[str, ExpectedAttributeValue]
    ConditionalOperator: str
    ReturnValues: str
    ReturnConsumedCapacity: str
    ReturnItemCollectionMetrics: str
    UpdateExpression: str
    ConditionExpression: str
    ExpressionAttributeNames: dict[str, str]
    ExpressionAttributeValues: dict[str, AttributeValue]
    ReturnValuesOnConditionCheckFailure: str


class AttributeValueUpdate(TypedDict, total=False):
    """AWS: AttributeValueUpdate."""

    Value: AttributeValue
    Action: str


class UpdateItemResult(TypedDict, total=False):
    """AWS: UpdateItemOutput."""

    Attributes: dict[str, AttributeValue]
    ConsumedCapacity: ConsumedCapacity
    ItemCollectionMetrics: ItemCollectionMetrics
