"""Shapes of the operations served here. Generated: do not edit.

By: python tools/generate_shapes.py ecs
From: the model of Amazon EC2 Container Service, 2014-11-13.
"""

from __future__ import annotations

from typing import Required, TypedDict


class CreateClusterRequest(TypedDict, total=False):
    """AWS: CreateClusterRequest."""

    clusterName: str
    tags: list[Tag]
    settings: list[ClusterSetting]
    configuration: ClusterConfiguration
    capacityProviders: list[str]
    defaultCapacityProviderStrategy: list[CapacityProviderStrategyItem]
    serviceConnectDefaults: ClusterServiceConnectDefaultsRequest


class Tag(TypedDict, total=False):
    """AWS: Tag."""

    key: str
    value: str


class ClusterSetting(TypedDict, total=False):
    """AWS: ClusterSetting."""

    name: str
    value: str


class ClusterConfiguration(TypedDict, total=False):
    """AWS: ClusterConfiguration."""

    executeCommandConfiguration: ExecuteCommandConfiguration
    managedStorageConfiguration: ManagedStorageConfiguration


class ExecuteCommandConfiguration(TypedDict, total=False):
    """AWS: ExecuteCommandConfiguration."""

    kmsKeyId: str
    logging: str
    logConfiguration: ExecuteCommandLogConfiguration


class ExecuteCommandLogConfiguration(TypedDict, total=False):
    """AWS: ExecuteCommandLogConfiguration."""

    cloudWatchLogGroupName: str
    cloudWatchEncryptionEnabled: bool
    s3BucketName: str
    s3EncryptionEnabled: bool
    s3KeyPrefix: str


class ManagedStorageConfiguration(TypedDict, total=False):
    """AWS: ManagedStorageConfiguration."""

    kmsKeyId: str
    fargateEphemeralStorageKmsKeyId: str


class CapacityProviderStrategyItem(TypedDict, total=False):
    """AWS: CapacityProviderStrategyItem."""

    capacityProvider: Required[str]
    weight: int
    base: int


class ClusterServiceConnectDefaultsRequest(TypedDict, total=False):
    """AWS: ClusterServiceConnectDefaultsRequest."""

    namespace: Required[str]


class CreateClusterResult(TypedDict, total=False):
    """AWS: CreateClusterResponse."""

    cluster: Cluster


class Cluster(TypedDict, total=False):
    """AWS: Cluster."""

    clusterArn: str
    clusterName: str
    configuration: ClusterConfiguration
    status: str
    registeredContainerInstancesCount: int
    runningTasksCount: int
    pendingTasksCount: int
    activeServicesCount: int
    statistics: list[KeyValuePair]
    tags: list[Tag]
    settings: list[ClusterSetting]
    capacityProviders: list[str]
    defaultCapacityProviderStrategy: list[CapacityProviderStrategyItem]
    attachments: list[Attachment]
    attachmentsStatus: str
    serviceConnectDefaults: ClusterServiceConnectDefaults


class KeyValuePair(TypedDict, total=False):
    """AWS: KeyValuePair."""

    name: str
    value: str


class Attachment(TypedDict, total=False):
    """AWS: Attachment."""

    id: str
    type: str
    status: str
    details: list[KeyValuePair]


class ClusterServiceConnectDefaults(TypedDict, total=False):
    """AWS: ClusterServiceConnectDefaults."""

    namespace: str


class CreateServiceRequest(TypedDict, total=False):
    """AWS: CreateServiceRequest."""

    cluster: str
    serviceName: Required[str]
    taskDefinition: str
    availabilityZoneRebalancing: str
    loadBalancers: list[LoadBalancer]
    serviceRegistries: list[ServiceRegistry]
    desiredCount: int
    clientToken: str
    launchType: str
    capacityProviderStrategy: list[CapacityProviderStrategyItem]
    platformVersion: str
    role: str
    deploymentConfiguration: DeploymentConfiguration
    placementConstraints: list[PlacementConstraint]
    placementStrategy: list[PlacementStrategy]
    networkConfiguration: NetworkConfiguration
    healthCheckGracePeriodSeconds: int
    schedulingStrategy: str
    deploymentController: DeploymentController
    tags: list[Tag]
    enableECSManagedTags: bool
    propagateTags: str
    enableExecuteCommand: bool
    serviceConnectConfiguration: ServiceConnectConfiguration
    volumeConfigurations: list[ServiceVolumeConfiguration]
    vpcLatticeConfigurations: list[VpcLatticeConfiguration]
    gatewayConnectors: list[GatewayConnector]
    monitoring: MonitoringConfiguration


class LoadBalancer(TypedDict, total=False):
    """AWS: LoadBalancer."""

    targetGroupArn: str
    loadBalancerName: str
    containerName: str
    containerPort: int
    advancedConfiguration: AdvancedConfiguration


