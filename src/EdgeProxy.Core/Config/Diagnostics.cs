namespace EdgeProxy.Config;

/// <summary>
/// One fault of a configuration, printed as <c>file:line:column: key: what was found; what is accepted</c>.
/// Line and column count from 1.
/// </summary>
internal readonly record struct ConfigFault(string File, int Line, int Column, string Key, string Message)
{
    public override string ToString() => $"{File}:{Line}:{Column}: {Key}: {Message}";
}
