using System;

namespace EdgeProxy.Routing;

/// <summary>
/// Routers that may take a request whose model is not known yet, in the order in which they come into question: those
/// with Model(), and the first without it. Belongs to one exchange, is reused, and allocates when it grows only.
/// </summary>
internal sealed class OpenRoutes
{
    private RouteTable? _table;
    private int[] _ranks = [];
    private int _last = int.MaxValue; // the first that does not ask

    /// <summary>The model decides.</summary>
    public bool IsOpen { get; private set; }

    public int Count { get; private set; }

    /// <summary>The number of a candidate's router.</summary>
    public int this[int place] => _table!.RouteOf(_ranks[place]);

    /// <summary>Starts to take candidates of a table.</summary>
    internal void Begin(RouteTable table)
    {
        _table = table;
        IsOpen = true;
        Count = 0;
        _last = int.MaxValue;
        if (_ranks.Length <= table.ModelConjunctions)
        {
            _ranks = new int[table.ModelConjunctions + 1];
        }
    }

    internal void Add(int rank)
    {
        if (!_table!.AsksModel(rank))
        {
            _last = Math.Min(_last, rank);
            return;
        }

        // By rank, and there are few: each is put where it belongs.
        int at = Count++;
        for (; at > 0 && _ranks[at - 1] > rank; at--)
        {
            _ranks[at] = _ranks[at - 1];
        }

        _ranks[at] = rank;
    }

    internal void End()
    {
        while (Count > 0 && _ranks[Count - 1] > _last)
        {
            Count--;
        }

        if (_last != int.MaxValue)
        {
            _ranks[Count++] = _last;
        }
    }

    /// <summary>The number of the router that takes the request; -1 if none does.</summary>
    /// <param name="model">Empty if it names none.</param>
    public int Decide(ReadOnlySpan<byte> model)
    {
        for (int i = 0; i < Count; i++)
        {
            if (_table!.TakesModel(_ranks[i], model))
            {
                return this[i];
            }
        }

        return -1;
    }

    public void Reset()
    {
        _table = null;
        IsOpen = false;
        Count = 0;
    }
}