class AdvancedConfiguration(TypedDict, total=False):
    """AWS: AdvancedConfiguration."""

    alternateTargetGroupArn: str
    productionListenerRule: str
    testListenerRule: str
    roleArn: str


class ServiceRegistry(TypedDict, total=False):
    """AWS: ServiceRegistry."""

    registryArn: str
    port: int
    containerName: str
    containerPort: int


class DeploymentConfiguration(TypedDict, total=False):
    """AWS: DeploymentConfiguration."""

    deploymentCircuitBreaker: DeploymentCircuitBreaker
    maximumPercent: int
    minimumHealthyPercent: int
    alarms: DeploymentAlarms
    strategy: str
    bakeTimeInMinutes: int
    lifecycleHooks: list[DeploymentLifecycleHook]
    linearConfiguration: LinearConfiguration
    canaryConfiguration: CanaryConfiguration
    earlySuccessCriteria: DeploymentEarlySuccessCriteria


class DeploymentCircuitBreaker(TypedDict, total=False):
    """AWS: DeploymentCircuitBreaker."""

    enable: Required[bool]
    rollback: Required[bool]
    resetOnHealthyTask: bool
    thresholdConfiguration: ThresholdConfiguration


class ThresholdConfiguration(TypedDict, total=False):
    """AWS: ThresholdConfiguration."""

    type: Required[str]
    value: Required[int]


class DeploymentAlarms(TypedDict, total=False):
    """AWS: DeploymentAlarms."""

    alarmNames: Required[list[str]]
    rollback: Required[bool]
    enable: Required[bool]


class DeploymentLifecycleHook(TypedDict, total=False):
    """AWS: DeploymentLifecycleHook."""

    targetType: str
    hookTargetArn: str
    roleArn: str
    lifecycleStages: list[str]
    hookDetails: object
    timeoutConfiguration: DeploymentLifecycleHookTimeoutConfiguration


class DeploymentLifecycleHookTimeoutConfiguration(TypedDict, total=False):
    """AWS: DeploymentLifecycleHookTimeoutConfiguration."""

    timeoutInMinutes: int
    action: str


class LinearConfiguration(TypedDict, total=False):
    """AWS: LinearConfiguration."""

    stepPercent: float
    stepBakeTimeInMinutes: int


class CanaryConfiguration(TypedDict, total=False):
    """AWS: CanaryConfiguration."""

    canaryPercent: float
    canaryBakeTimeInMinutes: int


class DeploymentEarlySuccessCriteria(TypedDict, total=False):
    """AWS: DeploymentEarlySuccessCriteria."""

    enable: Required[bool]
    healthyPercent: int
    sourceServiceRevisionCleanup: str


class PlacementConstraint(TypedDict, total=False):
    """AWS: PlacementConstraint."""

    type: str
    expression: str


class PlacementStrategy(TypedDict, total=False):
    """AWS: PlacementStrategy."""

    type: str
    field: str


class NetworkConfiguration(TypedDict, total=False):
    """AWS: NetworkConfiguration."""

    awsvpcConfiguration: AwsVpcConfiguration


class AwsVpcConfiguration(TypedDict, total=False):
    """AWS: AwsVpcConfiguration."""

    subnets: Required[list[str]]
    securityGroups: list[str]
    assignPublicIp: str


class DeploymentController(TypedDict, total=False):
    """AWS: DeploymentController."""

    type: Required[str]


class ServiceConnectConfiguration(TypedDict, total=False):
    """AWS: ServiceConnectConfiguration."""

    enabled: Required[bool]
    namespace: str
    services: list[ServiceConnectService]
    logConfiguration: LogConfiguration
    accessLogConfiguration: ServiceConnectAccessLogConfiguration
    containerConfigurations: list[ServiceConnectContainerConfiguration]


class ServiceConnectService(TypedDict, total=False):
    """AWS: ServiceConnectService."""

    portName: Required[str]
    discoveryName: str
    clientAliases: list[ServiceConnectClientAlias]
    ingressPortOverride: int
    timeout: TimeoutConfiguration
    tls: ServiceConnectTlsConfiguration


class ServiceConnectClientAlias(TypedDict, total=False):
    """AWS: ServiceConnectClientAlias."""

    port: Required[int]
    dnsName: str
    testTrafficRules: ServiceConnectTestTrafficRules


class ServiceConnectTestTrafficRules(TypedDict, total=False):
    """AWS: ServiceConnectTestTrafficRules."""

    header: Required[ServiceConnectTestTrafficHeaderRules]


class ServiceConnectTestTrafficHeaderRules(TypedDict, total=False):
    """AWS: ServiceConnectTestTrafficHeaderRules."""

    name: Required[str]
    value: ServiceConnectTestTrafficHeaderMatchRules


class ServiceConnectTestTrafficHeaderMatchRules(TypedDict, total=False):
    """AWS: ServiceConnectTestTrafficHeaderMatchRules."""

    exact: Required[str]


