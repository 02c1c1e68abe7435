using System;
using System.Collections.Generic;
using System.Text;

namespace EdgeProxy.Ai.Translation;

/// <summary>What of a request's content the other dialect cannot say; members are told of by their places.</summary>
internal enum Loss : byte
{
    UnknownMember,
    UnknownContent,
    Sound,
    File,
    ImageKind,
    ImageInToolResult,
    SpeakerName,
    CustomTool,
    ServerTool,
    ToolChoice,
    FailedTool,
    Citations,
    HighTemperature,
    ManyChoices,
    Format,
    FormatDescription,
}

/// <summary>How a <see cref="Loss"/> is named and told of.</summary>
/// <param name="Name">In answers' fields and refusals.</param>
/// <param name="Of">The dialect whose request has it.</param>
/// <param name="Becomes">What is sent in its place.</param>
internal readonly record struct LossEntry(Loss Loss, string Name, AiCallKind[] Of, AiCallKind[] To, string Becomes);

/// <summary>What one translation cannot say.</summary>
internal struct Losses
{
    private const int NamesBytesMax = 512;

    private ulong _members;
    private uint _contents;

    private static readonly AiCallKind[] Any =
        [AiCallKind.ChatCompletions, AiCallKind.Messages, AiCallKind.OllamaChat];

    private static readonly AiCallKind[] Chat = [AiCallKind.ChatCompletions];
    private static readonly AiCallKind[] Messages = [AiCallKind.Messages];
    private static readonly AiCallKind[] ChatOrMessages = [AiCallKind.ChatCompletions, AiCallKind.Messages];
    private static readonly AiCallKind[] MessagesOrOllama = [AiCallKind.Messages, AiCallKind.OllamaChat];
    private static readonly AiCallKind[] ChatOrOllama = [AiCallKind.ChatCompletions, AiCallKind.OllamaChat];

    /// <summary>All there are, in their order.</summary>
    public static IReadOnlyList<LossEntry> Contents { get; } =
    [
        new(Loss.UnknownMember, "unknown_member", Any, Any, "left out"),
        new(Loss.UnknownContent, "unknown_content", ChatOrMessages, Any, "left out"),
        new(Loss.Sound, "input_audio", Chat, Messages, "left out"),
        new(Loss.File, "file", ChatOrMessages, Any,
            "left out: no PDF in base64, or within a tool's result, or within a system message for Anthropic"),
        new(Loss.ImageKind, "image", Any, Any,
            "left out: neither a URL nor base64 of a known type, or within a system message for Anthropic"),
        new(Loss.ImageInToolResult, "tool_result.image", MessagesOrOllama, Any, "left out"),
        new(Loss.SpeakerName, "messages[].name", Chat, Messages, "left out"),
        new(Loss.CustomTool, "tools[].custom", Chat, Messages, "left out"),
        new(Loss.ServerTool, "tools[].type", Messages, Chat, "left out"),
        new(Loss.ToolChoice, "tool_choice.allowed_tools", Chat, Messages, "auto"),
        new(Loss.FailedTool, "tool_result.is_error", Messages, Chat, "left out; the result's text stays"),
        new(Loss.Citations, "citations", Messages, Chat, "left out"),
        new(Loss.HighTemperature, "temperature", ChatOrOllama, Messages, "1 for more than 1"),
        new(Loss.ManyChoices, "n", Chat, Messages, "one choice"),
        new(Loss.Format, "response_format", Any, Any, "left out: of a kind that is not known there"),
        new(Loss.FormatDescription, "response_format.description", Chat, Messages, "left out"),
    ];

    public readonly bool IsEmpty => _members == 0 && _contents == 0;

    public void AddMember(int place) => _members |= 1UL << place;

    public void Add(Loss loss) => _contents |= 1U << (int)loss;

    public readonly bool Has(Loss loss) => (_contents & (1U << (int)loss)) != 0;

    /// <summary>Their names, separated by commas, as far as a field has room for them.</summary>
    public readonly int WriteNames(RequestMembers members, Span<byte> target)
    {
        int length = 0;
        for (int place = 0; place < members.All.Length; place++)
        {
            if ((_members & (1UL << place)) != 0)
            {
                Append(members.All[place].Path, target, ref length);
            }
        }

        for (int place = 0; place < Contents.Count; place++)
        {
            if ((_contents & (1U << place)) != 0)
            {
                Append(Contents[place].Name, target, ref length);
            }
        }

        return length;
    }

    public readonly string Names(RequestMembers members)
    {
        Span<byte> names = stackalloc byte[NamesBytesMax];
        return Encoding.ASCII.GetString(names[..WriteNames(members, names)]);
    }

    private static void Append(string name, Span<byte> target, ref int length)
    {
        if (target.Length - length < name.Length + 2)
        {
            return;
        }

        if (length > 0)
        {
            target[length++] = (byte)',';
            target[length++] = (byte)' ';
        }

        length += Encoding.ASCII.GetBytes(name, target[length..]);
    }
}
