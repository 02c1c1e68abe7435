using System;
using System.Text;

namespace EdgeProxy.Host;

/// <summary>A line of stdin; at a terminal it is asked for and not shown.</summary>
internal static class SecretLine
{
    private const int CharsMax = 1024;

    /// <summary>Null at the end of the input.</summary>
    public static string? Read(string prompt)
    {
        if (Console.IsInputRedirected)
        {
            return Console.In.ReadLine();
        }

        Console.Error.Write(prompt);
        var line = new StringBuilder();
        while (line.Length < CharsMax)
        {
            ConsoleKeyInfo key = Console.ReadKey(intercept: true);
            if (key.Key == ConsoleKey.Enter)
            {
                break;
            }

            if (key.Key == ConsoleKey.Backspace)
            {
                line.Length -= line.Length > 0 ? 1 : 0;
            }
            else if (!char.IsControl(key.KeyChar))
            {
                line.Append(key.KeyChar);
            }
        }

        Console.Error.WriteLine();
        return line.ToString();
    }
}
