namespace EdgeProxy.Host.Logging;

/// <summary>How a log line is written.</summary>
internal enum LogForm : byte
{
    /// <summary>key=value, for people and grep.</summary>
    Text,

    /// <summary>One JSON object per line, for collectors.</summary>
    Json,
}
