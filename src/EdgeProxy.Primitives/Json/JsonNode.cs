namespace EdgeProxy.Primitives.Json;

/// <summary>A value of a <see cref="JsonIndex"/>: where it stands in the text and what it is.</summary>
internal struct JsonNode
{
    /// <summary>First byte; a string's quotes are its own.</summary>
    public int Start;

    /// <summary>Behind the last byte.</summary>
    public int End;

    /// <summary>The node behind this one and all that is in it.</summary>
    public int Next;

    /// <summary>Of its name with the quotes; -1 if it is an element.</summary>
    public int NameStart;

    /// <summary>Behind the name's quotes.</summary>
    public int NameEnd;

    /// <summary>Of the decoded name.</summary>
    public ulong NameHash;

    /// <summary>ObjectStart, ArrayStart, String, Number, True, False or Null.</summary>
    public JsonToken Kind;

    /// <summary>A number's value, if it is an integer; a string's hash, as JsonText has it.</summary>
    public long Number;

    public bool IsInteger;
}
