using System;
using System.Collections.Generic;
using System.Globalization;
using EdgeProxy.Primitives.Text;

namespace EdgeProxy.Services.Breaking;

/// <summary>
/// Reads Traefik's circuit breaker expressions:
/// <code>
/// or   = and *( "||" and )        and = not *( "&amp;&amp;" not )
/// not  = "!" not / "(" or ")" / function ( "&gt;" / "&gt;=" / "&lt;" / "&lt;=" / "==" / "!=" ) number
/// </code>
/// </summary>
internal sealed class BreakerParser
{
    private const string NetworkErrors = "NetworkErrorRatio";
    private const string ResponseCodes = "ResponseCodeRatio";
    private const string Latency = "LatencyAtQuantileMS";
    private const int StatusMax = 600;

    private static readonly string[] s_functions = [NetworkErrors, ResponseCodes, Latency];
    private static readonly string[] s_signs = [">=", "<=", "==", "!=", ">", "<"];

    private readonly string _text;
    private readonly List<BreakerTerm> _terms = [];
    private int _at;
    private int _depth;
    private string? _error;
    private int _errorAt;

    private BreakerParser(string text) => _text = text;

    /// <summary>Null if it is none: then what is wrong, and in which column from 1 on.</summary>
    public static BreakerExpression? Parse(string text, out string error, out int column)
    {
        var parser = new BreakerParser(text);
        BreakerTest? test = parser.ParseOr();
        parser.SkipSpace();
        if (test is not null && parser._at < text.Length)
        {
            test = parser.Fail(parser._at, $"found '{text[parser._at]}' where && or || may stand, or the end");
        }

        error = parser._error ?? "";
        column = parser._errorAt + 1;
        return test is null ? null : new BreakerExpression(text, [.. parser._terms], test);
    }

    private BreakerTest? ParseOr()
    {
        BreakerTest? left = ParseAnd();
        while (left is not null && Take("||"))
        {
            left = ParseAnd() is { } right ? new BreakerPair(left, isBoth: false, right) : null;
        }

        return left;
    }

    private BreakerTest? ParseAnd()
    {
        BreakerTest? left = ParseNot();
        while (left is not null && Take("&&"))
        {
            left = ParseNot() is { } right ? new BreakerPair(left, isBoth: true, right) : null;
        }

        return left;
    }

    private BreakerTest? ParseNot()
    {
        SkipSpace();
        int start = _at;
        bool isNegation = Take("!");
        if (!isNegation && !Take("("))
        {
            return ParseComparison();
        }

        if (++_depth > BreakerLimits.DepthMax)
        {
            return Fail(start, $"is nested more than {BreakerLimits.DepthMax} deep");
        }

        BreakerTest? inner = isNegation ? ParseNot() : ParseOr();
        _depth--;
        if (isNegation || inner is null)
        {
            return inner is null ? null : new BreakerNegation(inner);
        }

        return Take(")") ? inner : Fail(_at, "')' is missing");
    }

    private BreakerTest? ParseComparison()
    {
        int start = _at;
        if (!TryTerm(out BreakerTerm term))
        {
            return null;
        }

        SkipSpace();
        string? sign = Array.Find(s_signs, Take);
        if (sign is null)
        {
            return Fail(_at, "one of > >= < <= == != is missing");
        }

        SkipSpace();
        int numberAt = _at;
        if (!TryNumber(out double number))
        {
            return null;
        }

        if (term.Kind != BreakerTermKind.LatencyAtQuantileMs && number > 1)
        {
            return Fail(numberAt, "a ratio is never more than 1");
        }

        if (_terms.Count == BreakerLimits.TermsMax)
        {
            return Fail(start, $"has more than {BreakerLimits.TermsMax} functions");
        }

        _terms.Add(term);
        return new BreakerComparison(_terms.Count - 1, sign, number);
    }