class TimeoutConfiguration(TypedDict, total=False):
    """AWS: TimeoutConfiguration."""

    idleTimeoutSeconds: int
    perRequestTimeoutSeconds: int


class ServiceConnectTlsConfiguration(TypedDict, total=False):
    """AWS: ServiceConnectTlsConfiguration."""

    issuerCertificateAuthority: Required[ServiceConnectTlsCertificateAuthority]
    kmsKey: str
    roleArn: str


class ServiceConnectTlsCertificateAuthority(TypedDict, total=False):
    """AWS: ServiceConnectTlsCertificateAuthority."""

    awsPcaAuthorityArn: str


class LogConfiguration(TypedDict, total=False):
    """AWS: LogConfiguration."""

    logDriver: Required[str]
    options: dict[str, str]
    secretOptions: list[Secret]


class Secret(TypedDict, total=False):
    """AWS: Secret."""

    name: Required[str]
    valueFrom: Required[str]


class ServiceConnectAccessLogConfiguration(TypedDict, total=False):
    """AWS: ServiceConnectAccessLogConfiguration."""

    format: Required[str]
    includeQueryParameters: str


class ServiceConnectContainerConfiguration(TypedDict, total=False):
    """AWS: ServiceConnectContainerConfiguration."""

    logLevel: str


class ServiceVolumeConfiguration(TypedDict, total=False):
    """AWS: ServiceVolumeConfiguration."""

    name: Required[str]
    managedEBSVolume: ServiceManagedEBSVolumeConfiguration


class ServiceManagedEBSVolumeConfiguration(TypedDict, total=False):
    """AWS: ServiceManagedEBSVolumeConfiguration."""

    encrypted: bool
    kmsKeyId: str
    volumeType: str
    sizeInGiB: int
    snapshotId: str
    volumeInitializationRate: int
    iops: int
    throughput: int
    tagSpecifications: list[EBSTagSpecification]
    roleArn: Required[str]
    filesystemType: str


class EBSTagSpecification(TypedDict, total=False):
    """AWS: EBSTagSpecification."""

    resourceType: Required[str]
    tags: list[Tag]
    propagateTags: str


class VpcLatticeConfiguration(TypedDict, total=False):
    """AWS: VpcLatticeConfiguration."""

    roleArn: Required[str]
    targetGroupArn: Required[str]
    portName: Required[str]
    advancedConfiguration: VpcLatticeAdvancedConfiguration


class VpcLatticeAdvancedConfiguration(TypedDict, total=False):
    """AWS: VpcLatticeAdvancedConfiguration."""

    alternateTargetGroupArn: str
    productionListenerRule: str
    testListenerRule: str


class GatewayConnector(TypedDict, total=False):
    """AWS: GatewayConnector."""

    portName: Required[str]
    healthCheck: GatewayConnectorHealthCheck
    filters: GatewayConnectorFilters
    deregistrationDelay: GatewayConnectorDeregistrationDelay


class GatewayConnectorHealthCheck(TypedDict, total=False):
    """AWS: GatewayConnectorHealthCheck."""

    healthCheckProtocol: str
    healthCheckPort: int
    healthCheckPath: str
    healthCheckTimeoutSeconds: int
    healthCheckIntervalSeconds: int
    healthyThresholdCount: int
    unhealthyThresholdCount: int
    matcher: GatewayConnectorHealthCheckMatcher


class GatewayConnectorHealthCheckMatcher(TypedDict, total=False):
    """AWS: GatewayConnectorHealthCheckMatcher."""

    httpCode: str
    grpcCode: str


class GatewayConnectorFilters(TypedDict, total=False):
    """AWS: GatewayConnectorFilters."""

    accessTypes: list[str]


class GatewayConnectorDeregistrationDelay(TypedDict, total=False):
    """AWS: GatewayConnectorDeregistrationDelay."""

    timeoutSeconds: int


class MonitoringConfiguration(TypedDict, total=False):
    """AWS: MonitoringConfiguration."""

    metricConfigurations: list[MetricConfiguration]


class MetricConfiguration(TypedDict, total=False):
    """AWS: MetricConfiguration."""

    metricNames: Required[list[str]]
    resolutionSeconds: Required[int]


class CreateServiceResult(TypedDict, total=False):
    """AWS: CreateServiceResponse."""

    service: Service


class Service(TypedDict, total=False):
    """AWS: Service."""

    serviceArn: str
    serviceName: str
    clusterArn: str
    loadBalancers: list[LoadBalancer]
    serviceRegistries: list[ServiceRegistry]
    status: str
    desiredCount: int
    runningCount: int
    pendingCount: int
    launchType: str
    capacityProviderStrategy: list[CapacityProviderStrategyItem]
    platformVersion: str
    platformFamily: str
    taskDefinition: str
    deploymentConfiguration: DeploymentConfiguration
    taskSets: list[TaskSet]
    deployments: list[Deployment]
    roleArn: str
    events: list[ServiceEvent]
    createdAt: float
    currentServiceDeployment: str
    currentServiceRevisions: list[ServiceCurrentRevisionSummary]
    placementConstraints: list[PlacementConstraint]
    placementStrategy: list[PlacementStrategy]
    networkConfiguration: NetworkConfiguration
    healthCheckGracePeriodSeconds: int
    schedulingStrategy: str
    deploymentController: DeploymentController
    tags: list[Tag]
    createdBy: str
    enableECSManagedTags: bool
    propagateTags: str
    enableExecuteCommand: bool
    availabilityZoneRebalancing: str
    resourceManagementType: str


