using System.Linq;
using System.Text;
using EdgeProxy.Primitives.Detection;
using Xunit;

namespace EdgeProxy.Tests.Primitives.Detection;

public sealed class LetterFormsTests
{
    // Phrases are looked for where one of these bytes stands: a letter with another one would be passed over.
    [Fact]
    public void FirstBytes_AreThoseOfAllRunes_ThatAreComparedAsAsciiLetters()
    {
        byte[] firstBytes = [.. Enumerable.Range(0x80, 0x10FFFF - 0x7F).Where(Rune.IsValid)
            .Select(value => new Rune(value))
            .Where(rune => LetterForms.Fold(rune) is { IsAscii: true } folded && Rune.IsLetter(folded))
            .Select(rune => Encoding.UTF8.GetBytes(rune.ToString())[0]).Distinct().Order()];

        Assert.Equal(LetterForms.FirstBytes.ToArray(), firstBytes);
    }

    [Fact]
    public void Phrase_BeginningWithALetterOfThreeBytes_IsFound() =>
        Assert.Equal("[0] now", Masking.Of(new PhraseDetector(new PhraseTrie(["go home"]))).Anyhow("\uA7ACo home now"));
}
