using System;
using EdgeProxy.Primitives.Text;

namespace EdgeProxy.Telemetry;

/// <summary>
/// Names of the values of an enumeration of bytes, as logs and attributes say them: ConnectFailed is connect_failed.
/// </summary>
internal static class EnumWords<T>
    where T : struct, Enum
{
    private static readonly string[] s_words = Make();

    public static string Of(T value)
    {
        // Values count from 0; a conversion through an object would allocate for each record.
        int number = System.Runtime.CompilerServices.Unsafe.BitCast<T, byte>(value);
        return (uint)number < (uint)s_words.Length ? s_words[number] : "";
    }

    private static string[] Make()
    {
        string[] names = Enum.GetNames<T>();
        for (int i = 0; i < names.Length; i++)
        {
            names[i] = SnakeCase.Of(names[i]);
        }

        return names;
    }
}
