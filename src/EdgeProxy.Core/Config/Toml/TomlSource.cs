namespace EdgeProxy.Config.Toml;

/// <summary>
/// One file as text. <paramref name="Rank"/> is its place in the order of reading, the first file being 0.
/// </summary>
internal sealed record TomlSource(string Name, string Text, int Rank);
