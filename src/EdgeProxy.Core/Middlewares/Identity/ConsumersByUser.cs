using System;
using System.Collections.Generic;
using EdgeProxy.Pipeline;

namespace EdgeProxy.Middlewares.Identity;

/// <summary>Which consumer a user's name stands for.</summary>
internal static class ConsumersByUser
{
    public static Dictionary<string, Consumer> Of(IEnumerable<ConsumerSettings> consumers)
    {
        var byUser = new Dictionary<string, Consumer>(StringComparer.Ordinal);
        foreach (ConsumerSettings settings in consumers)
        {
            var consumer = new Consumer(settings.Name);
            foreach (string user in settings.Users)
            {
                byUser.Add(user, consumer);
            }
        }

        return byUser;
    }
}
