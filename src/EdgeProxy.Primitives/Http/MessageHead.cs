using System;
using System.Text;

namespace EdgeProxy.Primitives.Http;

/// <summary>
/// What request and response heads share: the field lines, framing, and the readers' resume points. All positions are
/// offsets into the bytes the head was read from, never copies.
/// </summary>
internal abstract class MessageHead
{
    private HeaderField[] _fields = new HeaderField[HeadLimits.FieldCountDefault];

    /// <summary>0 or 1: HTTP/1.0 or HTTP/1.1.</summary>
    public int MinorVersion { get; set; }

    /// <summary>
    /// How the end of the body is found; for a response the request method and the status are taken into account.
    /// </summary>
    public BodyFraming Framing { get; set; }

    /// <summary>
    /// Declared length in bytes. Request: 0 if none was declared. Response: -1 if none was declared, and it may be
    /// declared without a body (HEAD, 304).
    /// </summary>
    public long ContentLength { get; set; }

    /// <summary>
    /// Whether the connection may carry another exchange after this one: version and Connection options, and for a
    /// response a body whose end does not need the connection's end.
    /// </summary>
    public bool KeepAlive { get; set; }

    /// <summary>Bit per <see cref="KnownHeader"/> that occurs under its true name (no aliases).</summary>
    public ulong Present { get; set; }

    /// <summary>Length in bytes, final empty line included; valid once complete.</summary>
    public int Length { get; set; }

    public int FieldCount { get; private set; }

    /// <summary>Why the head is malformed; <see cref="RejectReason.None"/> otherwise.</summary>
    public RejectReason Reason { get; set; }

    /// <summary>
    /// Reader's resume points: start of the first line not read yet, and how far that line was scanned.
    /// </summary>
    public int ResumeLine { get; set; }

    public int ResumeScan { get; set; }

    public ReadOnlySpan<HeaderField> Fields => _fields.AsSpan(0, FieldCount);

    public bool Has(KnownHeader header) => (Present & (1UL << (int)header)) != 0;

    public void Add(in HeaderField field)
    {
        NextField() = field;
        FieldCount++;
    }

    /// <summary>
    /// The value of the first field of that name, under its true name; false if there is none.
    /// </summary>
    public bool TryFind(ReadOnlySpan<byte> name, ReadOnlySpan<byte> head, out ReadOnlySpan<byte> value)
    {
        foreach (ref readonly HeaderField field in Fields)
        {
            if (Ascii.EqualsIgnoreCase(field.Name.Of(head), name))
            {
                value = field.Value.Of(head);
                return true;
            }
        }

        value = default;
        return false;
    }

    /// <summary>
    /// Where the next field goes; it counts after <see cref="KeepField"/>. The reader fills it in place: a copy would
    /// read back at once what was just written in smaller pieces, which stalls (15 % of a six-field head).
    /// </summary>
    internal ref HeaderField NextField()
    {
        if (FieldCount == _fields.Length)
        {
            Array.Resize(ref _fields, _fields.Length * 2);
        }

        return ref _fields[FieldCount];
    }

    internal void KeepField() => FieldCount++;

    /// <summary>Replaces field <paramref name="index"/>, e.g. to add a trait found later in the head.</summary>
    public void Replace(int index, in HeaderField field) => _fields[index] = field;

    /// <summary>Notes why the head is malformed and says so.</summary>
    internal ParseStatus Refuse(RejectReason reason)
    {
        Reason = reason;
        return ParseStatus.Malformed;
    }

    protected void ResetShared()
    {
        MinorVersion = 0;
        Framing = BodyFraming.None;
        ContentLength = 0;
        KeepAlive = false;
        Present = 0;
        Length = 0;
        FieldCount = 0;
        Reason = RejectReason.None;
        ResumeLine = 0;
        ResumeScan = 0;
    }
}
