namespace EdgeProxy.Middlewares.Identity;

/// <summary>
/// What may be a user's name: it stands in front of the colon of Basic credentials (RFC 7617 section 2).
/// </summary>
internal static class UserName
{
    public const int CharsMax = 128;

    public static bool IsValid(string text)
    {
        foreach (char c in text)
        {
            if (c == ':' || char.IsControl(c))
            {
                return false;
            }
        }

        return text.Length is > 0 and <= CharsMax;
    }
}

/// <summary>A user and what proves that it is this one.</summary>
internal sealed record UserSettings(string Name, PasswordHash Hash)
{
    /// <summary>From "name:hash"; null, or why not. The reason quotes nothing.</summary>
    public static string? Refusal(string line, out UserSettings? user)
    {
        user = null;
        int colon = line.IndexOf(':', System.StringComparison.Ordinal);
        if (colon < 0)
        {
            return "has no colon between user and hash";
        }

        if (!UserName.IsValid(line[..colon]))
        {
            return "has no valid user's name";
        }

        string? why = PasswordHash.Refusal(line[(colon + 1)..], out PasswordHash? hash);
        user = hash is null ? null : new UserSettings(line[..colon], hash);
        return why;
    }
}
