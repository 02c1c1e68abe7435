using System;
using EdgeProxy.Primitives.Http2;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>Servers that speak HTTP/2 frame by frame, and keep to no rule but the test's.</summary>
internal static class Http2Script
{
    /// <summary>
    /// The script is told of each frame but SETTINGS, and writes what it likes: that is sent when all that came was
    /// told.
    /// </summary>
    /// <param name="onFrame">Of any connection; one after the other on each.</param>
    /// <param name="settings">The payload of its SETTINGS.</param>
    public static RawServer Serve(Action<Frame, FrameWriter> onFrame, params byte[] settings) =>
        Serve(() => onFrame, settings);

    /// <summary>As above, with a script of its own for each connection.</summary>
    public static RawServer Serve(Func<Action<Frame, FrameWriter>> script, params byte[] settings) =>
        RawServer.Start(async connection =>
        {
            Action<Frame, FrameWriter> onFrame = script();
            var parser = new FrameParser();
            var write = new FrameWriter();
            write.Frame(FrameType.Settings, 0, 0, settings).Window(0, 1 << 24);
            await connection.SendAsync(write.Take());
            int skip = 24; // the client's preface
            int taken = 0;
            while (true)
            {
                byte[] bytes = await connection.Wire.ReadSomeAsync("frames", TimeSpan.FromMinutes(2));
                if (bytes.Length == 0)
                {
                    return;
                }

                int skipped = Math.Min(skip, bytes.Length);
                skip -= skipped;
                parser.Feed(bytes.AsSpan(skipped));
                for (; taken < parser.Frames.Count; taken++)
                {
                    Frame frame = parser.Frames[taken];
                    if (frame.Type != FrameType.Settings)
                    {
                        onFrame(frame, write);
                    }
                    else if (!frame.Header.Has(FrameFlags.Ack))
                    {
                        write.Frame(FrameType.Settings, FrameFlags.Ack, 0);
                    }
                }

                await connection.SendAsync(write.Take());
            }
        });
}
