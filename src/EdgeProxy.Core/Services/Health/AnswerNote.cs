namespace EdgeProxy.Services.Health;

/// <summary>
/// What the head of an answer was counted as, kept until the answer ends: one that breaks off or hangs after it is a
/// fault in the place of what was counted, not besides (ADR-0135). The default: no head was counted.
/// </summary>
/// <param name="IsCounted">There was a head.</param>
/// <param name="IsFault">It was a fault already, by its status or its time.</param>
/// <param name="AtMs">When that was, in the loops' milliseconds.</param>
internal readonly record struct AnswerNote(bool IsCounted, bool IsFault, long AtMs);
