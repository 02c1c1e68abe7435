using System;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using EdgeProxy.Pipeline;
using Xunit;

namespace EdgeProxy.Tests.Pipeline;

public sealed class SnapshotTests
{
    // What is forgotten here is forgotten when the addresses of a name change: settings, and what is asked of clients.
    [Fact]
    public void With_OtherServices_KeepsEverythingElse()
    {
        var before = new Snapshot { Hash = "", Routes = [], Tables = [] };
        PropertyInfo[] kept =
        [
            .. typeof(Snapshot).GetProperties(BindingFlags.Instance | BindingFlags.Public)
                .Where(static property => property.Name is not (nameof(Snapshot.Routes) or nameof(Snapshot.Services))),
        ];
        foreach (PropertyInfo property in kept)
        {
            Type type = property.PropertyType;
            property.SetValue(before, type == typeof(string) ? "x"
                : type.IsArray ? Array.CreateInstance(type.GetElementType()!, 1)
                : RuntimeHelpers.GetUninitializedObject(type));
        }

        Snapshot after = before.With([]);

        Assert.Contains(kept, static property => property.Name == nameof(Snapshot.Policies));
        Assert.All(kept, property => Assert.Same(property.GetValue(before), property.GetValue(after)));
    }
}
