namespace EdgeProxy.Primitives.Http;

/// <summary>
/// The form of a request target (RFC 9112 section 3.2). Authority-form belongs to CONNECT alone and is refused.
/// </summary>
internal enum TargetForm : byte
{
    Origin,
    Absolute,
    Asterisk,
}
