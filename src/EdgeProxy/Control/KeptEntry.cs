using System.Text.Json;
using EdgeProxy.Config.History;

namespace EdgeProxy.Control;

/// <summary>A configuration that is kept, as the admin surface shows it: nothing of what it says.</summary>
/// <param name="IsInUse">Its files are those in use.</param>
internal sealed record KeptEntry(KeptConfig Config, bool IsInUse)
{
    /// <summary>The proxy was rolled back from it.</summary>
    public bool IsLeft { get; init; }

    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("hash", Config.Hash);
        json.WriteString("time", Config.At.UtcDateTime);
        json.WriteString("origin", Config.Origin);
        json.WriteString("changes", Config.Changes);
        json.WriteNumber("files", Config.Written.Files.Count);
        json.WriteNumber("bytes", Config.Written.Bytes);
        json.WriteBoolean("in_use", IsInUse);
        json.WriteBoolean("rolled_back_from", IsLeft);
        json.WriteEndObject();
    }
}
