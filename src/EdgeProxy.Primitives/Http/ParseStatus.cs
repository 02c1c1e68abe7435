namespace EdgeProxy.Primitives.Http;

/// <summary>The three outcomes of every reader in this house.</summary>
internal enum ParseStatus : byte
{
    /// <summary>One whole element was read.</summary>
    Complete,

    /// <summary>
    /// The bytes so far are fine but not enough; nothing was consumed. Call again with the same bytes plus more.
    /// </summary>
    NeedMore,

    /// <summary>The bytes can never become valid; the reader's reason says why.</summary>
    Malformed,
}
