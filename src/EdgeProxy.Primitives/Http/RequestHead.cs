using System;

namespace EdgeProxy.Primitives.Http;

/// <summary>
/// One request head, read: offsets into the bytes it was read from, never copies. Owned by one exchange, reused for the
/// next one after <see cref="Reset"/>. Filled by <see cref="RequestHeadReader"/> only.
/// </summary>
internal sealed class RequestHead
{
    private HeaderField[] _fields = new HeaderField[HeadLimits.FieldCountDefault];

    public Method Method { get; set; }

    public ByteRange MethodText { get; set; }

    /// <summary>The whole request target as received.</summary>
    public ByteRange Target { get; set; }

    public TargetForm Form { get; set; }

    /// <summary>Path part of the target, not yet canonical; "/" is implied (empty range) for an absolute target without path.</summary>
    public ByteRange Path { get; set; }

    /// <summary>Query without '?'; see <see cref="HasQuery"/> to tell "/a?" from "/a".</summary>
    public ByteRange Query { get; set; }

    public bool HasQuery { get; set; }

    /// <summary>Host and optional port: of the absolute target if there is one (RFC 9112 section 3.2.2), else of Host.</summary>
    public ByteRange Authority { get; set; }

    /// <summary>The host of <see cref="Authority"/> without port; brackets of an IPv6 literal included.</summary>
    public ByteRange Host { get; set; }

    /// <summary>Port of <see cref="Authority"/>, -1 if it names none.</summary>
    public int Port { get; set; }

    /// <summary>0 or 1: HTTP/1.0 or HTTP/1.1.</summary>
    public int MinorVersion { get; set; }

    public BodyFraming Framing { get; set; }

    /// <summary>Declared length in bytes; 0 unless <see cref="Framing"/> is <see cref="BodyFraming.ContentLength"/>.</summary>
    public long ContentLength { get; set; }

    /// <summary>
    /// Whether the connection may carry another request after this one: version, Connection options, and no faulty framing
    /// (Content-Length beside Transfer-Encoding closes, RFC 9112 section 6.1).
    /// </summary>
    public bool KeepAlive { get; set; }

    /// <summary>Expect: 100-continue from an HTTP/1.1 client with a body to come (RFC 9110 section 10.1.1).</summary>
    public bool ExpectsContinue { get; set; }

    /// <summary>Connection lists "upgrade", and Upgrade names a protocol other than h2c (RFC 9110 section 7.8).</summary>
    public bool WantsUpgrade { get; set; }

    /// <summary>The client lists "trailers" in TE: trailer fields may be sent to it (RFC 9110 section 10.1.4).</summary>
    public bool AcceptsTrailers { get; set; }

    /// <summary>Bit per <see cref="KnownHeader"/> that occurs under its true name (no aliases).</summary>
    public ulong Present { get; set; }

    /// <summary>Length in bytes, final empty line included; valid once complete.</summary>
    public int Length { get; set; }

    public int FieldCount { get; private set; }

    /// <summary>Why the head is malformed; <see cref="RejectReason.None"/> otherwise.</summary>
    public RejectReason Reason { get; set; }

    /// <summary>Reader's resume points: start of the first line not read yet, and how far that line was scanned.</summary>
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

    /// <summary>Replaces field <paramref name="index"/>, e.g. to add a trait found later in the head.</summary>
    public void Replace(int index, in HeaderField field) => _fields[index] = field;

    public void Reset()
    {
        Method = Method.Other;
        MethodText = default;
        Target = default;
        Form = TargetForm.Origin;
        Path = default;
        Query = default;
        HasQuery = false;
        Authority = default;
        Host = default;
        Port = -1;
        MinorVersion = 0;
        Framing = BodyFraming.None;
        ContentLength = 0;
        KeepAlive = false;
        ExpectsContinue = false;
        WantsUpgrade = false;
        AcceptsTrailers = false;
        Present = 0;
        Length = 0;
        FieldCount = 0;
        Reason = RejectReason.None;
        ResumeLine = 0;
        ResumeScan = 0;
    }
}
