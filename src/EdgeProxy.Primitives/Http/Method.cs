namespace EdgeProxy.Primitives.Http;

/// <summary>
/// Request methods the proxy treats specially; any other token is <see cref="Other"/> (RFC 9110 section 9).
/// </summary>
internal enum Method : byte
{
    Other,
    Get,
    Head,
    Post,
    Put,
    Delete,
    Patch,
    Options,
    Connect,
    Trace,
}
