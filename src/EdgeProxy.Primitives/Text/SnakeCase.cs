using System.Text;

namespace EdgeProxy.Primitives.Text;

/// <summary>Names of the code as the world outside sees them: ConnectFailed is connect_failed.</summary>
internal static class SnakeCase
{
    public static string Of(string name)
    {
        var word = new StringBuilder(name.Length + 4);
        foreach (char c in name)
        {
            if (char.IsAsciiLetterUpper(c) && word.Length > 0)
            {
                word.Append('_');
            }

            word.Append(char.ToLowerInvariant(c));
        }

        return word.ToString();
    }
}
