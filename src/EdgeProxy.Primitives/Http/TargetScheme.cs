namespace EdgeProxy.Primitives.Http;

/// <summary>What an absolute target may begin with (RFC 9110 section 7.4).</summary>
internal enum TargetScheme : byte
{
    /// <summary>http: the connection is in clear text.</summary>
    Http,

    /// <summary>https: the connection is secured.</summary>
    Https,

    /// <summary>Either: a trusted proxy has the client's connection, and says which.</summary>
    Any,
}
