using System;
using System.Buffers;
using System.Numerics;
using System.Text.Unicode;

namespace EdgeProxy.Primitives.Json;

/// <summary>Why a text is no JSON that everybody reads alike.</summary>
internal enum JsonFault : byte
{
    None,

    /// <summary>Not RFC 8259, not whole, more than one text, or too deep (JsonScanner.DepthMax).</summary>
    Malformed,

    /// <summary>Not an object.</summary>
    NoObject,

    /// <summary>Not UTF-8 (RFC 8259 section 8.1).</summary>
    NotUtf8,

    /// <summary>An object has a name twice, in whatever spelling: readers differ on which one counts.</summary>
    DuplicateName,

    /// <summary>More values than <see cref="JsonIndex.NodesMax"/>.</summary>
    TooManyValues,
}

/// <summary>
/// Every value of one JSON text, in the order they stand in it, each with its place: what is looked up, judged and
/// replaced without the text being changed elsewhere. Reused for one text after the other, and reset after each, since
/// a large one may need 16 MiB; not thread-safe.
/// </summary>
internal sealed class JsonIndex
{
    /// <summary>Values of one text.</summary>
    public const int NodesMax = 200_000;

    // What stays between texts; what a larger one needed beyond it is given back.
    private const int NodesKept = 1024;
    private const int SlotsKept = 2048;

    // To begin with: a text of a kilobyte has no 1,024 names, and slots are cleared for each text.
    private const int SlotsMin = 64;
    private const int BytesPerSlot = 4;
    private const ulong Spread = 0x9E37_79B9_7F4A_7C15;

    private readonly int[] _open = new int[JsonScanner.DepthMax + 1];
    private readonly JsonNode[] _ownNodes = new JsonNode[NodesKept];
    private readonly ulong[] _ownSlots = new ulong[SlotsKept];
    private JsonNode[] _nodes;
    private ulong[] _slots;
    private int _slotCount;
    private int _nameCount;

    public JsonIndex()
    {
        _nodes = _ownNodes;
        _slots = _ownSlots;
        _slotCount = SlotsKept;
    }

    public int Count { get; private set; }

    /// <summary>Holds memory of the shared pool.</summary>
    public bool IsLarge => _nodes != _ownNodes || _slots != _ownSlots;

    /// <summary>Steps past taken slots that the names of the last text took.</summary>
    public int Steps { get; private set; }

    /// <summary>The whole text is node 0.</summary>
    public ref readonly JsonNode this[int node] => ref _nodes[node];

    /// <summary>Reads a whole text. With a fault there are no nodes.</summary>
    public JsonFault Read(ReadOnlySpan<byte> text)
    {
        Reset();
        Steps = 0;
        uint slots = BitOperations.RoundUpToPowerOf2((uint)text.Length / BytesPerSlot);
        _slotCount = (int)Math.Clamp(slots, SlotsMin, SlotsKept);
        _slots.AsSpan(0, _slotCount).Clear();
        JsonFault fault = Utf8.IsValid(text) ? Walk(text) : JsonFault.NotUtf8;
        if (fault != JsonFault.None)
        {
            Reset();
        }

        return fault;
    }

    /// <summary>The member of an object by its name's hash; -1 if it has none.</summary>
    public int Find(int node, ulong nameHash)
    {
        if (node < 0 || _nodes[node].Kind != JsonToken.ObjectStart)
        {
            return -1;
        }

        int end = _nodes[node].Next;
        for (int child = node + 1; child < end; child = _nodes[child].Next)
        {
            if (_nodes[child].NameHash == nameHash)
            {
                return child;
            }
        }

        return -1;
    }

    /// <summary>Lets go of the text's values, and of what a large text needed.</summary>
    public void Reset()
    {
        Count = 0;
        if (_nodes != _ownNodes)
        {
            ArrayPool<JsonNode>.Shared.Return(_nodes);
            _nodes = _ownNodes;
        }

        if (_slots != _ownSlots)
        {
            ArrayPool<ulong>.Shared.Return(_slots);
            _slots = _ownSlots;
            _slotCount = SlotsKept;
        }

        _nameCount = 0;
    }

