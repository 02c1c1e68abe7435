using System;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai;

/// <summary>What became of a request under one rule.</summary>
internal enum ParameterOutcome : byte
{
    Good,

    /// <summary>The parameter is there, and must not be.</summary>
    Rejected,

    /// <summary>What should have bounds is no number, or what it belongs to is no object.</summary>
    Malformed,
}

/// <summary>
/// The rules of a service on what requests ask of a model, as places of their bytes that become others (decision 89).
/// Immutable; for all loops.
/// </summary>
internal sealed class ParameterRules
{
    private const string Items = ParameterLimits.Items;

    private readonly Compiled[] _rules;

    public ParameterRules(Sequence<ParameterRule> rules)
    {
        _rules = new Compiled[rules.Count];
        for (int i = 0; i < _rules.Length; i++)
        {
            _rules[i] = new Compiled(rules[i]);
            for (int other = 0; other <= i; other++)
            {
                // Edits of one do not meet edits of the other if they begin with different names.
                bool isApart = rules[other].Path[0] != rules[i].Path[0] && !_rules[other].Drops && !_rules[i].Drops;
                _rules[i].After |= isApart ? 0 : 1U << other;
            }
        }
    }

    public int Count => _rules.Length;

    /// <summary>A rule's path has that name.</summary>
    public bool HasName(ulong hash)
    {
        foreach (Compiled rule in _rules)
        {
            if (rule.HasName(hash))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The rule's parameter, as the configuration writes it.</summary>
    public string NameOf(int rule) => _rules[rule].Rule.Text;

    /// <summary>
    /// The body has to have the edits of those rules (a bit each) before this one looks at it: it may look at what they
    /// are about, or they are so many that others between them would take long.
    /// </summary>
    /// <param name="edits">How many there are.</param>
    public bool NeedsBefore(int rule, uint edited, int edits) =>
        (_rules[rule].After & edited) != 0 || edits > ParameterLimits.EditsAtOnceMax;

    /// <summary>Looks for the rule's parameter, and adds what has to become of it to the edits.</summary>
    public ParameterOutcome Apply(int rule, JsonIndex index, ReadOnlySpan<byte> body, JsonEdits edits, AiCallKind kind)
    {
        Compiled compiled = _rules[rule];
        return (compiled.Kinds & (1U << (int)kind)) == 0
            ? ParameterOutcome.Good
            : compiled.Walk(new Place(index, body, edits, kind), node: 0, depth: 0);
    }

    private readonly ref struct Place(JsonIndex index, ReadOnlySpan<byte> body, JsonEdits edits, AiCallKind kind)
    {
        public readonly JsonIndex Index = index;
        public readonly ReadOnlySpan<byte> Body = body;
        public readonly JsonEdits Edits = edits;

        /// <summary>The call makes a model speak: other calls do not know what is not there.</summary>
        public readonly bool TakesMore = kind is AiCallKind.ChatCompletions or AiCallKind.Responses
            or AiCallKind.Messages or AiCallKind.OllamaChat or AiCallKind.OllamaGenerate;
    }

    private sealed class Compiled
    {
        private readonly ulong[] _names;
        private readonly byte[][] _members; // from a depth on: "a":{"b":1}, with a comma behind it
        private readonly byte[] _value;
        private readonly byte[] _min;
        private readonly byte[] _max;

        public Compiled(ParameterRule rule)
        {
            Rule = rule;
            Kinds = ParameterLimits.KindsOf(rule.Apis);
            int depth = rule.Path.Count;
            _names = new ulong[depth];
            _members = new byte[depth][];
            string json = rule.Value?.Json ?? "";
            _value = Encoding.UTF8.GetBytes(json);
            for (int i = depth - 1; i >= 0; i--)
            {
                _names[i] = JsonText.HashOf(Encoding.UTF8.GetBytes(rule.Path[i]));
                json = $"\"{JsonEncodedText.Encode(rule.Path[i])}\":{json}";
                _members[i] = Encoding.UTF8.GetBytes(json + ",");
                json = $"{{{json}}}";
            }

            _min = Encoding.UTF8.GetBytes(rule.Min?.Json ?? "");
            _max = Encoding.UTF8.GetBytes(rule.Max?.Json ?? "");
        }

        public ParameterRule Rule { get; }

        public uint Kinds { get; }

        public uint After { get; set; }

        public bool HasName(ulong hash) => Array.IndexOf(_names, hash) >= 0;

        public bool Drops => Rule.Action == ParameterAction.Drop;

        public ParameterOutcome Walk(in Place place, int node, int depth)
        {
            if (depth == _names.Length)
            {
                return Judge(place, node);
            }

            JsonNode at = place.Index[node];
            if (Rule.Path[depth] == Items)
            {
                return at.Kind == JsonToken.ArrayStart ? WalkItems(place, node, depth) : ParameterOutcome.Good;
            }

            if (at.Kind != JsonToken.ObjectStart)
            {
                return _value.Length == 0 || !place.TakesMore ? ParameterOutcome.Good
                    : at.Kind == JsonToken.Null ? Fill(place, node, depth)
                    : ParameterOutcome.Malformed;
            }

            int member = place.Index.Find(node, _names[depth]);
            if (member >= 0)
            {
                return Walk(place, member, depth + 1);
            }

            if (_value.Length > 0 && place.TakesMore)
            {
                RequestEditor.Insert(place.Index, place.Edits, node, _members[depth]);
            }

            return ParameterOutcome.Good;
        }

        private ParameterOutcome WalkItems(in Place place, int node, int depth)
        {
            for (int item = node + 1; item < place.Index[node].Next; item = place.Index[item].Next)
            {
                ParameterOutcome outcome = Walk(place, item, depth + 1);
                if (outcome != ParameterOutcome.Good)
                {
                    return outcome;
                }
            }

            return ParameterOutcome.Good;
        }

        // null stands where an object belongs.
        private ParameterOutcome Fill(in Place place, int node, int depth)
        {
            JsonNode at = place.Index[node];
            ReadOnlySpan<byte> member = _members[depth].AsSpan()[..^1];
            place.Edits.Replace(at.Start, at.Start, "{"u8);
            place.Edits.Replace(at.Start, at.End, member);
            place.Edits.Replace(at.End, at.End, "}"u8);
            return ParameterOutcome.Good;
        }

        private ParameterOutcome Judge(in Place place, int node)
        {
            JsonNode at = place.Index[node];
            switch (Rule.Action)
            {
                case ParameterAction.Force:
                    place.Edits.Replace(at.Start, at.End, _value);
                    return ParameterOutcome.Good;
                case ParameterAction.Drop:
                    Remove(place, at);
                    return ParameterOutcome.Good;
                case ParameterAction.Reject:
                    return at.Kind == JsonToken.Null ? ParameterOutcome.Good : ParameterOutcome.Rejected;
                default:
                    return Bound(place, at);
            }
        }

        private ParameterOutcome Bound(in Place place, in JsonNode at)
        {
            if (at.Kind == JsonToken.Null)
            {
                if (_value.Length > 0)
                {
                    place.Edits.Replace(at.Start, at.End, _value);
                }

                return ParameterOutcome.Good;
            }

            if (Rule.Min is null && Rule.Max is null)
            {
                return ParameterOutcome.Good;
            }

            if (at.Kind != JsonToken.Number
                || !Utf8Parser.TryParse(place.Body[at.Start..at.End], out double number, out int length)
                || length != at.End - at.Start)
            {
                return ParameterOutcome.Malformed;
            }

            if (number < Rule.Min?.Number)
            {
                place.Edits.Replace(at.Start, at.End, _min);
            }
            else if (number > Rule.Max?.Number)
            {
                place.Edits.Replace(at.Start, at.End, _max);
            }

            return ParameterOutcome.Good;
        }

        // A member goes with one of the commas beside it; white space between them goes, too.
        private static void Remove(in Place place, in JsonNode at)
        {
            int start = at.NameStart;
            int end = at.End;
            int before = start - 1;
            while (IsSpace(place.Body[before]))
            {
                before--;
            }

            int behind = end;
            while (IsSpace(place.Body[behind]))
            {
                behind++;
            }

            bool hasBefore = place.Body[before] == (byte)',';
            bool hasBehind = place.Body[behind] == (byte)',';
            place.Edits.Replace(hasBefore ? before : start, hasBefore ? end : hasBehind ? behind + 1 : end, default);
        }

        private static bool IsSpace(byte value) => value is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n';
    }
}

/// <summary>Named limits of parameter rules, and the words they are about.</summary>
internal static class ParameterLimits
{
    public const int RulesMax = 32; // a bit each
    public const int DepthMax = 8;
    public const int PathCharsMax = 256;
    public const int TextCharsMax = 1024;

    /// <summary>
    /// Edits that other rules may put theirs between: edits are kept in the order of their places, so that many between
    /// many cost the square.
    /// </summary>
    public const int EditsAtOnceMax = 64;

    /// <summary>In a path: every item of a list.</summary>
    public const string Items = "[]";

    /// <summary>What a rule may be about.</summary>
    public static readonly string[] Apis = ["chat_completions", "responses", "embeddings", "messages", "ollama"];

    /// <summary>Kinds of calls as bits.</summary>
    public static uint KindsOf(Sequence<string> apis)
    {
        uint kinds = apis.Count == 0 ? uint.MaxValue : 0;
        foreach (string api in apis)
        {
            kinds |= api switch
            {
                "chat_completions" => Bit(AiCallKind.ChatCompletions),
                "responses" => Bit(AiCallKind.Responses),
                "embeddings" => Bit(AiCallKind.Embeddings),
                "messages" => Bit(AiCallKind.Messages) | Bit(AiCallKind.CountTokens),
                _ => Bit(AiCallKind.OllamaChat) | Bit(AiCallKind.OllamaGenerate) | Bit(AiCallKind.OllamaEmbed),
            };
        }

        return kinds;
    }

    private static uint Bit(AiCallKind kind) => 1U << (int)kind;
}
