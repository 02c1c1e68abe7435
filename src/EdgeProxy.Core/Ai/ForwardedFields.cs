using System;
using System.Text;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Ai;

/// <summary>
/// Which of a client's fields a provider sees, and which of a provider's a client does not. Those that are not named
/// stay here: credentials, cookies, addresses, whatever else a browser or another proxy adds.
/// </summary>
internal static class ForwardedFields
{
    public static readonly FieldName AcceptEncoding = FieldName.Of("Accept-Encoding");
    public static readonly FieldName Buffering = FieldName.Of("X-Accel-Buffering");

    private static readonly FieldName[] Kept =
    [
        FieldName.Of("Set-Cookie"), FieldName.Of("openai-organization"), FieldName.Of("openai-project"),
        FieldName.Of("anthropic-organization-id"),
    ];

    /// <summary>They tell of the operator's account.</summary>
    public static ReadOnlySpan<FieldName> KeptFromClients => Kept;

    /// <summary>It means something to one dialect only: a provider of another never sees it.</summary>
    public static bool IsOfDialect(ReadOnlySpan<byte> name) =>
        Ascii.EqualsIgnoreCase(name, "anthropic-version"u8) || Ascii.EqualsIgnoreCase(name, "anthropic-beta"u8)
        || Ascii.EqualsIgnoreCase(name, "openai-beta"u8)
        || (name.Length > Stainless.Length && Ascii.EqualsIgnoreCase(name[..Stainless.Length], Stainless));

    public static bool Has(ReadOnlySpan<byte> name) => name.Length switch
    {
        6 => Ascii.EqualsIgnoreCase(name, "accept"u8),
        10 => Ascii.EqualsIgnoreCase(name, "user-agent"u8) || Ascii.EqualsIgnoreCase(name, "tracestate"u8),
        11 => Ascii.EqualsIgnoreCase(name, "traceparent"u8) || Ascii.EqualsIgnoreCase(name, "openai-beta"u8),
        12 => Ascii.EqualsIgnoreCase(name, "content-type"u8) || Ascii.EqualsIgnoreCase(name, "x-request-id"u8),
        14 => Ascii.EqualsIgnoreCase(name, "anthropic-beta"u8),
        15 => Ascii.EqualsIgnoreCase(name, "idempotency-key"u8),
        17 => Ascii.EqualsIgnoreCase(name, "anthropic-version"u8),
        _ => false,
    } || (name.Length > Stainless.Length && Ascii.EqualsIgnoreCase(name[..Stainless.Length], Stainless));

    // What OpenAI's and Anthropic's own clients say of themselves.
    private static ReadOnlySpan<byte> Stainless => "x-stainless-"u8;
}
