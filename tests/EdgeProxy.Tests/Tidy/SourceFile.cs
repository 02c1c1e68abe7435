using System;
using System.IO;
using System.Text;

namespace EdgeProxy.Tests.Tidy;

/// <summary>A file of the tree as the checks see it; read once, cut into lines once.</summary>
internal sealed class SourceFile(string root, string path)
{
    private string? _text;
    private string[]? _lines;
    private string? _code;
    private string[]? _codeLines;

    /// <summary>Relative to the root, with forward slashes.</summary>
    public string Path { get; } = System.IO.Path.GetRelativePath(root, path).Replace('\\', '/');

    public long Length { get; } = new FileInfo(path).Length;

    public string Name => System.IO.Path.GetFileNameWithoutExtension(Path);

    public string[] Parts => Path.Split('/');

    public bool IsCode => Path.EndsWith(".cs", StringComparison.Ordinal);

    public bool IsIn(string folder) => Path.StartsWith($"{folder}/", StringComparison.Ordinal);

    public byte[] Bytes => File.ReadAllBytes(path);

    public string Text => _text ??= File.ReadAllText(path, Encoding.UTF8);

    public string[] Lines => _lines ??= Text.Split('\n');

    /// <summary>Code only, see <see cref="CodeText"/>.</summary>
    public string Code => _code ??= CodeText.Of(Text);

    public string[] CodeLines => _codeLines ??= Code.Split('\n');

    public int LineAt(int position) => Code.AsSpan(0, position).Count('\n') + 1;
}