class TaskSet(TypedDict, total=False):
    """AWS: TaskSet."""

    id: str
    taskSetArn: str
    serviceArn: str
    clusterArn: str
    startedBy: str
    externalId: str
    status: str
    taskDefinition: str
    computedDesiredCount: int
    pendingCount: int
    runningCount: int
    createdAt: float
    updatedAt: float
    launchType: str
    capacityProviderStrategy: list[CapacityProviderStrategyItem]
    platformVersion: str
    platformFamily: str
    networkConfiguration: NetworkConfiguration
    loadBalancers: list[LoadBalancer]
    serviceRegistries: list[ServiceRegistry]
    scale: Scale
    stabilityStatus: str
    stabilityStatusAt: float
    tags: list[Tag]
    fargateEphemeralStorage: DeploymentEphemeralStorage


class Scale(TypedDict, total=False):
    """AWS: Scale."""

    value: float
    unit: str


class DeploymentEphemeralStorage(TypedDict, total=False):
    """AWS: DeploymentEphemeralStorage."""

    kmsKeyId: str


class Deployment(TypedDict, total=False):
    """AWS: Deployment."""

    id: str
    status: str
    taskDefinition: str
    desiredCount: int
    pendingCount: int
    runningCount: int
    failedTasks: int
    createdAt: float
    updatedAt: float
    capacityProviderStrategy: list[CapacityProviderStrategyItem]
    launchType: str
    platformVersion: str
    platformFamily: str
    networkConfiguration: NetworkConfiguration
    rolloutState: str
    rolloutStateReason: str
    serviceConnectConfiguration: ServiceConnectConfiguration
    serviceConnectResources: list[ServiceConnectServiceResource]
    volumeConfigurations: list[ServiceVolumeConfiguration]
    fargateEphemeralStorage: DeploymentEphemeralStorage
    vpcLatticeConfigurations: list[VpcLatticeConfiguration]


class ServiceConnectServiceResource(TypedDict, total=False):
    """AWS: ServiceConnectServiceResource."""

    discoveryName: str
    discoveryArn: str


class ServiceEvent(TypedDict, total=False):
    """AWS: ServiceEvent."""

    id: str
    createdAt: float
    message: str


class ServiceCurrentRevisionSummary(TypedDict, total=False):
    """AWS: ServiceCurrentRevisionSummary."""

    arn: str
    requestedTaskCount: int
    runningTaskCount: int
    pendingTaskCount: int


class DeleteClusterRequest(TypedDict, total=False):
    """AWS: DeleteClusterRequest."""

    cluster: Required[str]


class DeleteClusterResult(TypedDict, total=False):
    """AWS: DeleteClusterResponse."""

    cluster: Cluster


class DeleteServiceRequest(TypedDict, total=False):
    """AWS: DeleteServiceRequest."""

    cluster: str
    service: Required[str]
    force: bool


class DeleteServiceResult(TypedDict, total=False):
    """AWS: DeleteServiceResponse."""

    service: Service


class DeregisterTaskDefinitionRequest(TypedDict, total=False):
    """AWS: DeregisterTaskDefinitionRequest."""

    taskDefinition: Required[str]


class DeregisterTaskDefinitionResult(TypedDict, total=False):
    """AWS: DeregisterTaskDefinitionResponse."""

    taskDefinition: TaskDefinition


class TaskDefinition(TypedDict, total=False):
    """AWS: TaskDefinition."""

    taskDefinitionArn: str
    containerDefinitions: list[ContainerDefinition]
    family: str
    taskRoleArn: str
    executionRoleArn: str
    networkMode: str
    revision: int
    volumes: list[Volume]
    status: str
    requiresAttributes: list[Attribute]
    placementConstraints: list[TaskDefinitionPlacementConstraint]
    compatibilities: list[str]
    runtimePlatform: RuntimePlatform
    requiresCompatibilities: list[str]
    cpu: str
    memory: str
    inferenceAccelerators: list[InferenceAccelerator]
    pidMode: str
    ipcMode: str
    proxyConfiguration: ProxyConfiguration
    registeredAt: float
    deregisteredAt: float
    deleteRequestedAt: float
    registeredBy: str
    ephemeralStorage: EphemeralStorage
    enableFaultInjection: bool
    trustedExecutionConfiguration: TrustedExecutionConfiguration


