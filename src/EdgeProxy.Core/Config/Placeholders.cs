using System;
using System.Diagnostics.CodeAnalysis;
using System.IO;
using System.Text;

namespace EdgeProxy.Config;

/// <summary>
/// Fills ${env:NAME} and ${cred:NAME} into strings; $${ stands for ${. Values are never part of a message.
/// </summary>
internal sealed class Placeholders(ConfigEnvironment environment, string? credentialsFolder)
{
    private const string CredentialsVariable = "CREDENTIALS_DIRECTORY"; // systemd.exec(5)

    private static readonly UTF8Encoding StrictUtf8 =
        new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>What tells this machine from others; null if nothing does.</summary>
    public string? MachineId => environment.MachineId();

    public bool TryFill(
        string text, [MaybeNullWhen(false)] out string filled, [MaybeNullWhen(true)] out string why)
    {
        filled = text;
        why = null;
        int at = text.IndexOf("${", StringComparison.Ordinal);
        if (at < 0)
        {
            return true;
        }

        var result = new StringBuilder();
        int copied = 0;
        for (; at >= 0; at = text.IndexOf("${", Math.Max(copied, at), StringComparison.Ordinal))
        {
            if (at > copied && text[at - 1] == '$')
            {
                result.Append(text, copied, at - 1 - copied).Append("${");
                copied = at + 2;
                continue;
            }

            int end = text.IndexOf('}', at);
            ReadOnlySpan<char> inner = end < 0 ? text.AsSpan(at + 2) : text.AsSpan(at + 2, end - at - 2);
            why = end < 0
                ? "${ is not closed with }; write $${ for the two characters themselves"
                : Resolve(inner, out filled);
            if (why is not null)
            {
                filled = null;
                return false;
            }

            result.Append(text, copied, at - copied).Append(filled);
            copied = end + 1;
            if (result.Length > ConfigLimits.ExpandedCharsMax)
            {
                filled = null;
                why = $"is longer than {ConfigLimits.ExpandedCharsMax} characters when filled in";
                return false;
            }
        }

        filled = result.Append(text, copied, text.Length - copied).ToString();
        return true;
    }

    private string? Resolve(ReadOnlySpan<char> inner, out string? value)
    {
        value = null;
        if (inner.StartsWith("env:"))
        {
            string name = inner["env:".Length..].ToString();
            value = name.Length > 0 && !name.Contains('\0') && !name.Contains('=') ? environment.Variable(name) : null;
            return value is null ? $"the environment variable {ConfigText.Quote(name)} is not set" : null;
        }

        if (inner.StartsWith("cred:"))
        {
            return Credential(inner["cred:".Length..].ToString(), out value);
        }

        return $"${{{ConfigText.Shorten(inner.ToString())}}} is unknown; write ${{env:NAME}}, ${{cred:NAME}}, "
            + "or $${ for the two characters themselves";
    }

    private string? Credential(string name, out string? value)
    {
        value = null;
        if (!IsCredentialName(name))
        {
            return $"{ConfigText.Quote(name)} is not a credential's name; letters, digits, _ . - and no leading dot";
        }

        string? systemd = environment.Variable(CredentialsVariable);
        if (string.IsNullOrEmpty(systemd) && credentialsFolder is null)
        {
            return $"the credential {name} is not to be had: ${CredentialsVariable} is not set, nor is credentials_dir";
        }

        string? why = null;
        foreach (string? folder in (ReadOnlySpan<string?>)[systemd, credentialsFolder])
        {
            if (!string.IsNullOrEmpty(folder) && (why = ReadCredential(Path.Combine(folder, name), out value)) is null)
            {
                return null;
            }

            if (why is not null && why != Absent)
            {
                break;
            }
        }

        return $"the credential {name} {why}";
    }

    private const string Absent = "does not exist";

    private static string? ReadCredential(string path, out string? value)
    {
        value = null;
        switch (FileBytes.Read(path, ConfigLimits.CredentialBytesMax, out byte[] bytes, out _))
        {
            case FileOutcome.Absent:
                return Absent;
            case FileOutcome.TooLarge:
                return $"is larger than {ConfigLimits.CredentialBytesMax} bytes";
            case FileOutcome.Unreadable:
                return "cannot be read";
        }

        try
        {
            string text = StrictUtf8.GetString(bytes);
            value = text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2]
                : text.EndsWith('\n') ? text[..^1] : text;
            return null;
        }
        catch (DecoderFallbackException)
        {
            return "is not UTF-8";
        }
    }

    private static bool IsCredentialName(string name)
    {
        foreach (char c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '.' or '-'))
            {
                return false;
            }
        }

        return name.Length is > 0 and <= 255 && name[0] != '.';
    }
}
