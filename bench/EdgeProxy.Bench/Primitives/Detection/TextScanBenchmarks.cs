using System;
using System.Text;
using BenchmarkDotNet.Attributes;
using EdgeProxy.Primitives.Detection;

namespace EdgeProxy.Bench.Primitives.Detection;

/// <summary>A kibibyte of prose, and a piece of a stream, under each detector and under all.</summary>
[MemoryDiagnoser]
public class TextScanBenchmarks
{
    private const string Prose =
        "The store opened at 9:30 on 12 March 2026; 1,204 people came, and Mr. Smith (sales) sold 37 units of B-12. ";

    private TextScan _scan = null!;
    private byte[] _text = [];
    private byte[] _piece = [];

    [Params("card_number", "iban", "email", "phone", "ip_address", "secret", "prompt_injection", "pattern", "all")]
    public string Detect { get; set; } = "all";

    [GlobalSetup]
    public void Setup()
    {
        (string Name, Detector Detector)[] detectors =
        [
            ("card_number", new CardNumberDetector()), ("iban", new IbanDetector()), ("email", new EmailDetector()),
            ("phone", new PhoneDetector()), ("ip_address", new IpAddressDetector()), ("secret", new SecretDetector()),
            ("prompt_injection", new PhraseDetector(InjectionPhrases.Trie)),
            ("pattern", PatternDetector.Create(@"\bORD-\d{6}\b", PatternDetector.LengthDefault, out _)!),
        ];
        (string, Detector Detector)[] chosen =
            Detect == "all" ? detectors : Array.FindAll(detectors, entry => entry.Name == Detect);
        _scan = new TextScan(Array.ConvertAll(
            chosen, entry => new DetectionRule(entry.Detector, FindingAction.Mask)));
        _text = Encoding.ASCII.GetBytes((Prose + Prose + Prose + Prose + Prose + Prose + Prose + Prose + Prose
            + Prose)[..1024]);
        _piece = Encoding.ASCII.GetBytes(" sold 37 units");
    }

    [Benchmark]
    public int Kibibyte() => Scan(_text);

    [Benchmark]
    public int Piece() => Scan(_piece);

    private int Scan(byte[] text)
    {
        _scan.Begin();
        _scan.Scan(text, isEnd: true);
        int pieces = 0;
        while (_scan.Next(out _))
        {
            pieces++;
        }

        return pieces;
    }
}