class ContainerDefinition(TypedDict, total=False):
    """AWS: ContainerDefinition."""

    name: str
    image: str
    repositoryCredentials: RepositoryCredentials
    cpu: int
    memory: int
    memoryReservation: int
    links: list[str]
    portMappings: list[PortMapping]
    essential: bool
    restartPolicy: ContainerRestartPolicy
    entryPoint: list[str]
    command: list[str]
    environment: list[KeyValuePair]
    environmentFiles: list[EnvironmentFile]
    mountPoints: list[MountPoint]
    volumesFrom: list[VolumeFrom]
    linuxParameters: LinuxParameters
    secrets: list[Secret]
    dependsOn: list[ContainerDependency]
    startTimeout: int
    stopTimeout: int
    versionConsistency: str
    hostname: str
    user: str
    workingDirectory: str
    disableNetworking: bool
    privileged: bool
    readonlyRootFilesystem: bool
    dnsServers: list[str]
    dnsSearchDomains: list[str]
    extraHosts: list[HostEntry]
    dockerSecurityOptions: list[str]
    interactive: bool
    pseudoTerminal: bool
    dockerLabels: dict[str, str]
    ulimits: list[Ulimit]
    logConfiguration: LogConfiguration
    healthCheck: HealthCheck
    systemControls: list[SystemControl]
    resourceRequirements: list[ResourceRequirement]
    firelensConfiguration: FirelensConfiguration
    credentialSpecs: list[str]


class RepositoryCredentials(TypedDict, total=False):
    """AWS: RepositoryCredentials."""

    credentialsParameter: Required[str]


class PortMapping(TypedDict, total=False):
    """AWS: PortMapping."""

    containerPort: int
    hostPort: int
    protocol: str
    name: str
    appProtocol: str
    containerPortRange: str


class ContainerRestartPolicy(TypedDict, total=False):
    """AWS: ContainerRestartPolicy."""

    enabled: Required[bool]
    ignoredExitCodes: list[int]
    restartAttemptPeriod: int


class EnvironmentFile(TypedDict, total=False):
    """AWS: EnvironmentFile."""

    value: Required[str]
    type: Required[str]


class MountPoint(TypedDict, total=False):
    """AWS: MountPoint."""

    sourceVolume: str
    containerPath: str
    readOnly: bool


class VolumeFrom(TypedDict, total=False):
    """AWS: VolumeFrom."""

    sourceContainer: str
    readOnly: bool


class LinuxParameters(TypedDict, total=False):
    """AWS: LinuxParameters."""

    capabilities: KernelCapabilities
    devices: list[Device]
    initProcessEnabled: bool
    sharedMemorySize: int
    tmpfs: list[Tmpfs]
    maxSwap: int
    swappiness: int


class KernelCapabilities(TypedDict, total=False):
    """AWS: KernelCapabilities."""

    add: list[str]
    drop: list[str]


class Device(TypedDict, total=False):
    """AWS: Device."""

    hostPath: Required[str]
    containerPath: str
    permissions: list[str]


class Tmpfs(TypedDict, total=False):
    """AWS: Tmpfs."""

    containerPath: Required[str]
    size: Required[int]
    mountOptions: list[str]


class ContainerDependency(TypedDict, total=False):
    """AWS: ContainerDependency."""

    containerName: Required[str]
    condition: Required[str]


class HostEntry(TypedDict, total=False):
    """AWS: HostEntry."""

    hostname: Required[str]
    ipAddress: Required[str]


class Ulimit(TypedDict, total=False):
    """AWS: Ulimit."""

    name: Required[str]
    softLimit: Required[int]
    hardLimit: Required[int]


class HealthCheck(TypedDict, total=False):
    """AWS: HealthCheck."""

    command: Required[list[str]]
    interval: int
    timeout: int
    retries: int
    startPeriod: int


class SystemControl(TypedDict, total=False):
    """AWS: SystemControl."""

    namespace: str
    value: str


class ResourceRequirement(TypedDict, total=False):
    """AWS: ResourceRequirement."""

    value: str
    type: Required[str]
    sharingStrategy: SharingStrategy


class SharingStrategy(TypedDict, total=False):
    """AWS: SharingStrategy."""

    nvidiaMps: NvidiaMpsAllocation


class NvidiaMpsAllocation(TypedDict, total=False):
    """AWS: NvidiaMpsAllocation."""

    memory: Required[int]
    maxComputePercent: int


class FirelensConfiguration(TypedDict, total=False):
    """AWS: FirelensConfiguration."""

    type: Required[str]
    options: dict[str, str]


class Volume(TypedDict, total=False):
    """AWS: Volume."""

    name: str
    host: HostVolumeProperties
    dockerVolumeConfiguration: DockerVolumeConfiguration
    efsVolumeConfiguration: EFSVolumeConfiguration
    s3filesVolumeConfiguration: S3FilesVolumeConfiguration
    fsxWindowsFileServerVolumeConfiguration: FSxWindowsFileServerVolumeConfiguration
    configuredAtLaunch: bool


