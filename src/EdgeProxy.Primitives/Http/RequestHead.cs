namespace EdgeProxy.Primitives.Http;

/// <summary>
/// One request head, read: offsets into the bytes it was read from, never copies. Owned by one exchange, reused for the
/// next one after <see cref="Reset"/>. Filled by <see cref="RequestHeadReader"/> only.
/// </summary>
internal sealed class RequestHead : MessageHead
{
    public RequestHead() => Reset();

    public Method Method { get; set; }

    public ByteRange MethodText { get; set; }

    /// <summary>What an absolute target may begin with, said before the head is read.</summary>
    public TargetScheme Scheme { get; set; }

    /// <summary>The whole request target as received.</summary>
    public ByteRange Target { get; set; }

    public TargetForm Form { get; set; }

    /// <summary>
    /// Path part of the target, not yet canonical; "/" is implied (empty range) for an absolute target without path.
    /// </summary>
    public ByteRange Path { get; set; }

    /// <summary>Query without '?'; see <see cref="HasQuery"/> to tell "/a?" from "/a".</summary>
    public ByteRange Query { get; set; }

    public bool HasQuery { get; set; }

    /// <summary>
    /// Host and optional port: of the absolute target if there is one (RFC 9112 section 3.2.2), else of Host.
    /// </summary>
    public ByteRange Authority { get; set; }

    /// <summary>The host of <see cref="Authority"/> without port; brackets of an IPv6 literal included.</summary>
    public ByteRange Host { get; set; }

    /// <summary>Port of <see cref="Authority"/>, -1 if it names none.</summary>
    public int Port { get; set; }

    /// <summary>Expect: 100-continue from an HTTP/1.1 client with a body to come (RFC 9110 section 10.1.1).</summary>
    public bool ExpectsContinue { get; set; }

    /// <summary>
    /// Connection lists "upgrade", and Upgrade names a protocol other than h2c (RFC 9110 section 7.8).
    /// </summary>
    public bool WantsUpgrade { get; set; }

    /// <summary>
    /// The client lists "trailers" in TE: trailer fields may be sent to it (RFC 9110 section 10.1.4).
    /// </summary>
    public bool AcceptsTrailers { get; set; }

    /// <summary>
    /// Sets <see cref="Authority"/>, <see cref="Host"/> and <see cref="Port"/> from text at an offset of the head.
    /// </summary>
    internal void SetAuthority(int offset, int length, int hostLength, int port)
    {
        // "a:" is valid and means "a"; the colon is left out, so that whoever writes the authority writes "a".
        Authority = new ByteRange(offset, port < 0 ? hostLength : length);
        Host = new ByteRange(offset, hostLength);
        Port = port;
    }

    public void Reset()
    {
        ResetShared();
        Scheme = TargetScheme.Http;
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
        ExpectsContinue = false;
        WantsUpgrade = false;
        AcceptsTrailers = false;
    }
}
