namespace EdgeProxy.Primitives;

/// <summary>
/// Ids of every log message, in one place so that none is given twice (a test holds it). 1xxx entrypoints, 2xxx
/// pipeline,
/// 3xxx services, 4xxx middlewares, 5xxx ai, 6xxx config, 7xxx telemetry, 8xxx audit, 9xxx transport, 10xxx control,
/// 11xxx host.
/// </summary>
internal static class EventIds
{
    public const int EntryPointOpened = 1001;
    public const int EntryPointClosed = 1002;
    public const int CertificateExpired = 1003;
    public const int CertificateExpires = 1004;
    public const int ServerUnresolved = 3001;
    public const int ServerResolved = 3002;
    public const int ServersNotReplaced = 3015;
    public const int ServerFailing = 3003;
    public const int ServerWorking = 3004;
    public const int ServerDown = 3005;
    public const int ServerUp = 3006;
    public const int ServerEjected = 3007;
    public const int ServerReturned = 3008;
    public const int ServiceFellBack = 3009;
    public const int ServiceCameBack = 3010;
    public const int BreakerOpened = 3011;
    public const int BreakerRecovers = 3012;
    public const int BreakerClosed = 3013;
    public const int ServerNotVerified = 3014;
    public const int PlansNotSaved = 5001;
    public const int ConfigApplied = 6001;
    public const int ConfigRefused = 6002;
    public const int ConfigFault = 6003;
    public const int ConfigBroken = 6004;
    public const int ConfigNotKept = 6005;
    public const int ConfigRolledBack = 6006;
    public const int ConfigHistoryDamaged = 6007;
    public const int ConfigRollbackLost = 6008;
    public const int AccessLogFailed = 7001;
    public const int CollectorAway = 7002;
    public const int CollectorBack = 7003;
    public const int CollectorRefuses = 7004;
    public const int SpoolUnusable = 7005;
    public const int SpoolRecovered = 7006;
    public const int GrafanaAway = 7007;
    public const int GrafanaRefuses = 7008;
    public const int AuditSegmentClosed = 8001;
    public const int AuditStuck = 8002;
    public const int AuditUnstuck = 8003;
    public const int AuditSegmentsRemoved = 8004;
    public const int AuditRecovered = 8005;
    public const int PayloadsStuck = 8006;
    public const int PayloadsErased = 8007;
    public const int PayloadsRemoved = 8008;
    public const int PayloadsUnreadable = 8009;
    public const int AcceptShed = 9001;
    public const int LoopCrashed = 9002;
    public const int HostStarted = 11001;
    public const int HostDraining = 11002;
    public const int HostDrainDelayed = 11008;
    public const int HostStopped = 11003;
    public const int HostLogsReopened = 11004;
    public const int HostWatchdogWithheld = 11005;
    public const int Halted = 11006;
    public const int StillHalted = 11007;
}
