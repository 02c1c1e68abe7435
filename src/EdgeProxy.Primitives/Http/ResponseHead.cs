namespace EdgeProxy.Primitives.Http;

/// <summary>
/// One response head from a server, read: offsets into the bytes it was read from. Owned by one exchange and reused
/// after <see cref="Reset"/>. Filled by <see cref="ResponseHeadReader"/> only.
/// </summary>
internal sealed class ResponseHead : MessageHead
{
    public ResponseHead() => Reset();

    /// <summary>Three digits, 100 to 999.</summary>
    public int StatusCode { get; set; }

    /// <summary>From the first digit of the status code to the end of the reason phrase, which may be empty.</summary>
    public ByteRange StatusAndReason { get; set; }

    /// <summary>101 only: Connection lists "upgrade" and an Upgrade field is there.</summary>
    public bool HasUpgrade { get; set; }

    public void Reset()
    {
        ResetShared();
        ContentLength = -1;
        StatusCode = 0;
        StatusAndReason = default;
        HasUpgrade = false;
    }
}
