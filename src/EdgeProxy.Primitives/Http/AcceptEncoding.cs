using System;
using System.Text;

namespace EdgeProxy.Primitives.Http;

/// <summary>Which content codings a client takes (RFC 9110 section 12.5.3), one line of the field at a time.</summary>
internal static class AcceptEncoding
{
    /// <summary>Weights are in thousandths.</summary>
    public const int WeightMax = 1000;

    /// <summary>
    /// How much a coding is wanted, 0 to <see cref="WeightMax"/>, by its name in lower case; -1 if the line does not
    /// speak of it, by "*" neither. What cannot be read counts as not said.
    /// </summary>
    public static int WeightOf(ReadOnlySpan<byte> line, ReadOnlySpan<byte> coding)
    {
        int named = -1;
        int any = -1;
        Read(line, coding, ref named, ref any);
        return named >= 0 ? named : any;
    }

    /// <summary>
    /// As above, of one line of several, which are one list (RFC 9110 section 5.3): what is said of the coding by name
    /// and by "*", the first time each; -1 as long as nothing is. A name counts before "*".
    /// </summary>
    public static void Read(ReadOnlySpan<byte> line, ReadOnlySpan<byte> coding, ref int named, ref int any)
    {
        while (!line.IsEmpty)
        {
            int comma = line.IndexOf((byte)',');
            ReadOnlySpan<byte> element = comma < 0 ? line : line[..comma];
            line = comma < 0 ? default : line[(comma + 1)..];
            int semicolon = element.IndexOf((byte)';');
            ReadOnlySpan<byte> name = (semicolon < 0 ? element : element[..semicolon]).Trim(" \t"u8);
            bool isNamed = Ascii.EqualsIgnoreCase(name, coding);
            if (!isNamed && !name.SequenceEqual("*"u8))
            {
                continue;
            }

            int weight = semicolon < 0 ? WeightMax : ReadWeight(element[(semicolon + 1)..]);
            if (isNamed)
            {
                named = named < 0 ? weight : named;
            }
            else
            {
                any = any < 0 ? weight : any;
            }
        }
    }

    // RFC 9110 section 12.4.2: weight = OWS ";" OWS "q=" qvalue, at most three digits behind the point.
    private static int ReadWeight(ReadOnlySpan<byte> parameter)
    {
        parameter = parameter.Trim(" \t"u8);
        if (parameter.Length < 3 || (parameter[0] | 0x20) != 'q' || parameter[1] != '=')
        {
            return 0;
        }

        ReadOnlySpan<byte> value = parameter[2..];
        if (value.Length > 5 || value[0] is not ((byte)'0' or (byte)'1') || (value.Length > 1 && value[1] != '.'))
        {
            return 0;
        }

        int weight = (value[0] - '0') * WeightMax;
        int unit = WeightMax / 10;
        for (int i = 2; i < value.Length; i++, unit /= 10)
        {
            if (value[i] is < (byte)'0' or > (byte)'9')
            {
                return 0;
            }

            weight += (value[i] - '0') * unit;
        }

        return weight <= WeightMax ? weight : 0;
    }
}
