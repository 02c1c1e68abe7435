using System.IO;
using System.Net;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Transport;

namespace EdgeProxy.Config.Tables;

/// <summary>unix_mode and unix_owner, of every table whose address may be a Unix socket that is listened on.</summary>
internal static class UnixSocketKeys
{
    private const string ModeDefault = "0660";
    private const string OwnersDefault = ":";
    private const int ModeDigitsMax = 4;
    private const uint RightsMax = 0x1ff; // 0777
    private const int OwnerCharsMax = 65; // two names of 32

    public static TextKey Mode { get; } = new("unix_mode", ModeDigitsMax,
        "Mode of a Unix socket, in octal; read when it is made.")
    {
        Default = ModeDefault,
        DefaultToml = $"\"{ModeDefault}\"",
    };

    public static TextKey Owner { get; } = new("unix_owner", OwnerCharsMax,
        "Owner of a Unix socket, \"user:group\", \"user\" or \":group\", by name or number; read when it is made. "
            + "Who is left out is the proxy's own.")
    {
        Default = OwnersDefault,
        DefaultToml = $"\"{OwnersDefault}\"",
    };

    /// <summary>The socket that a text means which is one; why it cannot be, or null.</summary>
    public static UnixEndPoint Parse(string text, out string? refusal)
    {
        string path = text[UnixEndPoint.Prefix.Length..];
        refusal = UnixEndPoint.Refusal(path);
        return new UnixEndPoint(path);
    }

    /// <summary>
    /// The address, with what the keys of this table say of a socket; of one that is none they are a fault.
    /// </summary>
    public static IPEndPoint? WithRights(IPEndPoint? address, TableScope scope)
    {
        string mode = Mode.Read(scope) ?? ModeDefault;
        string owner = Owner.Read(scope) ?? OwnersDefault;
        if (address is not UnixEndPoint unix)
        {
            ReportVain(Mode, mode != ModeDefault && address is not null);
            ReportVain(Owner, owner != OwnersDefault && address is not null);
            return address;
        }

        uint bits = 0;
        foreach (char digit in mode)
        {
            bits = digit is >= '0' and <= '7' && bits <= RightsMax ? (bits * 8) + (uint)(digit - '0') : uint.MaxValue;
        }

        if (bits > RightsMax && scope.TryFind(Mode.Name, out TomlEntry wrong))
        {
            scope.Report(wrong.Value, Mode.Name,
                $"{wrong.Value.Describe()} is no mode; write three octal digits, as \"0660\"");
        }

        string[] names = owner.Split(':', 2);
        return new UnixEndPoint(unix.Path)
        {
            Mode = (UnixFileMode)(bits & RightsMax),
            Owner = (names[0], names.Length > 1 ? names[1] : ""),
        };

        void ReportVain(TextKey key, bool isSo)
        {
            if (isSo && scope.TryFind(key.Name, out TomlEntry entry))
            {
                scope.Report(entry.Value, key.Name, "does nothing: the address is no Unix socket");
            }
        }
    }
}
