using System;
using System.Text;
using EdgeProxy.Config.Toml;
using EdgeProxy.Config.Values;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Transport.Tls;

namespace EdgeProxy.Config.Keys;

/// <summary>Where an API begins.</summary>
/// <param name="Path">"" or "/v1" and the like: canonical, without a slash at its end.</param>
internal readonly record struct ApiUrl(string Host, int Port, bool IsTls, string Path)
{
    /// <summary>Without a path, its root.</summary>
    public Uri ToUri()
    {
        string host = Host;
        host = host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;
        string path = Path.Length > 0 ? Path : "/";
        return new Uri(FormattableString.Invariant($"{(IsTls ? "https" : "http")}://{host}:{Port}{path}"));
    }
}

/// <summary>The address of a server with the path its API begins with.</summary>
internal sealed class ApiUrlKey(string name, string doc) : Key<ApiUrl?>(name, doc)
{
    private const int PathCharsMax = 256;

    public override string TypeText => "url";

    public override string Accepts => "write " + Range;

    public override string Range => "\"http://127.0.0.1:11434\" or \"https://api.example.com/v1\"";

    protected override bool TryParse(TomlNode node, TableScope scope, out ApiUrl? value)
    {
        value = null;
        if (!TryText(node, scope, out string? text))
        {
            return false;
        }

        int scheme = text.IndexOf("://", StringComparison.Ordinal);
        int slash = scheme < 0 ? -1 : text.IndexOf('/', scheme + 3);
        string origin = slash < 0 ? text : text[..slash];
        string path = slash < 0 ? "" : text[slash..].TrimEnd('/');
        if (ServerUrl.Parse(origin, out string host, out int port, out bool isTls) is { } reason)
        {
            return RefuseText(node, text, scope, reason);
        }

        if (isTls && OpenSsl.Problem is { } problem)
        {
            return Refuse(node, scope, problem);
        }

        if (path.Length > PathCharsMax || (path.Length > 0 && !IsCanonical(path)))
        {
            return RefuseText(node, text, scope, "has a path that is not plain");
        }

        value = new ApiUrl(host, port, isTls, path);
        return true;
    }

    private static bool IsCanonical(string path)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(path);
        byte[] scratch = new byte[CanonicalPath.ScratchBytes(bytes.Length)];
        return CanonicalPath.Read(bytes, scratch, out _, out PathTraits traits, out _) == PathStatus.AlreadyCanonical
            && traits == PathTraits.None;
    }
}
