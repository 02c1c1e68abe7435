using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;

namespace EdgeProxy.Primitives.Limits;

/// <summary>
/// For each of many keys: so many may be under way at once, so many more wait for their turn, first come first served.
/// Memory is bounded by who is there. Any thread. Keys are 64-bit hashes; see <see cref="KeyHash"/>.
/// </summary>
/// <param name="runningMax">Under way at once, per key.</param>
/// <param name="waitingMax">Waiting at once, per key.</param>
/// <param name="keysMax">Keys with somebody under way; one more is refused.</param>
internal sealed class TurnQueue(int runningMax, int waitingMax, int keysMax)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, Line> _lines = [];
    private readonly Dictionary<ulong, Place> _places = [];
    private ulong _lastPlace;

    /// <summary>
    /// Takes a place, which <see cref="Leave"/> gives back. False: the line is full.
    /// </summary>
    /// <param name="turn">
    /// Null: it may go on at once. Else completes when its turn has come; then, or when it does not want to wait any
    /// longer, <see cref="EndWait"/> says which.
    /// </param>
    public bool TryEnter(ulong key, out ulong place, out Task<bool>? turn)
    {
        place = 0;
        turn = null;
        lock (_lock)
        {
            ref Line line = ref CollectionsMarshal.GetValueRefOrNullRef(_lines, key);
            if (Unsafe.IsNullRef(ref line))
            {
                if (_lines.Count >= keysMax)
                {
                    return false;
                }

                line = ref CollectionsMarshal.GetValueRefOrAddDefault(_lines, key, out _);
            }

            if (line.Running < runningMax)
            {
                line.Running++;
                place = ++_lastPlace;
                _places.Add(place, new Place(key, null, null));
                return true;
            }

            line.Waiting ??= [];
            if (line.Waiting.Count >= waitingMax)
            {
                return false;
            }

            place = ++_lastPlace;
            var source = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            _places.Add(place, new Place(key, source, line.Waiting.AddLast(place)));
            turn = source.Task;
            return true;
        }
    }

    /// <summary>
    /// Whoever waited goes on: true, it is its turn, which lasts until it leaves; false, it has left the line.
    /// </summary>
    public bool EndWait(ulong place)
    {
        lock (_lock)
        {
            return _places.TryGetValue(place, out Place known) && (known.Node is null || LeaveLine(place, known));
        }
    }

    /// <summary>Gives a place back, under way or waiting; the next one's turn comes. Twice is as once.</summary>
    public void Leave(ulong place)
    {
        lock (_lock)
        {
            if (!_places.TryGetValue(place, out Place known))
            {
                return;
            }

            if (known.Node is not null)
            {
                LeaveLine(place, known);
                known.Turn!.TrySetResult(false);
                return;
            }

            _places.Remove(place);
            ref Line line = ref CollectionsMarshal.GetValueRefOrNullRef(_lines, known.Key);
            if (line.Waiting?.First is { } next)
            {
                line.Waiting.Remove(next);
                TaskCompletionSource<bool> turn = _places[next.Value].Turn!;
                _places[next.Value] = new Place(known.Key, null, null);
                turn.TrySetResult(true);
            }
            else if (--line.Running == 0)
            {
                _lines.Remove(known.Key);
            }
        }
    }

    private bool LeaveLine(ulong place, Place known)
    {
        known.Node!.List!.Remove(known.Node);
        _places.Remove(place);
        return false;
    }

    private record struct Line(int Running, LinkedList<ulong>? Waiting);

    /// <param name="Node">Null: it is under way.</param>
    private readonly record struct Place(ulong Key, TaskCompletionSource<bool>? Turn, LinkedListNode<ulong>? Node);
}
