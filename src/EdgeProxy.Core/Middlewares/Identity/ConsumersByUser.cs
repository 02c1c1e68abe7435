using System;
using System.Collections.Generic;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;

namespace EdgeProxy.Middlewares.Identity;

/// <summary>Which consumer a user's name stands for.</summary>
internal static class ConsumersByUser
{
    /// <param name="consumers">All of the configuration.</param>
    public static Dictionary<string, Consumer> Of(Sequence<ConsumerSettings> consumers)
    {
        var byUser = new Dictionary<string, Consumer>(StringComparer.Ordinal);
        for (int i = 0; i < consumers.Count; i++)
        {
            var consumer = new Consumer(consumers[i].Name, i);
            foreach (string user in consumers[i].Users)
            {
                byUser.Add(user, consumer);
            }
        }

        return byUser;
    }
}
