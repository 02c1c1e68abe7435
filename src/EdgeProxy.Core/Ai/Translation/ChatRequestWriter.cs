using System;

namespace EdgeProxy.Ai.Translation;

/// <summary>OpenAI's chat completions.</summary>
internal sealed class ChatRequestWriter(TranslatedText text) : RequestWriter(text)
{
    public override string? Write(in RequestSource source)
    {
        BeginObject();
        Copy(source, RequestPart.Model, "\"model\":"u8);
        Member("\"messages\":["u8);
        for (int place = 0; place < source.Request.Turns.Count; place++)
        {
            Text.Add(place > 0 ? ","u8 : default);
            Message(source, source.Request.Turns[place]);
        }

        Text.Add("]"u8);
        if (TokensAsked(source) > 0)
        {
            // OpenAI's newer models refuse the old name, others may not know the new one.
            Member(source.Provider == ProviderKind.OpenAi ? "\"max_completion_tokens\":"u8 : "\"max_tokens\":"u8);
            Text.Add(TokensAsked(source));
        }

        Copy(source, RequestPart.Temperature, "\"temperature\":"u8);
        Copy(source, RequestPart.TopP, "\"top_p\":"u8);
        Stops(source, "\"stop\":"u8);
        Flag("\"stream\":"u8, source.Request.IsStream);
        Copy(source, RequestPart.User, "\"user\":"u8);
        Copy(source, RequestPart.Seed, "\"seed\":"u8);
        Copy(source, RequestPart.FrequencyPenalty, "\"frequency_penalty\":"u8);
        Copy(source, RequestPart.PresencePenalty, "\"presence_penalty\":"u8);
        Copy(source, RequestPart.Effort, "\"reasoning_effort\":"u8);
        Format(source);
        Tools(source);
        Choice(source);
        Text.Add("}"u8);
        return null;
    }

    private void Message(in RequestSource source, in Turn turn)
    {
        Text.Add(turn.Role switch
        {
            TurnRole.System => "{\"role\":\"system\",\"content\":"u8,
            TurnRole.User => "{\"role\":\"user\",\"content\":"u8,
            TurnRole.Assistant => "{\"role\":\"assistant\",\"content\":"u8,
            _ => "{\"role\":\"tool\",\"tool_call_id\":"u8,
        });
        if (turn.Role == TurnRole.Tool)
        {
            Id(source, turn.Call, turn.CallNumber);
            Text.Add(",\"content\":"u8);
        }

        Content(source, turn);
        Calls(source, turn);
        Text.Add("}"u8);
    }

    // One text as a string, as every server takes it; several things as a list.
    private void Content(in RequestSource source, in Turn turn)
    {
        int count = 0;
        ChatPart only = default;
        for (int at = turn.FirstPart; at < turn.FirstPart + turn.PartCount; at++)
        {
            ChatPart part = source.Request.Parts[at];
            if (part.Kind != PartKind.ToolCall)
            {
                only = part;
                count++;
            }
        }

        if (count == 0)
        {
            Text.Add(turn.PartCount > 0 ? "null"u8 : "\"\""u8); // calls alone have none
            return;
        }

        if (count == 1 && only.Kind == PartKind.Text)
        {
            Text.Add(source.Body, only.First);
            return;
        }

        bool isFirst = true;
        for (int at = turn.FirstPart; at < turn.FirstPart + turn.PartCount; at++)
        {
            ChatPart part = source.Request.Parts[at];
            if (part.Kind != PartKind.ToolCall)
            {
                Text.Add(isFirst ? "["u8 : ","u8);
                isFirst = false;
                Part(source, part);
            }
        }

        Text.Add("]"u8);
    }