    private JsonFault Walk(ReadOnlySpan<byte> text)
    {
        var scanner = new JsonScanner { HashesTexts = true };
        int at = 0;
        JsonNode named = new() { NameStart = -1 };
        while (true)
        {
            JsonToken token = scanner.Next(text, ref at);
            switch (token)
            {
                case JsonToken.NeedMore:
                    return !scanner.IsComplete ? JsonFault.Malformed
                        : _nodes[0].Kind == JsonToken.ObjectStart ? JsonFault.None
                        : JsonFault.NoObject;
                case JsonToken.Malformed:
                    return JsonFault.Malformed;
                case JsonToken.ObjectEnd:
                case JsonToken.ArrayEnd:
                    ref JsonNode closed = ref _nodes[_open[scanner.Depth]];
                    closed.End = (int)scanner.TokenEnd;
                    closed.Next = Count;
                    break;
                case JsonToken.Name:
                    named.NameStart = (int)scanner.TokenStart;
                    named.NameEnd = (int)scanner.TokenEnd;
                    named.NameHash = scanner.Text.Hash;
                    if (!AddName(_open[scanner.Depth - 1], named.NameHash))
                    {
                        return JsonFault.DuplicateName;
                    }

                    break;
                default:
                    if (Count == NodesMax)
                    {
                        return JsonFault.TooManyValues;
                    }

                    AddNode(token, in scanner, in named);
                    named = new JsonNode { NameStart = -1 };
                    break;
            }
        }
    }

    private void AddNode(JsonToken token, in JsonScanner scanner, in JsonNode named)
    {
        if (Count == _nodes.Length)
        {
            JsonNode[] larger = ArrayPool<JsonNode>.Shared.Rent(_nodes.Length * 4);
            _nodes.CopyTo(larger, 0);
            if (_nodes != _ownNodes)
            {
                ArrayPool<JsonNode>.Shared.Return(_nodes);
            }

            _nodes = larger;
        }

        bool isContainer = token is JsonToken.ObjectStart or JsonToken.ArrayStart;
        ref JsonNode node = ref _nodes[Count];
        node = named;
        node.Kind = token;
        node.Start = (int)scanner.TokenStart;
        node.End = (int)scanner.TokenEnd;
        node.Next = Count + 1;
        node.IsInteger = token == JsonToken.Number && scanner.Number.IsInteger;
        node.Number = node.IsInteger ? scanner.Number.Value
            : token == JsonToken.String ? (long)scanner.Text.Hash
            : 0;
        if (isContainer)
        {
            _open[scanner.Depth - 1] = Count;
        }

        Count++;
    }

    // Names are told apart by 64 bits made of object and text. The text's hash is keyed, so nobody can write names that
    // meet in one slot, which would cost a long body the square of its names.
    private bool AddName(int owner, ulong hash)
    {
        if (2 * ++_nameCount > _slotCount)
        {
            GrowSlots();
        }

        ulong high = Math.BigMul(hash, ((ulong)owner + 1) * Spread, out ulong low);
        ulong key = high ^ low;
        return TryPlace(key == 0 ? 1 : key);
    }

    private bool TryPlace(ulong key)
    {
        int slot = (int)(key >> 32) & (_slotCount - 1);
        while (_slots[slot] != 0)
        {
            if (_slots[slot] == key)
            {
                return false;
            }

            slot = (slot + 1) & (_slotCount - 1);
            Steps++;
        }

        _slots[slot] = key;
        return true;
    }

    private void GrowSlots()
    {
        ulong[] before = _slots;
        int count = _slotCount;
        _slotCount = count * 4;
        _slots = ArrayPool<ulong>.Shared.Rent(_slotCount);
        _slots.AsSpan(0, _slotCount).Clear();
        foreach (ulong key in before.AsSpan(0, count))
        {
            if (key != 0)
            {
                TryPlace(key);
            }
        }

        if (before != _ownSlots)
        {
            ArrayPool<ulong>.Shared.Return(before);
        }
    }
}