class HostVolumeProperties(TypedDict, total=False):
    """AWS: HostVolumeProperties."""

    sourcePath: str


class DockerVolumeConfiguration(TypedDict, total=False):
    """AWS: DockerVolumeConfiguration."""

    scope: str
    autoprovision: bool
    driver: str
    driverOpts: dict[str, str]
    labels: dict[str, str]


class EFSVolumeConfiguration(TypedDict, total=False):
    """AWS: EFSVolumeConfiguration."""

    fileSystemId: Required[str]
    rootDirectory: str
    transitEncryption: str
    transitEncryptionPort: int
    authorizationConfig: EFSAuthorizationConfig


class EFSAuthorizationConfig(TypedDict, total=False):
    """AWS: EFSAuthorizationConfig."""

    accessPointId: str
    iam: str


class S3FilesVolumeConfiguration(TypedDict, total=False):
    """AWS: S3FilesVolumeConfiguration."""

    fileSystemArn: Required[str]
    rootDirectory: str
    transitEncryptionPort: int
    accessPointArn: str


class FSxWindowsFileServerVolumeConfiguration(TypedDict, total=False):
    """AWS: FSxWindowsFileServerVolumeConfiguration."""

    fileSystemId: Required[str]
    rootDirectory: Required[str]
    authorizationConfig: Required[FSxWindowsFileServerAuthorizationConfig]


class FSxWindowsFileServerAuthorizationConfig(TypedDict, total=False):
    """AWS: FSxWindowsFileServerAuthorizationConfig."""

    credentialsParameter: Required[str]
    domain: Required[str]


class Attribute(TypedDict, total=False):
    """AWS: Attribute."""

    name: Required[str]
    value: str
    targetType: str
    targetId: str


class TaskDefinitionPlacementConstraint(TypedDict, total=False):
    """AWS: TaskDefinitionPlacementConstraint."""

    type: str
    expression: str


class RuntimePlatform(TypedDict, total=False):
    """AWS: RuntimePlatform."""

    cpuArchitecture: str
    operatingSystemFamily: str


class InferenceAccelerator(TypedDict, total=False):
    """AWS: InferenceAccelerator."""

    deviceName: Required[str]
    deviceType: Required[str]


class ProxyConfiguration(TypedDict, total=False):
    """AWS: ProxyConfiguration."""

    type: str
    containerName: Required[str]
    properties: list[KeyValuePair]


class EphemeralStorage(TypedDict, total=False):
    """AWS: EphemeralStorage."""

    sizeInGiB: Required[int]


class TrustedExecutionConfiguration(TypedDict, total=False):
    """AWS: TrustedExecutionConfiguration."""

    isolationMode: Required[str]
    attestationPolicy: str


class DescribeClustersRequest(TypedDict, total=False):
    """AWS: DescribeClustersRequest."""

    clusters: list[str]
    include: list[str]


class DescribeClustersResult(TypedDict, total=False):
    """AWS: DescribeClustersResponse."""

    clusters: list[Cluster]
    failures: list[Failure]


class Failure(TypedDict, total=False):
    """AWS: Failure."""

    arn: str
    reason: str
    detail: str


class DescribeServicesRequest(TypedDict, total=False):
    """AWS: DescribeServicesRequest."""

    cluster: str
    services: Required[list[str]]
    include: list[str]


class DescribeServicesResult(TypedDict, total=False):
    """AWS: DescribeServicesResponse."""

    services: list[Service]
    failures: list[Failure]


class DescribeTaskDefinitionRequest(TypedDict, total=False):
    """AWS: DescribeTaskDefinitionRequest."""

    taskDefinition: Required[str]
    include: list[str]


class DescribeTaskDefinitionResult(TypedDict, total=False):
    """AWS: DescribeTaskDefinitionResponse."""

    taskDefinition: TaskDefinition
    tags: list[Tag]


class DescribeTasksRequest(TypedDict, total=False):
    """AWS: DescribeTasksRequest."""

    cluster: str
    tasks: Required[list[str]]
    include: list[str]


class DescribeTasksResult(TypedDict, total=False):
    """AWS: DescribeTasksResponse."""

    tasks: list[Task]
    failures: list[Failure]


class Task(TypedDict, total=False):
    """AWS: Task."""

    attachments: list[Attachment]
    attributes: list[Attribute]
    availabilityZone: str
    capacityProviderName: str
    clusterArn: str
    connectivity: str
    connectivityAt: float
    containerInstanceArn: str
    containers: list[ContainerShape]
    cpu: str
    createdAt: float
    desiredStatus: str
    enableExecuteCommand: bool
    executionStoppedAt: float
    group: str
    healthStatus: str
    inferenceAccelerators: list[InferenceAccelerator]
    lastStatus: str
    launchType: str
    memory: str
    overrides: TaskOverride
    platformVersion: str
    platformFamily: str
    pullStartedAt: float
    pullStoppedAt: float
    startedAt: float
    startedBy: str
    stopCode: str
    stoppedAt: float
    stoppedReason: str
    stoppingAt: float
    tags: list[Tag]
    taskArn: str
    taskDefinitionArn: str
    version: int
    ephemeralStorage: EphemeralStorage
    fargateEphemeralStorage: TaskEphemeralStorage
    trustedExecutionSummary: TrustedExecutionSummary


