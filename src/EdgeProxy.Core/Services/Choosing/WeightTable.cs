using System;

namespace EdgeProxy.Services.Choosing;

/// <summary>The weights of a service's servers, by place, and their running sums to draw by.</summary>
internal sealed class WeightTable
{
    private readonly int[] _weights;
    private readonly int[] _sums;

    /// <summary>At least one weight, each at least 1, their sum within an int.</summary>
    public WeightTable(int[] weights)
    {
        _weights = weights;
        _sums = new int[weights.Length];
        IsEven = true;
        int sum = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            sum += weights[i];
            _sums[i] = sum;
            IsEven &= weights[i] == weights[0];
        }
    }

    /// <summary>All are the same.</summary>
    public bool IsEven { get; }

    public int Sum => _sums[^1];

    public double Mean => (double)Sum / _sums.Length;

    public int this[int place] => _weights[place];

    /// <summary>The place a ticket (0 to <see cref="Sum"/> - 1) belongs to: each has as many as its weight.</summary>
    public int PlaceOf(int ticket)
    {
        if (IsEven)
        {
            return ticket / _weights[0];
        }

        int found = Array.BinarySearch(_sums, ticket + 1);
        return found >= 0 ? found : ~found;
    }
}
