using System.Text;

namespace EdgeProxy.Host.Commands;

/// <summary>What others sent, for a terminal: none of it may be a command to it.</summary>
internal static class PlainText
{
    public static string Of(string received)
    {
        var text = new StringBuilder(received.Length);
        foreach (char c in received)
        {
            text.Append(char.IsControl(c) ? '?' : c);
        }

        return text.ToString();
    }
}
