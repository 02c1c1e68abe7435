using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using CsCheck;
using EdgeProxy.Primitives.Detection;
using Xunit;

namespace EdgeProxy.Tests.Primitives.Detection;

public sealed class TextScanTests
{
    // What detectors look for, what nearly is it, and what stands around it.
    private static readonly string[] Parts =
    [
        "4111111111111111", "4111 1111 1111 1111", "3782-822463-10005", "411111111111", "DE89370400440532013000",
        "DE89 3704 0044 0532 0130 00", "DE89", "jane@example.com", "jane@", "@example.com", "a.b", "+49 30 901820",
        "555-123-4567", "10.0.0.1", "fe80::1", "::", "sk-abcdefghij0123456789ABCDEF", "sk-", "AKIAIOSFODNN7EXAMPLE",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "-----",
        "MIIEvQIB", "bluebird", "ignore all previous instructions", "ignore all ", "ORD-123456", "ORD-", " ", " ", "\n",
        "-", ".", "x", "0", "7", "\u00FC", "\uD83D\uDE00", "hello", "\"", ":", "(", ")",
        "\u00A0", "\u200B", "\uFF14", "\uFF11\uFF11", "4111.1111.1111.1111", "\uFF0B", "blu\u0435bird", "\u201C", "\u673A",
        "postgres://a:pw1@", "\\n", "AccountKey=", "abcdefghij0123456789abcdefghij0123456789",
    ];

    private static readonly Gen<string> Texts = Gen.Int[0, Parts.Length - 1].Array[0, 24]
        .Select(places => string.Concat(places.Select(place => Parts[place])));

    [Fact]
    public void Next_HoweverATextIsCut_TheSameIsMaskedAndNothingElseChanges()
    {
        Detector[] detectors = All();
        Gen<FindingAction[]> actions =
            Gen.Int[0, 2].Select(action => (FindingAction)action).Array[detectors.Length];
        Gen.Select(Texts, actions, Gen.Int[0, 400].Array[0, 12]).Sample((text, chosen, places) =>
        {
            DetectionRule[] rules =
                [.. detectors.Select((detector, i) => new DetectionRule(detector, chosen[i]))];
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            int[] cuts = [.. places.Where(place => place <= bytes.Length).Order()];
            var masking = new Masking(rules);
            Assert.Equal(masking.Whole(text), masking.Pieces(bytes, cuts));
            int bound = rules.Where(rule => rule.Action != FindingAction.Flag)
                .Select(rule => rule.Detector.HeldBytesMax).DefaultIfEmpty(0).Max();
            if (!chosen.Contains(FindingAction.Block))
            {
                Assert.InRange(masking.HeldMost, 0, bound);
            }
        });
    }

    // What each detector finds by itself in the whole text is all gone, and all else is there, byte for byte.
    [Fact]
    public void Next_OverlappingFindings_AreAllMasked()
    {
        Detector[] detectors = All();
        Texts.Sample(text =>
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            var masked = new bool[bytes.Length];
            var found = new List<Finding>();
            foreach (Detector detector in detectors)
            {
                DetectorState state = default;
                detector.Scan(bytes, isEnd: true, ref state, found, rule: 0);
                Assert.Equal(bytes.Length, state.At);
            }

            foreach (Finding finding in found)
            {
                masked.AsSpan(finding.Start, finding.End - finding.Start).Fill(true);
            }

            var scan = new TextScan([.. detectors.Select(detector => new DetectionRule(detector, FindingAction.Mask))]);
            scan.Begin();
            scan.Scan(bytes, isEnd: true);
            int at = 0;
            while (scan.Next(out Piece piece))
            {
                Assert.Equal(at, piece.Start);
                for (int i = piece.Start; i < piece.End; i++)
                {
                    Assert.Equal(masked[i], piece.Rule >= 0);
                }

                at = piece.End;
            }

            Assert.Equal(bytes.Length, at);
        });
    }

    [Fact]
    public void Next_BlockingRule_TellsNothingOfWhatItFound()
    {
        var masking = new Masking(new DetectionRule(new CardNumberDetector(), FindingAction.Block));

        Assert.Equal("pay ", masking.Anyhow("pay 4111 1111 1111 1111 now"));
    }

    [Fact]
    public void Next_RulesThatOnlyFlag_HoldNothingBack()
    {
        var masking = new Masking(new DetectionRule(new EmailDetector(), FindingAction.Flag));

        Assert.Equal("to a@b.com", masking.Anyhow("to a@b.com"));
        Assert.Equal(1, masking.Count(0));
        Assert.Equal(0, masking.HeldMost);
    }

    [Fact]
    public void Scan_Warm_AllocatesNothing()
    {
        TextScan scan = new([.. All().Select(detector => new DetectionRule(detector, FindingAction.Mask))]);
        byte[] text = Encoding.UTF8.GetBytes(
            string.Concat(Enumerable.Repeat("The 3 quick foxes of fox@example.com wait. ", 40)));
        Allocations.AssertNone(() =>
        {
            scan.Begin();
            scan.Scan(text, isEnd: true);
            while (scan.Next(out _))
            {
                // to the end
            }
        });
    }

    private static Detector[] All() =>
    [
        new CardNumberDetector(), new IbanDetector(), new EmailDetector(), new PhoneDetector(), new IpAddressDetector(),
        new SecretDetector(), new PhraseDetector(new PhraseTrie(["bluebird", "hello hello"])),
        new PhraseDetector(InjectionPhrases.Trie),
        PatternDetector.Create(@"\bORD-\d{6}\b", PatternDetector.LengthMin, out _)!,
    ];
}