    private bool TryTerm(out BreakerTerm term)
    {
        term = default;
        int start = _at;
        while (_at < _text.Length && char.IsAsciiLetterOrDigit(_text[_at]))
        {
            _at++;
        }

        string name = _text[start.._at];
        if (name.Length == 0)
        {
            string found = _at < _text.Length ? $"found '{_text[_at]}'" : "it ends";
            return Refuse(start, $"{found} where {string.Join(", ", s_functions)}, '!' or '(' may stand");
        }

        if (Array.IndexOf(s_functions, name) < 0)
        {
            return Refuse(start, $"there is no function {name}{NearestWord.Hint(name, s_functions)}");
        }

        var numbers = new List<double>();
        if (!TryArguments(numbers))
        {
            return false;
        }

        return name switch
        {
            NetworkErrors => TryNetworkErrors(start, numbers, out term),
            ResponseCodes => TryResponseCodes(start, numbers, out term),
            _ => TryLatency(start, numbers, out term),
        };
    }

    private bool TryArguments(List<double> numbers)
    {
        if (!Take("("))
        {
            return Refuse(_at, "'(' is missing");
        }

        while (!Take(")"))
        {
            if (numbers.Count > 0 && !Take(","))
            {
                return Refuse(_at, "',' or ')' is missing");
            }

            SkipSpace();
            if (!TryNumber(out double number))
            {
                return false;
            }

            numbers.Add(number);
        }

        return true;
    }

    private bool TryNetworkErrors(int start, List<double> numbers, out BreakerTerm term)
    {
        term = new BreakerTerm(BreakerTermKind.NetworkErrorRatio);
        return numbers.Count == 0 || Refuse(start, $"{NetworkErrors}() has no arguments");
    }

    private bool TryResponseCodes(int start, List<double> numbers, out BreakerTerm term)
    {
        term = default;
        bool areStatuses = numbers.Count == 4;
        foreach (double number in numbers)
        {
            areStatuses &= number <= StatusMax && number == Math.Floor(number);
        }

        if (!areStatuses || numbers[0] >= numbers[1] || numbers[2] >= numbers[3])
        {
            return Refuse(start,
                $"write {ResponseCodes}(500, 600, 0, 600): from, to, divided by those from, to; 0 to {StatusMax}, the "
                    + "first of each less than the second");
        }

        term = new BreakerTerm(BreakerTermKind.ResponseCodeRatio,
            (int)numbers[0], (int)numbers[1], (int)numbers[2], (int)numbers[3]);
        return true;
    }

    private bool TryLatency(int start, List<double> numbers, out BreakerTerm term)
    {
        term = default;
        if (numbers.Count != 1 || numbers[0] is <= 0 or > 100)
        {
            return Refuse(start, $"write {Latency}(50.0): a percentage above 0, to 100");
        }

        term = new BreakerTerm(BreakerTermKind.LatencyAtQuantileMs, Quantile: numbers[0]);
        return true;
    }

    // Without sign or exponent: nothing here is negative, or large.
    private bool TryNumber(out double number)
    {
        int start = _at;
        while (_at < _text.Length && (char.IsAsciiDigit(_text[_at]) || _text[_at] == '.'))
        {
            _at++;
        }

        return double.TryParse(
            _text.AsSpan(start, _at - start), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number)
            || Refuse(start, "a number is missing");
    }

    private bool Take(string sign)
    {
        SkipSpace();
        if (string.CompareOrdinal(_text, _at, sign, 0, sign.Length) != 0)
        {
            return false;
        }

        _at += sign.Length;
        return true;
    }

    private void SkipSpace()
    {
        while (_at < _text.Length && _text[_at] is ' ' or '\t' or '\n' or '\r')
        {
            _at++;
        }
    }

    // The first thing wrong is what is told.
    private bool Refuse(int at, string error)
    {
        _error ??= error;
        _errorAt = _error == error ? at : _errorAt;
        return false;
    }

    private BreakerTest? Fail(int at, string error)
    {
        Refuse(at, error);
        return null;
    }
}
