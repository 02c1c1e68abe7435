using System;

namespace EdgeProxy.Primitives.Http;

/// <summary>
/// One response head from a server, read: offsets into the bytes it was read from. Owned by one exchange and reused after
/// <see cref="Reset"/>. Filled by <see cref="ResponseHeadReader"/> only.
/// </summary>
internal sealed class ResponseHead
{
    private HeaderField[] _fields = new HeaderField[HeadLimits.FieldCountDefault];

    /// <summary>Three digits, 100 to 999.</summary>
    public int StatusCode { get; set; }

    /// <summary>From the first digit of the status code to the end of the reason phrase, which may be empty.</summary>
    public ByteRange StatusAndReason { get; set; }

    public int MinorVersion { get; set; }

    /// <summary>Framing after the request method and the status are taken into account (HEAD, 1xx, 204, 304: none).</summary>
    public BodyFraming Framing { get; set; }

    /// <summary>Declared length; -1 if none was declared. May be declared without a body (HEAD, 304).</summary>
    public long ContentLength { get; set; }

    /// <summary>Whether the server's connection may carry another exchange once the body has ended cleanly.</summary>
    public bool KeepAlive { get; set; }

    /// <summary>101 only: Connection lists "upgrade" and an Upgrade field is there.</summary>
    public bool HasUpgrade { get; set; }

    /// <summary>Bit per <see cref="KnownHeader"/> that occurs.</summary>
    public ulong Present { get; set; }

    public int Length { get; set; }

    public int FieldCount { get; private set; }

    public RejectReason Reason { get; set; }

    public int ResumeLine { get; set; }

    public int ResumeScan { get; set; }

    public ReadOnlySpan<HeaderField> Fields => _fields.AsSpan(0, FieldCount);

    public bool Has(KnownHeader header) => (Present & (1UL << (int)header)) != 0;

    public void Add(in HeaderField field)
    {
        if (FieldCount == _fields.Length)
        {
            Array.Resize(ref _fields, _fields.Length * 2);
        }

        _fields[FieldCount++] = field;
    }

    public void Replace(int index, in HeaderField field) => _fields[index] = field;

    public void Reset()
    {
        StatusCode = 0;
        StatusAndReason = default;
        MinorVersion = 0;
        Framing = BodyFraming.None;
        ContentLength = -1;
        KeepAlive = false;
        HasUpgrade = false;
        Present = 0;
        Length = 0;
        FieldCount = 0;
        Reason = RejectReason.None;
        ResumeLine = 0;
        ResumeScan = 0;
    }
}
