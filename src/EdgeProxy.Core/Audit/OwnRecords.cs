using System;
using System.Collections.Generic;
using System.Threading;

namespace EdgeProxy.Audit;

/// <summary>
/// Records of the proxy itself on their way to the chain: kept until they are durable, so that a failed write loses
/// none. Any thread adds, the writer takes.
/// </summary>
internal sealed class OwnRecords
{
    private readonly Lock _lock = new();
    private readonly List<(byte[] Record, ManualResetEventSlim Done)> _waiting = [];
    private int _taken;

    /// <summary>Null if too many wait already; else what is set once it is durable.</summary>
    public ManualResetEventSlim? Add(byte[] record)
    {
        lock (_lock)
        {
            if (_waiting.Count >= AuditLimits.OwnRecordsMax)
            {
                return null;
            }

            var done = new ManualResetEventSlim();
            _waiting.Add((record, done));
            return done;
        }
    }

    /// <summary>How many wait or were taken.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count;
            }
        }
    }

    /// <param name="limit">None is taken behind so many.</param>
    public bool TryTake(int limit, out byte[] record)
    {
        lock (_lock)
        {
            bool isOne = _taken < Math.Min(limit, _waiting.Count);
            record = isOne ? _waiting[_taken++].Record : [];
            return isOne;
        }
    }

    /// <summary>What was taken is durable.</summary>
    public void Release()
    {
        lock (_lock)
        {
            for (int i = 0; i < _taken; i++)
            {
                _waiting[i].Done.Set();
            }

            _waiting.RemoveRange(0, _taken);
            _taken = 0;
        }
    }

    /// <summary>What was taken is to be taken again.</summary>
    public void Rewind()
    {
        lock (_lock)
        {
            _taken = 0;
        }
    }

    /// <summary>Encodes one.</summary>
    public static byte[] Encode(
        RecordKind kind, long unixMs, params ReadOnlySpan<(RecordField Field, object Value)> fields)
    {
        var writer = new RecordWriter(new byte[AuditLimits.RecordBytesMax], kind, unixMs, lane: 0, number: 0);
        foreach ((RecordField field, object value) in fields)
        {
            switch (value)
            {
                case string text:
                    writer.Add(field, text, AuditLimits.TextBytesMax);
                    break;
                case byte[] bytes:
                    writer.Add(field, bytes, AuditLimits.TextBytesMax);
                    break;
                default:
                    writer.Add(field, Convert.ToInt64(value, provider: null));
                    break;
            }
        }

        return writer.ToArray();
    }
}
