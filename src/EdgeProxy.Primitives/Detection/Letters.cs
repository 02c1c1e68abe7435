namespace EdgeProxy.Primitives.Detection;

/// <summary>Classes of bytes that detectors ask for.</summary>
internal static class Letters
{
    public static bool IsDigit(byte value) => value is >= (byte)'0' and <= (byte)'9';

    public static bool IsLetter(byte value) => (uint)((value | 0x20) - 'a') <= 'z' - 'a';

    public static bool IsAlphanumeric(byte value) => IsDigit(value) || IsLetter(value);

    public static bool IsHex(byte value) => IsDigit(value) || (uint)((value | 0x20) - 'a') <= 'f' - 'a';

    /// <summary>Of a word: letters, digits, _ and every byte of what is not ASCII.</summary>
    public static bool IsWord(byte value) => IsAlphanumeric(value) || value is (byte)'_' or >= 0x80;

    /// <summary>A byte within a rune, not its first.</summary>
    public static bool IsWithinRune(byte value) => (value & 0xC0) == 0x80;
}
