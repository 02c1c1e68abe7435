using System.Text;
using EdgeProxy.Middlewares.Identity;
using EdgeProxy.Primitives.Hashing;

namespace EdgeProxy.Host.Commands;

/// <summary>
/// <c>hash-password</c>: reads a password (or an API key) and says what the configuration holds instead of it. From
/// stdin, never from an argument, which others on the machine can see.
/// </summary>
internal static class HashPasswordCommand
{
    private const int KeyCharsMin = 16;

    /// <param name="user">Writes a line of a users file; null: the hash alone.</param>
    /// <param name="isKey">The SHA-256 for [consumers.NAME] keys, not a slow hash.</param>
    public static int Run(Shell shell, string? user, bool isKey)
    {
        if (user is not null && (isKey || !UserName.IsValid(user)))
        {
            shell.Error.WriteLine(isKey
                ? "edgeproxy: --user goes with a password, not with --key"
                : $"edgeproxy: a user's name has 1 to {UserName.CharsMax} characters, no ':', no control characters");
            return ExitCodes.Usage;
        }

        string? secret = shell.ReadSecret(isKey ? "key: " : "password: ");
        if (Refusal(secret, isKey) is { } why)
        {
            shell.Error.WriteLine($"edgeproxy: {why}");
            return ExitCodes.Failed;
        }

        string hash = isKey
            ? Digest256.Of(Encoding.UTF8.GetBytes(secret!)).ToString()
            : PasswordHash.Create(secret!).ToString();
        shell.Output.WriteLine(user is null ? hash : $"{user}:{hash}");
        return ExitCodes.Ok;
    }

    private static string? Refusal(string? secret, bool isKey)
    {
        if (string.IsNullOrEmpty(secret))
        {
            return "there is nothing to hash: write one line to stdin";
        }

        foreach (char c in secret)
        {
            if (char.IsControl(c))
            {
                return "a control character cannot be part of it";
            }
        }

        if (isKey)
        {
            return secret.Length < KeyCharsMin
                ? $"a key is random and has {KeyCharsMin} characters or more: openssl rand -hex 32"
                : null;
        }

        return Encoding.UTF8.GetByteCount(secret) > PasswordHash.PasswordBytesMax
            ? $"a password has at most {PasswordHash.PasswordBytesMax} bytes: bcrypt looks at no more"
            : null;
    }
}
