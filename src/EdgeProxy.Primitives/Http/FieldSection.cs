using System;

namespace EdgeProxy.Primitives.Http;

/// <summary>
/// What a field means to one kind of head: the part of <see cref="FieldSection"/> in which heads differ.
/// </summary>
internal interface IFieldRules
{
    /// <summary>Looks at a field the proxy recognises, before it counts as present.</summary>
    static abstract RejectReason Note(ReadOnlySpan<byte> input, MessageHead head, in HeaderField field);

    /// <summary>Draws the conclusions once all fields are known.</summary>
    static abstract RejectReason Finish(ReadOnlySpan<byte> input, MessageHead head);
}

/// <summary>
/// Reads the field lines of a head through the empty line that ends it; the same code for both kinds of head.
/// </summary>
internal static class FieldSection
{
    // Up to here fields have rules; what stands after it in KnownHeader is only recognised.
    private const KnownHeader LastWithRules = KnownHeader.Expect;

    public static ParseStatus Read<TRules>(ReadOnlySpan<byte> input, HeadLimits limits, MessageHead head)
        where TRules : struct, IFieldRules
    {
        int line = head.ResumeLine;
        int scan = head.ResumeScan;
        while (true)
        {
            ParseStatus status = LineEnd.Find(input, scan, out int stop);
            if (status == ParseStatus.NeedMore)
            {
                head.ResumeLine = line;
                head.ResumeScan = stop;
                return ParseStatus.NeedMore;
            }

            if (status == ParseStatus.Malformed)
            {
                return head.Refuse(LineEnd.Reason(input[stop]));
            }

            if (stop == line)
            {
                head.Length = stop + LineEnd.Bytes;
                RejectReason last = TRules.Finish(input, head);
                return last == RejectReason.None ? ParseStatus.Complete : head.Refuse(last);
            }

            RejectReason reason = ReadLine<TRules>(input, line, stop, limits, head);
            if (reason != RejectReason.None)
            {
                return head.Refuse(reason);
            }

            line = stop + LineEnd.Bytes;
            scan = line;
        }
    }

    private static RejectReason ReadLine<TRules>(
        ReadOnlySpan<byte> input, int line, int stop, HeadLimits limits, MessageHead head)
        where TRules : struct, IFieldRules
    {
        if (head.FieldCount >= limits.FieldCount)
        {
            return RejectReason.FieldCountOverLimit;
        }

        ref HeaderField field = ref head.NextField();
        RejectReason reason = FieldLine.Read(input, line, stop, out field);
        if (reason != RejectReason.None)
        {
            return reason;
        }

        if (field.Known != KnownHeader.Unknown && (field.Traits & FieldTraits.Alias) == 0)
        {
            if (field.Known <= LastWithRules)
            {
                reason = TRules.Note(input, head, field);
            }

            head.Present |= 1UL << (int)field.Known;
        }

        head.KeepField();
        return reason;
    }
}
