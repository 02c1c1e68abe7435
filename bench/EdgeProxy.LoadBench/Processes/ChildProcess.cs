using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Text;
using System.Threading.Tasks;

namespace EdgeProxy.LoadBench.Processes;

/// <summary>A program the harness started, and ends by its id: TERM, then KILL after a grace.</summary>
internal sealed class ChildProcess : IDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);

    private readonly Process _process;
    private readonly StringBuilder _errors = new();

    private ChildProcess(Process process) => _process = process;

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>What it wrote to stderr so far, at most its last 4 KiB.</summary>
    public string Errors
    {
        get
        {
            lock (_errors)
            {
                return _errors.ToString().TrimEnd();
            }
        }
    }

    public static ChildProcess Start(Command command, ulong cores)
    {
        ProcessStartInfo start = Describe(command);
        Process process = Cores.WithPinned(cores, () => Process.Start(start)!);
        var child = new ChildProcess(process);
        StartedProcesses.Add(child);
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, line) => child.Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Runs a program to its end; its exit code and what it wrote.</summary>
    public static async Task<(int Code, string Output, string Errors)> RunAsync(Command command, ulong cores)
    {
        ProcessStartInfo start = Describe(command);
        using Process process = Cores.WithPinned(cores, () => Process.Start(start)!);
        using var child = new ChildProcess(process);
        StartedProcesses.Add(child);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await errors);
    }

    /// <summary>Where a program is: on the path, or where Debian keeps those of root. Null: not installed.</summary>
    public static string? Find(string program)
    {
        string[] folders = [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'), "/usr/sbin", "/sbin"];
        return Array.Find(
            Array.ConvertAll(folders, folder => Path.Combine(folder, program)),
            path => Path.IsPathRooted(path) && File.Exists(path));
    }

    public void Dispose()
    {
        StartedProcesses.Remove(this);
        End();
        _process.Dispose();
    }

    /// <summary>Ends it now; called from any thread, more than once.</summary>
    public void End()
    {
        try
        {
            if (_process.HasExited)
            {
                return;
            }

            List<int> tree = ProcessTree.IdsOf(Id);
            LibC.Kill(Id, LibC.SignalTerm);
            if (!_process.WaitForExit(Grace))
            {
                tree.ForEach(id => LibC.Kill(id, LibC.SignalKill));
                _process.WaitForExit();
            }
        }
        catch (InvalidOperationException)
        {
            // It was never started or is disposed of: nothing to end.
        }
    }

    private static ProcessStartInfo Describe(Command command)
    {
        var start = new ProcessStartInfo(command.Program, command.Arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach ((string name, string value) in command.Environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return start;
    }

    private void Keep(string? line)
    {
        const int most = 4096;
        lock (_errors)
        {
            _errors.AppendLine(line);
            _errors.Remove(0, Math.Max(0, _errors.Length - most));
        }
    }
}
