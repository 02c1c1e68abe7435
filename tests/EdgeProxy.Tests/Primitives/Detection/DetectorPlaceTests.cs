using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using EdgeProxy.Primitives.Detection;
using Xunit;

namespace EdgeProxy.Tests.Primitives.Detection;

/// <summary>What is found is found wherever it stands: detectors look at 16 places at a time.</summary>
public sealed class DetectorPlaceTests
{
    private static readonly Dictionary<string, Detector> Detectors = new()
    {
        ["card_number"] = new CardNumberDetector(),
        ["iban"] = new IbanDetector(),
        ["ip_address"] = new IpAddressDetector(),
        ["phone"] = new PhoneDetector(),
        ["placeholder"] = new PlaceholderDetector(),
        ["secret"] = new SecretDetector(),
        ["prompt_injection"] = new PhraseDetector(InjectionPhrases.Trie),
        ["words"] = new PhraseDetector(new PhraseTrie(["kin", "it is", "x y z", "\u00FCber", "a\u00FCb", "c#"])),
    };

    public static TheoryData<string, string> Found()
    {
        var found = new TheoryData<string, string>();
        void Add(string detector, params string[] texts) => found.AddRange([.. texts.Select(text => (detector, text))]);
        Add("card_number", "\uFF14111\u00A01111-1111.1111", "4\u200B111111111111111", "\u0664111111111111111",
            "4111111111111111", "4111-1111-1111-1111", "3782 822463 10005", "6-0-1-1111111111117");
        Add("iban", "DE\uFF189\u00A03704 0044 0532 0130 00", "DE89370400440532013000", "gb82 west 1234 5698 7654 32",
            "FR1420041010050500013M02606");
        Add("ip_address", "1.2.3.4", "10.0.0.1", "192.168.1.20", "::1:2", "2001:db8::1", "FE80::1", "a:2::b");
        Add("phone", "\uFF0B49 30 901820", "+\uFF149 30 901820", "1\u00A0555-123-4567", "+49 30 901820",
            "+(49) 30 901820", "0041 44 668 18 00", "(555) 123-4567", "555-123-4567",
            "1-555-123-4567", "1 (555) 123-4567");
        Add("placeholder", "[EMAIL_1]", "[A_1]", "[CARD_NUMBER_999]");
        Add("secret", "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc");
        Add("secret", [.. SecretPrefixes.All.Select(kind =>
            Encoding.ASCII.GetString(kind.Bytes) + string.Concat(Enumerable.Repeat("a1", kind.More)))]);
        Add("prompt_injection", "ignore all previous instructions", "Ignore  the\nabove", "IGNORE THE ABOVE",
            "s\u212Aip prior rules", "New instructions:",
            "\uFF49gnore the above", "i\u200Bgnore the above", "\u0456gn\u043Ere\u00A0the above",
            "ig\u00ADnore the above");
        Add("words", "kin", "\u212AIN", "KIn", "it \t\n is", "It is", "X   Y Z",
            "\u00DCBER", "A\u00DCb", "C#");
        return found;
    }

    [Theory]
    [MemberData(nameof(Found))]
    public void WhateverIsFound_IsFoundAtEachPlace(string detector, string text)
    {
        Masking masking = Masking.Of(Detectors[detector]);
        foreach (int after in (int[])[0, 1, 2, 40])
        {
            for (int before = 0; before < 40; before++)
            {
                string padding = new(' ', before);
                string behind = new(' ', after);
                Assert.Equal($"{padding}[0]{behind}", masking.Whole(padding + text + behind));
            }
        }
    }

    [Fact]
    public void Phrases_InAnyForm_AreFound()
    {
        var random = new Random(11);
        string[] phrases = ["ignore the above", "kin", "do anything now", "\u00FCber alles", "x y z", "a\u00FCb"];
        Masking masking = Masking.Of(new PhraseDetector(new PhraseTrie(phrases)));
        for (int round = 0; round < 3000; round++)
        {
            string padding = new(' ', random.Next(36));
            string text = string.Concat(phrases[random.Next(phrases.Length)].Select(sign => FormOf(sign, random)));
            Assert.StartsWith($"{padding}[0]", masking.Whole($"{padding}{text}."), StringComparison.Ordinal);
        }
    }

    private static string FormOf(char sign, Random random)
    {
        string form = random.Next(5) switch
        {
            0 => sign == ' ' ? "\u00A0" : char.ToUpperInvariant(sign).ToString(),
            1 => sign == ' ' ? "\t \n" : char.IsAscii(sign) ? ((char)(sign + 0xFEE0)).ToString() : sign.ToString(),
            2 => sign == ' ' ? "\u2003" : sign == 'o' ? "\u043E" : sign.ToString(),
            _ => sign.ToString(),
        };
        return sign != ' ' && random.Next(6) == 0 ? $"{form}\u200B" : form;
    }
}
