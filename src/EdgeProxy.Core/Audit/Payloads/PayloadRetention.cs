using System;
using System.Collections.Generic;
using System.IO;

namespace EdgeProxy.Audit.Payloads;

/// <summary>Which payload files are too many or too old.</summary>
internal static class PayloadRetention
{
    /// <param name="ended">Numbers of files that take no more, oldest first.</param>
    /// <param name="openBytes">Of the file that does.</param>
    public static List<ulong> Due(PayloadFiles files, List<ulong> ended, long openBytes, PayloadSettings settings,
        DateTimeOffset now)
    {
        long bytes = openBytes;
        var lengths = new List<long>(ended.Count);
        foreach (ulong number in ended)
        {
            lengths.Add(new FileInfo(files.PathOf(number)).Length);
            bytes += lengths[^1];
        }

        var due = new List<ulong>();
        for (int i = 0; i < ended.Count; i++)
        {
            double ageMs = now.ToUnixTimeMilliseconds() - (double)ended[i];
            bool isOld = settings.RetainAge > TimeSpan.Zero && ageMs > settings.RetainAge.TotalMilliseconds;
            if (!isOld && bytes <= settings.RetainBytes)
            {
                break;
            }

            bytes -= lengths[i];
            due.Add(ended[i]);
        }

        return due;
    }
}