class ContainerShape(TypedDict, total=False):
    """AWS: Container."""

    containerArn: str
    taskArn: str
    name: str
    image: str
    imageDigest: str
    runtimeId: str
    lastStatus: str
    exitCode: int
    reason: str
    networkBindings: list[NetworkBinding]
    networkInterfaces: list[NetworkInterface]
    healthStatus: str
    managedAgents: list[ManagedAgent]
    cpu: str
    memory: str
    memoryReservation: str
    gpuIds: list[str]
    neuronDeviceIds: list[str]
    gpuSharingStrategy: SharingStrategy


class NetworkBinding(TypedDict, total=False):
    """AWS: NetworkBinding."""

    bindIP: str
    containerPort: int
    hostPort: int
    protocol: str
    containerPortRange: str
    hostPortRange: str


class NetworkInterface(TypedDict, total=False):
    """AWS: NetworkInterface."""

    attachmentId: str
    privateIpv4Address: str
    ipv6Address: str


class ManagedAgent(TypedDict, total=False):
    """AWS: ManagedAgent."""

    lastStartedAt: float
    name: str
    reason: str
    lastStatus: str


class TaskOverride(TypedDict, total=False):
    """AWS: TaskOverride."""

    containerOverrides: list[ContainerOverride]
    cpu: str
    inferenceAcceleratorOverrides: list[InferenceAcceleratorOverride]
    executionRoleArn: str
    memory: str
    taskRoleArn: str
    ephemeralStorage: EphemeralStorage


class ContainerOverride(TypedDict, total=False):
    """AWS: ContainerOverride."""

    name: str
    command: list[str]
    environment: list[KeyValuePair]
    environmentFiles: list[EnvironmentFile]
    cpu: int
    memory: int
    memoryReservation: int
    resourceRequirements: list[ResourceRequirement]


class InferenceAcceleratorOverride(TypedDict, total=False):
    """AWS: InferenceAcceleratorOverride."""

    deviceName: str
    deviceType: str


class TaskEphemeralStorage(TypedDict, total=False):
    """AWS: TaskEphemeralStorage."""

    sizeInGiB: int
    kmsKeyId: str


class TrustedExecutionSummary(TypedDict, total=False):
    """AWS: TrustedExecutionSummary."""

    isolationMode: Required[str]
    attestationPolicyStatus: str


class ListClustersRequest(TypedDict, total=False):
    """AWS: ListClustersRequest."""

    nextToken: str
    maxResults: int


class ListClustersResult(TypedDict, total=False):
    """AWS: ListClustersResponse."""

    clusterArns: list[str]
    nextToken: str


class ListServicesRequest(TypedDict, total=False):
    """AWS: ListServicesRequest."""

    cluster: str
    nextToken: str
    maxResults: int
    launchType: str
    schedulingStrategy: str
    resourceManagementType: str


class ListServicesResult(TypedDict, total=False):
    """AWS: ListServicesResponse."""

    serviceArns: list[str]
    nextToken: str


class ListTagsForResourceRequest(TypedDict, total=False):
    """AWS: ListTagsForResourceRequest."""

    resourceArn: Required[str]


class ListTagsForResourceResult(TypedDict, total=False):
    """AWS: ListTagsForResourceResponse."""

    tags: list[Tag]


class ListTaskDefinitionFamiliesRequest(TypedDict, total=False):
    """AWS: ListTaskDefinitionFamiliesRequest."""

    familyPrefix: str
    status: str
    nextToken: str
    maxResults: int


class ListTaskDefinitionFamiliesResult(TypedDict, total=False):
    """AWS: ListTaskDefinitionFamiliesResponse."""

    families: list[str]
    nextToken: str


class ListTaskDefinitionsRequest(TypedDict, total=False):
    """AWS: ListTaskDefinitionsRequest."""

    familyPrefix: str
    status: str
    sort: str
    nextToken: str
    maxResults: int


class ListTaskDefinitionsResult(TypedDict, total=False):
    """AWS: ListTaskDefinitionsResponse."""

    taskDefinitionArns: list[str]
    nextToken: str


class ListTasksRequest(TypedDict, total=False):
    """AWS: ListTasksRequest."""

    cluster: str
    containerInstance: str
    family: str
    nextToken: str
    maxResults: int
    startedBy: str
    serviceName: str
    desiredStatus: str
    launchType: str
    daemonName: str


class ListTasksResult(TypedDict, total=False):
    """AWS: ListTasksResponse."""

    taskArns: list[str]
    nextToken: str


