namespace EdgeProxy.Primitives.Json;

/// <summary>What <see cref="JsonScanner.Next"/> found.</summary>
internal enum JsonToken : byte
{
    /// <summary>The piece is used up; go on with the next one.</summary>
    NeedMore,

    ObjectStart,
    ObjectEnd,
    ArrayStart,
    ArrayEnd,

    /// <summary>A member's name, without its colon.</summary>
    Name,

    String,
    Number,
    True,
    False,
    Null,

    /// <summary>Not JSON, too deep, or bytes after the end. Nothing else comes.</summary>
    Malformed,
}
