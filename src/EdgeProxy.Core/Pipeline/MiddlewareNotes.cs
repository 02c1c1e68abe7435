using System.Collections.Generic;

namespace EdgeProxy.Pipeline;

/// <summary>
/// What middlewares keep about one exchange between its steps, a number each. Reset and reused with the exchange.
/// </summary>
internal sealed class MiddlewareNotes
{
    private readonly List<(Middleware Owner, ulong Number)> _notes = [];

    public int Count => _notes.Count;

    public void Add(Middleware owner, ulong number) => _notes.Add((owner, number));

    /// <summary>The owner's latest note, which is taken; false if it has none.</summary>
    public bool TryTake(Middleware owner, out ulong number)
    {
        for (int i = _notes.Count - 1; i >= 0; i--)
        {
            if (ReferenceEquals(_notes[i].Owner, owner))
            {
                number = _notes[i].Number;
                _notes.RemoveAt(i);
                return true;
            }
        }

        number = 0;
        return false;
    }

    public void Reset() => _notes.Clear();
}
