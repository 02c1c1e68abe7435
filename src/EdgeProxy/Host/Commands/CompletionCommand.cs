using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;

namespace EdgeProxy.Host.Commands;

/// <summary>
/// <c>completion bash|zsh|fish</c>: a script that completes verbs, options and their values, from the tree the command
/// line itself is read with.
/// </summary>
internal static class CompletionCommand
{
    public static readonly string[] Shells = ["bash", "zsh", "fish"];

    /// <summary>The script for one of <see cref="Shells"/>.</summary>
    public static int Run(Shell shell, Command root, string name)
    {
        List<Place> places = [];
        Collect(root, "", places);
        shell.Output.Write(name switch
        {
            "bash" => Bash(places),
            "zsh" => Zsh(places),
            _ => Fish(places),
        });
        return ExitCodes.Ok;
    }

    // A verb, spoken in full ("config schema"; "" for none yet), and what may come after it.
    private sealed record Place(string Verbs, IReadOnlyList<Word> Next);

    private sealed record Word(string Text, string Description, bool IsVerb);

    private static void Collect(Command command, string verbs, List<Place> places)
    {
        List<Word> next = [];
        foreach (Command child in command.Subcommands)
        {
            next.Add(new Word(child.Name, child.Description ?? "", IsVerb: true));
        }

        foreach (Option option in command.Options)
        {
            next.Add(new Word(option.Name, option.Description ?? "", IsVerb: false));
        }

        if (verbs.Length > 0)
        {
            next.Add(new Word("--config", "the configuration file", IsVerb: false));
            next.Add(new Word("--help", "what this verb does", IsVerb: false));
        }

        places.Add(new Place(verbs, next));
        foreach (Command child in command.Subcommands)
        {
            Collect(child, verbs.Length == 0 ? child.Name : $"{verbs} {child.Name}", places);
        }
    }

    private static string Bash(List<Place> places)
    {
        using var script = new StringWriter { NewLine = "\n" };
        script.WriteLine("# bash completion for edgeproxy; written by: edgeproxy completion bash");
        script.WriteLine("_edgeproxy() {");
        script.WriteLine("  local cur=\"${COMP_WORDS[COMP_CWORD]}\" prev=\"${COMP_WORDS[COMP_CWORD-1]}\"");
        script.WriteLine("  local verbs='' word i");
        script.WriteLine("  case \"$prev\" in");
        script.WriteLine("    -c|--config) mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); return ;;");
        script.WriteLine("    --format) mapfile -t COMPREPLY < <(compgen -W 'text json' -- \"$cur\"); return ;;");
        script.WriteLine("  esac");
        script.WriteLine("  for ((i = 1; i < COMP_CWORD; i++)); do");
        script.WriteLine("    word=\"${COMP_WORDS[i]}\"");
        script.WriteLine("    case \"$word\" in");
        script.WriteLine("      -c|--config|--format) ((i++)) ;;");
        script.WriteLine("      -*) ;;");
        script.WriteLine("      *) verbs=\"${verbs:+$verbs }$word\" ;;");
        script.WriteLine("    esac");
        script.WriteLine("  done");
        script.WriteLine("  local words=''");
        script.WriteLine("  case \"$verbs\" in");
        foreach (Place place in places)
        {
            script.WriteLine($"    '{place.Verbs}') words='{Texts(place)}' ;;");
        }

        script.WriteLine("  esac");
        script.WriteLine("  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")");
        script.WriteLine("}");
        script.WriteLine("complete -F _edgeproxy edgeproxy");
        return script.ToString();
    }

    private static string Zsh(List<Place> places)
    {
        using var script = new StringWriter { NewLine = "\n" };
        script.WriteLine("#compdef edgeproxy");
        script.WriteLine("# zsh completion for edgeproxy; written by: edgeproxy completion zsh");
        script.WriteLine("_edgeproxy() {");
        script.WriteLine("  local verbs='' word i");
        script.WriteLine("  case \"${words[CURRENT-1]}\" in");
        script.WriteLine("    -c|--config) _files; return ;;");
        script.WriteLine("    --format) compadd text json; return ;;");
        script.WriteLine("  esac");
        script.WriteLine("  for ((i = 2; i < CURRENT; i++)); do");
        script.WriteLine("    word=\"${words[i]}\"");
        script.WriteLine("    case \"$word\" in");
        script.WriteLine("      -c|--config|--format) ((i++)) ;;");
        script.WriteLine("      -*) ;;");
        script.WriteLine("      *) verbs=\"${verbs:+$verbs }$word\" ;;");
        script.WriteLine("    esac");
        script.WriteLine("  done");
        script.WriteLine("  local -a next");
        script.WriteLine("  case \"$verbs\" in");
        foreach (Place place in places)
        {
            script.WriteLine($"    '{place.Verbs}')");
            script.WriteLine("      next=(");
            foreach (Word word in place.Next)
            {
                string said = Quoted(word.Description).Replace(":", "\\:", StringComparison.Ordinal);
                script.WriteLine($"        '{word.Text}:{said}'");
            }

            script.WriteLine("      )");
            script.WriteLine("      ;;");
        }

        script.WriteLine("  esac");
        script.WriteLine("  _describe 'edgeproxy' next");
        script.WriteLine("}");
        script.WriteLine("_edgeproxy \"$@\"");
        return script.ToString();
    }

    private static string Fish(List<Place> places)
    {
        using var script = new StringWriter { NewLine = "\n" };
        script.WriteLine("# fish completion for edgeproxy; written by: edgeproxy completion fish");
        script.WriteLine("function __edgeproxy_verbs");
        script.WriteLine("    set -l verbs");
        script.WriteLine("    set -l skip 0");
        script.WriteLine("    for word in (commandline -opc)[2..-1]");
        script.WriteLine("        if test $skip -eq 1");
        script.WriteLine("            set skip 0");
        script.WriteLine("        else if contains -- $word -c --config --format");
        script.WriteLine("            set skip 1");
        script.WriteLine("        else if not string match -q -- '-*' $word");
        script.WriteLine("            set -a verbs $word");
        script.WriteLine("        end");
        script.WriteLine("    end");
        script.WriteLine("    test \"$verbs\" = \"$argv[1]\"");
        script.WriteLine("end");
        script.WriteLine("complete -c edgeproxy -f");
        script.WriteLine("complete -c edgeproxy -s c -l config -r -F -d 'the configuration file'");
        foreach (Place place in places)
        {
            foreach (Word word in place.Next)
            {
                string on = $"complete -c edgeproxy -n '__edgeproxy_verbs \"{place.Verbs}\"'";
                string values = word.Text == "--format" ? " -x -a 'text json'" : "";
                string what = word.IsVerb ? $"-a {word.Text}" : $"-l {word.Text.TrimStart('-')}{values}";
                script.WriteLine($"{on} {what} -d '{Quoted(word.Description)}'");
            }
        }

        return script.ToString();
    }

    private static string Texts(Place place)
    {
        List<string> texts = [];
        foreach (Word word in place.Next)
        {
            texts.Add(word.Text);
        }

        return string.Join(' ', texts);
    }

    // Descriptions are ours and plain; a quote would end the shell's string.
    private static string Quoted(string text) => text.Replace('\'', '`');
}