class RegisterTaskDefinitionRequest(TypedDict, total=False):
    """AWS: RegisterTaskDefinitionRequest."""

    family: Required[str]
    taskRoleArn: str
    executionRoleArn: str
    networkMode: str
    containerDefinitions: Required[list[ContainerDefinition]]
    volumes: list[Volume]
    placementConstraints: list[TaskDefinitionPlacementConstraint]
    requiresCompatibilities: list[str]
    cpu: str
    memory: str
    tags: list[Tag]
    pidMode: str
    ipcMode: str
    proxyConfiguration: ProxyConfiguration
    inferenceAccelerators: list[InferenceAccelerator]
    ephemeralStorage: EphemeralStorage
    runtimePlatform: RuntimePlatform
    enableFaultInjection: bool
    trustedExecutionConfiguration: TrustedExecutionConfiguration


class RegisterTaskDefinitionResult(TypedDict, total=False):
    """AWS: RegisterTaskDefinitionResponse."""

    taskDefinition: TaskDefinition
    tags: list[Tag]


class RunTaskRequest(TypedDict, total=False):
    """AWS: RunTaskRequest."""

    capacityProviderStrategy: list[CapacityProviderStrategyItem]
    cluster: str
    count: int
    enableECSManagedTags: bool
    enableExecuteCommand: bool
    group: str
    launchType: str
    networkConfiguration: NetworkConfiguration
    overrides: TaskOverride
    placementConstraints: list[PlacementConstraint]
    placementStrategy: list[PlacementStrategy]
    platformVersion: str
    propagateTags: str
    referenceId: str
    startedBy: str
    tags: list[Tag]
    taskDefinition: Required[str]
    clientToken: str
    volumeConfigurations: list[TaskVolumeConfiguration]


class TaskVolumeConfiguration(TypedDict, total=False):
    """AWS: TaskVolumeConfiguration."""

    name: Required[str]
    managedEBSVolume: TaskManagedEBSVolumeConfiguration


class TaskManagedEBSVolumeConfiguration(TypedDict, total=False):
    """AWS: TaskManagedEBSVolumeConfiguration."""

    encrypted: bool
    kmsKeyId: str
    volumeType: str
    sizeInGiB: int
    snapshotId: str
    volumeInitializationRate: int
    iops: int
    throughput: int
    tagSpecifications: list[EBSTagSpecification]
    roleArn: Required[str]
    terminationPolicy: TaskManagedEBSVolumeTerminationPolicy
    filesystemType: str


class TaskManagedEBSVolumeTerminationPolicy(TypedDict, total=False):
    """AWS: TaskManagedEBSVolumeTerminationPolicy."""

    deleteOnTermination: Required[bool]


class RunTaskResult(TypedDict, total=False):
    """AWS: RunTaskResponse."""

    tasks: list[Task]
    failures: list[Failure]


class StopTaskRequest(TypedDict, total=False):
    """AWS: StopTaskRequest."""

    cluster: str
    task: Required[str]
    reason: str


class StopTaskResult(TypedDict, total=False):
    """AWS: StopTaskResponse."""

    task: Task


class TagResourceRequest(TypedDict, total=False):
    """AWS: TagResourceRequest."""

    resourceArn: Required[str]
    tags: Required[list[Tag]]


class TagResourceResult(TypedDict, total=False):
    """AWS: TagResourceResponse."""


class UntagResourceRequest(TypedDict, total=False):
    """AWS: UntagResourceRequest."""

    resourceArn: Required[str]
    tagKeys: Required[list[str]]


class UntagResourceResult(TypedDict, total=False):
    """AWS: UntagResourceResponse."""


class UpdateServiceRequest(TypedDict, total=False):
    """AWS: UpdateServiceRequest."""

    cluster: str
    service: Required[str]
    desiredCount: int
    taskDefinition: str
    capacityProviderStrategy: list[CapacityProviderStrategyItem]
    deploymentConfiguration: DeploymentConfiguration
    availabilityZoneRebalancing: str
    networkConfiguration: NetworkConfiguration
    placementConstraints: list[PlacementConstraint]
    placementStrategy: list[PlacementStrategy]
    platformVersion: str
    forceNewDeployment: bool
    healthCheckGracePeriodSeconds: int
    deploymentController: DeploymentController
    enableExecuteCommand: bool
    enableECSManagedTags: bool
    loadBalancers: list[LoadBalancer]
    propagateTags: str
    serviceRegistries: list[ServiceRegistry]
    serviceConnectConfiguration: ServiceConnectConfiguration
    volumeConfigurations: list[ServiceVolumeConfiguration]
    vpcLatticeConfigurations: list[VpcLatticeConfiguration]
    gatewayConnectors: list[GatewayConnector]
    monitoring: MonitoringConfiguration


class UpdateServiceResult(TypedDict, total=False):
    """AWS: UpdateServiceResponse."""

    service: Service
