using System.Collections.Generic;

namespace EdgeProxy.Routing;

/// <summary>
/// Reads the rule language of Traefik v3: matchers such as Host(`example.com`), joined by &amp;&amp;, ||, ! and
/// parentheses; &amp;&amp; binds tighter than ||. A mistake of form ends the reading; mistakes in the values of
/// matchers are all reported.
/// </summary>
internal static class RuleParser
{
    /// <summary>Either a rule or at least one error, never both.</summary>
    public static Rule? Parse(string text, out IReadOnlyList<RuleError> errors)
    {
        var found = new List<RuleError>();
        errors = found;
        if (text.Length > RuleLimits.TextCharsMax)
        {
            found.Add(new RuleError(1,
                $"the rule has {text.Length} characters, {RuleLimits.TextCharsMax} are allowed"));
            return null;
        }

        var reading = new Reading(text, found);
        Rule? rule = reading.Whole();
        if (rule is null || found.Count > 0)
        {
            return null;
        }

        if (RuleExpansion.Expand(rule) is not { } conjunctions)
        {
            found.Add(new RuleError(1, "the rule multiplies out to more than "
                + $"{RuleLimits.ConjunctionsMax} combinations; split it into several routers"));
            return null;
        }

        if (conjunctions.Count == 0)
        {
            found.Add(new RuleError(1, $"no request can match this rule: {RuleExpansion.Contradiction(rule)}"));
            return null;
        }

        rule.Expansion = conjunctions;
        return rule;
    }

    /// <summary>One parse: recursive descent with one token in hand. A null result means an error was added.</summary>
    private ref struct Reading
    {
        private readonly List<RuleError> _errors;
        private RuleLexer _lexer;
        private RuleToken _token;
        private int _depth;

        public Reading(string text, List<RuleError> errors)
        {
            _errors = errors;
            _lexer = new RuleLexer(text);
            _token = _lexer.Next();
        }

        public Rule? Whole()
        {
            if (_token.Kind == RuleTokenKind.End)
            {
                return Fail("the rule is empty; PathPrefix(`/`) takes every request");
            }

            Rule? rule = Or();
            if (rule is null || _token.Kind == RuleTokenKind.End)
            {
                return rule;
            }

            return Fail(_token.Kind == RuleTokenKind.Close
                ? "this ')' closes nothing"
                : $"expected '&&' or '||' before {Shown()}");
        }

        private Rule? Or() => Chain(RuleTokenKind.Or);

        // Iterates instead of recursing: a thousand hosts joined by "||" are one level.
        private Rule? Chain(RuleTokenKind joint)
        {
            List<Rule>? parts = null;
            Rule? first = joint == RuleTokenKind.Or ? Chain(RuleTokenKind.And) : Unary();
            if (first is null || _token.Kind != joint)
            {
                return first;
            }

            parts = [first];
            while (_token.Kind == joint)
            {
                Advance();
                if ((joint == RuleTokenKind.Or ? Chain(RuleTokenKind.And) : Unary()) is not { } part)
                {
                    return null;
                }

                parts.Add(part);
            }

            return joint == RuleTokenKind.Or ? new OrRule(parts) : new AndRule(parts);
        }

        private Rule? Unary()
        {
            switch (_token.Kind)
            {
                case RuleTokenKind.Not:
                    return Nested() && Unary() is { } inner ? Leave(new NotRule(inner)) : null;
                case RuleTokenKind.Open:
                    return Group();
                case RuleTokenKind.Name:
                    return Call();
                default:
                    return Fail($"expected a matcher such as Host(`example.com`), found {Shown()}");
            }
        }

        private bool Nested()
        {
            if (++_depth > RuleLimits.NestingMax)
            {
                Fail($"parentheses and '!' are nested more than {RuleLimits.NestingMax} deep");
                return false;
            }

            Advance();
            return true;
        }

        private Rule Leave(Rule rule)
        {
            _depth--;
            return rule;
        }

        private Rule? Group()
        {
            int column = _token.Column;
            if (!Nested() || Or() is not { } rule)
            {
                return null;
            }

            if (_token.Kind != RuleTokenKind.Close)
            {
                return Fail(_token.Kind == RuleTokenKind.End
                    ? $"the '(' at column {column} is never closed"
                    : $"expected '&&', '||' or ')' before {Shown()}");
            }

            Advance();
            return Leave(rule);
        }

        // matcher = name "(" [ text *( "," text ) ] ")"
        private Rule? Call()
        {
            RuleToken name = _token;
            Advance();
            if (_token.Kind != RuleTokenKind.Open)
            {
                return MatcherSyntax.Find(name.Value) is null
                    ? Fail(name.Column, MatcherSyntax.Unknown(name.Value))
                    : Fail($"expected '(' after {name.Value}, found {Shown()}");
            }

            Advance();
            var values = new List<RuleToken>();
            while (_token.Kind != RuleTokenKind.Close || values.Count > 0)
            {
                if (_token.Kind != RuleTokenKind.Text)
                {
                    return Fail($"expected a value in back-ticks, found {Shown()}");
                }

                values.Add(_token);
                Advance();
                if (_token.Kind == RuleTokenKind.Close)
                {
                    break;
                }

                if (_token.Kind != RuleTokenKind.Comma)
                {
                    return Fail($"expected ',' or ')' after the value, found {Shown()}");
                }

                Advance();
            }

            Advance();

            // A faulty matcher does not end the reading: its stand-in lets the errors after it be found, too.
            return MatcherSyntax.Build(name, values, _errors) ?? (Rule)Matcher.AnyHost;
        }

        private void Advance() => _token = _lexer.Next();

        private readonly string Shown() => _token.Kind switch
        {
            RuleTokenKind.Text => $"the value \"{_token.Value}\"",
            _ => _token.Value,
        };

        private readonly Rule? Fail(string message) => Fail(_token.Column, message);

        private readonly Rule? Fail(int column, string message)
        {
            // A token that cannot be read explains itself better than what was expected in its place.
            _errors.Add(_token.Kind == RuleTokenKind.Faulty
                ? new RuleError(_token.Column, _token.Value)
                : new RuleError(column, message));
            return null;
        }
    }
}