    private void Part(in RequestSource source, in ChatPart part)
    {
        switch (part.Kind)
        {
            case PartKind.Text:
                Text.Add("{\"type\":\"text\",\"text\":"u8);
                Text.Add(source.Body, part.First);
                Text.Add("}"u8);
                break;
            case PartKind.ImageUrl:
                Text.Add("{\"type\":\"image_url\",\"image_url\":{\"url\":"u8);
                Text.Add(source.Body, part.First);
                Text.Add("}}"u8);
                break;
            case PartKind.Document:
                Text.Add("{\"type\":\"file\",\"file\":{\"filename\":"u8);
                Text.Add(part.First.IsEmpty ? "\"document.pdf\""u8 : source.Body[part.First.Start..part.First.End]);
                Text.Add(",\"file_data\":\"data:application/pdf;base64,"u8);
                Text.Add(source.Body, part.Second);
                Text.Add("\"}}"u8);
                break;
            default:
                Text.Add("{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:"u8);
                MediaType(source, part);
                Text.Add(";base64,"u8);
                Text.Add(source.Body, part.Second);
                Text.Add("\"}}"u8);
                break;
        }
    }

    private void Calls(in RequestSource source, in Turn turn)
    {
        bool hasCalls = false;
        for (int at = turn.FirstPart; at < turn.FirstPart + turn.PartCount; at++)
        {
            ChatPart call = source.Request.Parts[at];
            if (call.Kind != PartKind.ToolCall)
            {
                continue;
            }

            Text.Add(hasCalls ? ",{\"id\":"u8 : ",\"tool_calls\":[{\"id\":"u8);
            hasCalls = true;
            Id(source, call.First, call.Number);
            Text.Add(",\"type\":\"function\",\"function\":{\"name\":"u8);
            Text.Add(source.Body, call.Second);
            Text.Add(",\"arguments\":\""u8);
            Text.AddAsString(source.Body[call.Third.Start..call.Third.End]);
            Text.Add("\"}}"u8);
        }

        Text.Add(hasCalls ? "]"u8 : default);
    }

    private void Tools(in RequestSource source)
    {
        for (int place = 0; place < source.Request.Tools.Count; place++)
        {
            if (place == 0)
            {
                Member("\"tools\":["u8);
            }

            ToolPlaces tool = source.Request.Tools[place];
            Text.Add(place == 0 ? default : ","u8);
            Text.Add("{\"type\":\"function\",\"function\":{\"name\":"u8);
            Text.Add(source.Body, tool.Name);
            Value(source, ",\"description\":"u8, tool.Description);
            Value(source, ",\"parameters\":"u8, tool.Schema);
            Value(source, ",\"strict\":"u8, tool.Strict);
            Text.Add("}}"u8);
        }

        Text.Add(source.Request.Tools.Count > 0 ? "]"u8 : default);
    }

    private void Value(in RequestSource source, ReadOnlySpan<byte> name, Place value)
    {
        if (value.IsThere)
        {
            Text.Add(name);
            Text.Add(source.Body, value);
        }
    }

    private void Choice(in RequestSource source)
    {
        ChatRequest request = source.Request;
        if (request.Tools.Count == 0)
        {
            return;
        }

        if (request.Choice == ChoiceOfTool.Named)
        {
            Member("\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":"u8);
            Text.Add(source.Body, request.ChosenTool);
            Text.Add("}}"u8);
        }
        else if (request.Choice != ChoiceOfTool.Unsaid)
        {
            Member(request.Choice switch
            {
                ChoiceOfTool.None => "\"tool_choice\":\"none\""u8,
                ChoiceOfTool.Any => "\"tool_choice\":\"required\""u8,
                _ => "\"tool_choice\":\"auto\""u8,
            });
        }

        if (request.IsOneToolAtATime)
        {
            Flag("\"parallel_tool_calls\":"u8, false);
        }
    }

    private void Format(in RequestSource source)
    {
        ChatRequest request = source.Request;
        if (request.Format == AnswerFormat.Json)
        {
            Member("\"response_format\":{\"type\":\"json_object\"}"u8);
        }
        else if (request.Format == AnswerFormat.Schema)
        {
            Member("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"answer\""u8);
            Text.Add(request.IsSchemaStrict ? ",\"strict\":true,\"schema\":"u8 : ",\"schema\":"u8);
            Text.Add(source.Body, request.Schema);
            Text.Add("}}"u8);
        }
    }
}
