namespace EdgeProxy.Telemetry;

/// <summary>The access log as lines: each record becomes one, and lines go on in batches.</summary>
internal sealed class AccessLog(AccessLogSettings settings, LineWriter writer) : IRecordSink
{
    // Lines are handed on at this size, and whenever all rings were read.
    private const int BatchBytes = 64 * 1024;

    private readonly AccessLogLine _line = new(settings);
    private readonly LineBuffer _batch = new();
    private int _lines;

    public RecordUse Use => RecordUse.Log;

    public void Take(in RecordView view, long startedUnixUs)
    {
        _line.Write(_batch, view, startedUnixUs);
        _lines++;
        if (_batch.Length >= BatchBytes)
        {
            Flush();
        }
    }

    public void Flush()
    {
        if (_lines > 0)
        {
            writer.Put(_batch.Written, _lines);
            _batch.Truncate(0);
            _lines = 0;
        }
    }
}
