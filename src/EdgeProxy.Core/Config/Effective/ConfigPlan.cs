using System;
using System.Collections.Generic;

namespace EdgeProxy.Config.Effective;

/// <summary>What becomes of a unit.</summary>
internal enum UnitChange : byte
{
    Added,
    Changed,
    Removed,
}

/// <summary>A key that would be different.</summary>
/// <param name="Before">Null where it was not.</param>
/// <param name="After">Null where it will not be.</param>
internal sealed record KeyChange(string Key, string? Before, string? After);

/// <summary>A unit that would be different; of one that is added the keys written, of one removed none.</summary>
internal sealed record PlannedChange(string Unit, UnitChange Change, IReadOnlyList<KeyChange> Keys);

/// <summary>What one configuration in the place of another would change.</summary>
internal sealed record ConfigPlan(IReadOnlyList<PlannedChange> Changes, IReadOnlyList<string> Notes)
{
    private static readonly (string Key, string Note)[] s_notes =
    [
        ("node loops", "node.loops takes effect at the next start"),
        ("node state_dir", "node.state_dir takes effect at the next start"),
        ("audit directory", "a running proxy refuses another audit.directory: restart"),
        ("audit key_file", "a running proxy refuses another audit.key_file: restart"),
    ];

    public static ConfigPlan Of(ProxySettings before, ProxySettings after, ConfigEnvironment environment)
    {
        List<PlannedChange> changes = Compare(
            EffectiveConfig.Of(before.Written, environment), EffectiveConfig.Of(after.Written, environment));
        AddFiles(changes, before, after);
        return new ConfigPlan(changes, NotesOn(changes));
    }

    public int CountOf(UnitChange kind)
    {
        int count = 0;
        foreach (PlannedChange change in Changes)
        {
            count += change.Change == kind ? 1 : 0;
        }

        return count;
    }

    internal static List<PlannedChange> Compare(
        IReadOnlyList<EffectiveValue> before, IReadOnlyList<EffectiveValue> after)
    {
        Dictionary<string, List<EffectiveValue>> old = ByUnit(before, out List<string> oldNames);
        Dictionary<string, List<EffectiveValue>> now = ByUnit(after, out List<string> names);
        var changes = new List<PlannedChange>();
        foreach (string unit in names)
        {
            bool isAdded = !old.TryGetValue(unit, out List<EffectiveValue>? was);
            List<KeyChange> keys = isAdded ? Written(now[unit]) : Differences(was!, now[unit]);
            if (isAdded || keys.Count > 0)
            {
                changes.Add(new PlannedChange(unit, isAdded ? UnitChange.Added : UnitChange.Changed, keys));
            }
        }

        foreach (string unit in oldNames)
        {
            if (!now.ContainsKey(unit))
            {
                changes.Add(new PlannedChange(unit, UnitChange.Removed, []));
            }
        }

        return changes;
    }

    private static Dictionary<string, List<EffectiveValue>> ByUnit(
        IReadOnlyList<EffectiveValue> values, out List<string> names)
    {
        var units = new Dictionary<string, List<EffectiveValue>>(StringComparer.Ordinal);
        names = [];
        foreach (EffectiveValue value in values)
        {
            if (!units.TryGetValue(value.Unit, out List<EffectiveValue>? unit))
            {
                units.Add(value.Unit, unit = []);
                names.Add(value.Unit);
            }

            unit.Add(value);
        }

        return units;
    }

    private static List<KeyChange> Written(List<EffectiveValue> values)
    {
        var keys = new List<KeyChange>();
        foreach (EffectiveValue value in values)
        {
            if (!value.IsDefault)
            {
                keys.Add(new KeyChange(value.Key, null, value.Value));
            }
        }

        return keys;
    }

    private static List<KeyChange> Differences(List<EffectiveValue> before, List<EffectiveValue> after)
    {
        var old = new Dictionary<string, EffectiveValue>(StringComparer.Ordinal);
        foreach (EffectiveValue value in before)
        {
            old.Add(value.Key, value);
        }

        var keys = new List<KeyChange>();
        foreach (EffectiveValue value in after)
        {
            if (!old.Remove(value.Key, out EffectiveValue? was))
            {
                keys.Add(new KeyChange(value.Key, null, value.Value));
            }
            else if (was.Written != value.Written)
            {
                keys.Add(new KeyChange(value.Key, was.Value, value.Value));
            }
        }

        foreach (EffectiveValue value in before)
        {
            if (old.ContainsKey(value.Key))
            {
                keys.Add(new KeyChange(value.Key, value.Value, null));
            }
        }

        return keys;
    }

    // Files that keys name: of them it is seen that they are different, not in what.
    private static void AddFiles(List<PlannedChange> changes, ProxySettings before, ProxySettings after)
    {
        Dictionary<string, FileStamp> old = Beside(before);
        foreach ((string path, FileStamp stamp) in Beside(after))
        {
            if (old.TryGetValue(path, out FileStamp was) && was != stamp)
            {
                changes.Add(new PlannedChange($"file {path}", UnitChange.Changed, []));
            }
        }
    }

    private static Dictionary<string, FileStamp> Beside(ProxySettings settings)
    {
        var stamps = new Dictionary<string, FileStamp>(StringComparer.Ordinal);
        foreach (FileStamp stamp in settings.Stamps)
        {
            stamps[stamp.Path] = stamp;
        }

        foreach (WrittenFile file in settings.Written.Files)
        {
            stamps.Remove(file.Path);
        }

        return stamps;
    }

    private static List<string> NotesOn(List<PlannedChange> changes)
    {
        var notes = new List<string>();
        foreach (PlannedChange change in changes)
        {
            if (change is { Unit: "audit", Change: UnitChange.Removed })
            {
                notes.Add("a running proxy refuses to be without its [audit]: restart");
            }

            foreach (KeyChange key in change.Keys)
            {
                foreach ((string name, string note) in s_notes)
                {
                    if (change.Change == UnitChange.Changed && name == $"{change.Unit} {key.Key}")
                    {
                        notes.Add(note);
                    }
                }
            }
        }

        return notes;
    }
}
